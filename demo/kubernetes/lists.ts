/** List and watch (Kubernetes API concepts: "Retrieving large results sets in chunks", "Efficient detection of changes"). */
import type { ServerResponse } from "node:http";
import type { ApiObject } from "./objects";
import { apiVersionOf, type Resource } from "./resources";
import { type Predicate, parseFieldSelector, parseLabelSelector } from "./selectors";
import { badRequest, expired, StatusError } from "./status";
import { type Change, objectKey, type Store } from "./store";

/** What a continue token holds: the revision of the first page, and the last key that was sent. */
interface ContinueToken {
  rv: number;
  after: string;
  resource: string;
  namespace?: string;
}

export interface ListAnswer {
  items: ApiObject[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

export function selection(resource: Resource, namespace: string | undefined, query: URLSearchParams): Predicate {
  const byLabel = query.get("labelSelector") ? parseLabelSelector(query.get("labelSelector")!) : undefined;
  const byField = query.get("fieldSelector")
    ? parseFieldSelector(query.get("fieldSelector")!, resource.kind)
    : undefined;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (byLabel?.(object) ?? true) &&
    (byField?.(object) ?? true);
}

/** @throws StatusError 400 for a malformed limit or token, 410 for a token behind the compaction horizon. */
export function list(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams,
): ListAnswer {
  const limit = Number(query.get("limit") ?? 0);
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`invalid limit: ${query.get("limit")}`);
  const wanted = selection(resource, namespace, query);
  const text = query.get("continue");
  const token = text ? parseToken(text, resource, namespace) : undefined;
  const exact = query.get("resourceVersionMatch") === "Exact" ? Number(query.get("resourceVersion")) : undefined;
  const revision = token?.rv ?? exact ?? store.revision;
  if (revision > store.revision) {
    throw new StatusError(504, "Timeout", `Too large resource version: ${revision}, current: ${store.revision}`, {
      retryAfterSeconds: 1,
    });
  }
  const state = token || exact !== undefined ? store.allAt(resource.storage, revision) : store.all(resource.storage);
  const items: ApiObject[] = [];
  let rest = 0;
  for (const object of state) {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    if (token && key <= token.after) continue;
    if (!wanted(object)) continue;
    if (limit === 0 || items.length < limit) items.push(object);
    else rest++;
  }
  if (rest === 0) return { items, metadata: { resourceVersion: String(revision) } };
  const last = items[items.length - 1]!;
  const next: ContinueToken = {
    rv: revision,
    after: objectKey(last.metadata.namespace, last.metadata.name),
    resource: resource.storage,
    ...(namespace ? { namespace } : {}),
  };
  // With a selector the server does not know how many are left.
  const isSelected = query.has("labelSelector") || query.has("fieldSelector");
  return {
    items,
    metadata: {
      resourceVersion: String(revision),
      continue: Buffer.from(JSON.stringify(next)).toString("base64url"),
      ...(isSelected ? {} : { remainingItemCount: rest }),
    },
  };
}

function parseToken(text: string, resource: Resource, namespace: string | undefined): ContinueToken {
  let token: ContinueToken;
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as ContinueToken;
  } catch {
    throw badRequest("continue key is not valid");
  }
  if (
    !Number.isInteger(token?.rv) ||
    typeof token.after !== "string" ||
    token.resource !== resource.storage ||
    token.namespace !== namespace
  ) {
    throw badRequest("continue key is not valid");
  }
  return token;
}

export function renderList(resource: Resource, answer: ListAnswer): Record<string, unknown> {
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: answer.metadata,
    items: answer.items,
  };
}

export interface WatchOptions {
  bookmarkIntervalMs: number;
  /** An object as this client wants it (whole, metadata only, a Table row). */
  render(object: ApiObject): unknown;
}

/** Streams events until the client leaves, its timeout passes or the store's owner calls the returned function. */
export function watch(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams,
  response: ServerResponse,
  options: WatchOptions,
): () => void {
  const wanted = selection(resource, namespace, query);
  const send = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`);
  const bookmark = (annotations?: Record<string, string>) =>
    send("BOOKMARK", {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(store.revision),
        creationTimestamp: null,
        ...(annotations ? { annotations } : {}),
      },
    });
  const deliver = (change: Change) => {
    if (change.resource !== resource.storage) return;
    const was = change.previous !== undefined && wanted(change.previous);
    const is = change.type !== "DELETED" && wanted(change.object);
    if (!was && !is) return;
    send(!was ? "ADDED" : is ? "MODIFIED" : "DELETED", options.render(change.object));
  };

  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  const from = query.get("resourceVersion");
  const isSendingInitial = query.get("sendInitialEvents") === "true" || from === null || from === "" || from === "0";
  if (isSendingInitial) {
    for (const object of store.all(resource.storage)) if (wanted(object)) send("ADDED", options.render(object));
    if (query.get("sendInitialEvents") === "true") bookmark({ "k8s.io/initial-events-end": "true" });
  } else {
    try {
      if (!/^\d+$/.test(from)) throw badRequest(`invalid resource version: ${from}`);
      for (const change of store.changesSince(resource.storage, Number(from))) deliver(change);
    } catch (error) {
      const status = error instanceof StatusError ? error : expired(String(error));
      send("ERROR", status.toStatus());
      response.end();
      return () => {};
    }
  }
  const unsubscribe = store.subscribe(deliver);
  const bookmarks =
    query.get("allowWatchBookmarks") === "true" ? setInterval(() => bookmark(), options.bookmarkIntervalMs) : undefined;
  const seconds = Number(query.get("timeoutSeconds") ?? 1800);
  const end = () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(timeout);
    if (!response.writableEnded) response.end();
  };
  const timeout = setTimeout(end, Math.min(seconds, 3600) * 1000);
  response.once("close", end);
  return end;
}
