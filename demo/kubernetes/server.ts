/** HTTP in, Kubernetes API out: request → user → attributes → RBAC → store. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import type { Authentication } from "./authentication";
import { authorize, authorizePath, type User } from "./authorization";
import type { Cluster } from "./cluster";
import { coreVersions, findGroup, findOpenApiDocument, findResourceList, groupList, openApiIndex } from "./discovery";
import { list, renderList, selection, watch } from "./lists";
import { podSecurityWarnings } from "./pod-security-warnings";
import { type EncryptionConfiguration, renderMetrics } from "./metrics";
import type { ApiObject } from "./objects";
import { jsonPatch, mergePatch, strategicMerge } from "./patch";
import { apiVersionOf, findResource, type Resource, REVIEWS } from "./resources";
import { decodeReview } from "./protobuf";
import { review } from "./reviews";
import { badRequest, methodNotAllowed, pathNotFound, StatusError } from "./status";
import { renderTable } from "./tables";

const LARGEST_BODY = 3 * 1024 * 1024;

export interface ServerContext {
  cluster: Cluster;
  authentication: Authentication;
  gitVersion: string;
  encryption: EncryptionConfiguration | undefined;
  address(): string;
  findLog(namespace: string, name: string): string | undefined;
  bookmarkIntervalMs: number;
  /** Sees every request before it is answered; may answer itself (returns true), which tests use to break connections. */
  intercept?(request: IncomingMessage, response: ServerResponse): boolean;
}

interface ResourcePath {
  group: string;
  version: string;
  namespace?: string;
  plural: string;
  name?: string;
  subresource?: string;
}

/** The path rules of the API (Kubernetes API concepts, "Resource URIs"). */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return undefined;
  const [group, version, rest] = isCore ? ["", parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if (!version || group === undefined || rest.length === 0 || rest[0] === "") return undefined;
  if (
    rest[0] === "namespaces" &&
    rest.length > 2 &&
    !(rest.length === 3 && ["status", "finalize"].includes(rest[2]!))
  ) {
    return {
      group,
      version,
      namespace: rest[1]!,
      plural: rest[2]!,
      ...(rest[3] ? { name: rest[3] } : {}),
      ...(rest[4] ? { subresource: rest.slice(4).join("/") } : {}),
    };
  }
  return {
    group,
    version,
    plural: rest[0]!,
    ...(rest[1] ? { name: rest[1] } : {}),
    ...(rest[2] ? { subresource: rest.slice(2).join("/") } : {}),
  };
}

export class ApiServer {
  private requests = 0;
  private readonly watches = new Set<() => void>();

  constructor(private readonly context: ServerContext) {}

  stop(): void {
    for (const end of [...this.watches]) end();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    try {
      if (this.context.intercept?.(request, response)) return;
      await this.answer(request, response);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const status =
        error instanceof StatusError
          ? error
          : new StatusError(
              500,
              "InternalError",
              `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
            );
      if (status.details?.retryAfterSeconds)
        response.setHeader("retry-after", String(status.details.retryAfterSeconds));
      send(request, response, status.code, status.toStatus());
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "https://kubernetes");
    const user = this.context.authentication.authenticate(request);
    const target = parseResourcePath(url.pathname);
    if (target) return this.answerResource(request, response, url, user, target);
    const verb = (request.method ?? "GET").toLowerCase();
    authorizePath(this.context.cluster.store, user, { verb, path: url.pathname });
    if (verb !== "get" && verb !== "head") throw methodNotAllowed();
    this.answerPath(request, response, url.pathname.replace(/(.)\/$/, "$1"));
  }

  private answerPath(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { store } = this.context.cluster;
    const found = (body: unknown) => {
      if (body === undefined) throw pathNotFound();
      send(request, response, 200, body);
    };
    if (path === "/version") return found(versionInfo(this.context.gitVersion));
    if (path === "/api") return found(coreVersions(this.context.address()));
    if (path === "/apis") return found(groupList(store));
    if (path === "/openapi/v3") return found(openApiIndex(store));
    if (path.startsWith("/openapi/v3/")) return found(findOpenApiDocument(store, path.slice("/openapi/v3/".length)));
    if (["/livez", "/readyz", "/healthz"].includes(path)) return sendText(response, "ok");
    if (path === "/metrics") return sendText(response, renderMetrics(store, this.context.encryption, this.requests));
    const [, root, group, version] = path.split("/");
    if (root === "api" && version === undefined) return found(findResourceList(store, "", group ?? ""));
    if (root === "apis" && version === undefined) return found(findGroup(store, group ?? ""));
    if (root === "apis") return found(findResourceList(store, group ?? "", version ?? ""));
    throw pathNotFound();
  }

  private async answerResource(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    user: User,
    target: ResourcePath,
  ): Promise<void> {
    const { cluster } = this.context;
    const query = url.searchParams;
    const isWatch = query.get("watch") === "true" || query.get("watch") === "1";
    const verb = verbOf(request.method ?? "GET", target.name !== undefined, isWatch);
    // A request on a Namespace counts as a request inside it.
    const namespace =
      target.namespace ?? (target.group === "" && target.plural === "namespaces" ? target.name : undefined);
    // `fieldSelector=metadata.name=x` on a list or watch is a request for x, which resourceNames may allow.
    const selected = /^metadata\.name==?([^,]+)$/.exec(query.get("fieldSelector") ?? "")?.[1];
    const name = target.name ?? selected;
    authorize(cluster.store, user, {
      verb,
      group: target.group,
      resource: target.plural,
      ...(target.subresource ? { subresource: target.subresource } : {}),
      ...(namespace ? { namespace } : {}),
      ...(name ? { name } : {}),
    });

    const posted = REVIEWS[apiVersionOf(target)]?.find((held) => held.plural === target.plural);
    if (posted) {
      if (verb !== "create") throw methodNotAllowed();
      const object = (await readBody(request)) as unknown as ApiObject;
      return send(
        request,
        response,
        201,
        review(
          posted.kind,
          { ...object, apiVersion: apiVersionOf(target), kind: posted.kind },
          user,
          cluster.store,
          this.context.authentication,
        ),
      );
    }
    const resource = findResource(cluster.store, target.group, target.version, target.plural);
    if (!resource) throw pathNotFound();
    if (target.subresource && target.subresource !== "status")
      return this.answerSubresource(request, response, resource, target);

    const reply = (code: number, object: ApiObject) => {
      if (wantsTable(request))
        send(
          request,
          response,
          code,
          renderTable(resource, [object], {}, cluster.options.now(), query.get("includeObject") ?? "Metadata"),
        );
      else send(request, response, code, wantsMetadata(request) ? metadataOf(object) : object);
    };
    const dryRun = query.get("dryRun") === "All";
    switch (verb) {
      case "get":
        return reply(200, cluster.get(resource, target.namespace, target.name!));
      case "list": {
        const answer = list(cluster.store, resource, target.namespace, query);
        if (wantsTable(request))
          return send(
            request,
            response,
            200,
            renderTable(
              resource,
              answer.items,
              answer.metadata,
              cluster.options.now(),
              query.get("includeObject") ?? "Metadata",
            ),
          );
        if (wantsMetadata(request)) {
          return send(request, response, 200, {
            kind: "PartialObjectMetadataList",
            apiVersion: "meta.k8s.io/v1",
            metadata: answer.metadata,
            items: answer.items.map(metadataOf),
          });
        }
        return send(request, response, 200, renderList(resource, answer));
      }
      case "watch": {
        if (target.name) query.set("fieldSelector", `metadata.name=${target.name}`);
        const asTable = wantsTable(request);
        const end = watch(cluster.store, resource, target.namespace, query, response, {
          bookmarkIntervalMs: this.context.bookmarkIntervalMs,
          render: (object) =>
            asTable
              ? renderTable(
                  resource,
                  [object],
                  { resourceVersion: object.metadata.resourceVersion },
                  cluster.options.now(),
                  query.get("includeObject") ?? "Metadata",
                )
              : wantsMetadata(request)
                ? metadataOf(object)
                : object,
        });
        this.watches.add(end);
        response.once("close", () => this.watches.delete(end));
        return;
      }
      case "create": {
        const object = checked(resource, target, (await readBody(request)) as unknown as ApiObject);
        return reply(201, cluster.create(resource, object, { dryRun }));
      }
      case "update": {
        const object = checked(resource, target, (await readBody(request)) as unknown as ApiObject);
        return reply(200, cluster.update(resource, object, { isStatus: target.subresource === "status", dryRun }));
      }
      case "patch":
        return this.patch(request, response, reply, resource, target, query, dryRun);
      case "delete": {
        const options = (await readBody(request)) as {
          propagationPolicy?: string;
          preconditions?: { uid?: string };
          dryRun?: string[];
        };
        const orphan = (options.propagationPolicy ?? query.get("propagationPolicy")) === "Orphan";
        if (dryRun || options.dryRun?.includes("All"))
          return reply(200, cluster.get(resource, target.namespace, target.name!));
        const removed = cluster.delete(resource, target.namespace, target.name!, {
          orphan,
          ...(options.preconditions?.uid ? { uid: options.preconditions.uid } : {}),
        });
        return reply(200, removed);
      }
      case "deletecollection": {
        const wanted = selection(resource, target.namespace, query);
        const removed = cluster.store.all(resource.storage).filter(wanted);
        for (const object of removed) cluster.delete(resource, object.metadata.namespace, object.metadata.name);
        return send(
          request,
          response,
          200,
          renderList(resource, { items: removed, metadata: { resourceVersion: String(cluster.store.revision) } }),
        );
      }
      default:
        throw methodNotAllowed();
    }
  }

  private async patch(
    request: IncomingMessage,
    response: ServerResponse,
    reply: (code: number, object: ApiObject) => void,
    resource: Resource,
    target: ResourcePath,
    query: URLSearchParams,
    dryRun: boolean,
  ): Promise<void> {
    const { cluster } = this.context;
    const type = (request.headers["content-type"] ?? "").split(";")[0]!.trim();
    const body = await readBody(request);
    const isStatus = target.subresource === "status";
    const held = cluster.find(resource, target.namespace, target.name!);
    if (type === "application/apply-patch+yaml" || type === "application/apply-patch+json") {
      if (!query.get("fieldManager"))
        throw badRequest(
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        );
      const applied = checked(resource, target, body as unknown as ApiObject);
      if (!held) return reply(201, cluster.create(resource, applied, { dryRun }));
      const merged = (resource.custom ? mergePatch(held, applied) : strategicMerge(held, applied)) as ApiObject;
      return reply(200, cluster.update(resource, merged, { isStatus, dryRun }));
    }
    if (!held) cluster.get(resource, target.namespace, target.name!);
    let patched: unknown;
    if (type === "application/json-patch+json") patched = jsonPatch(held, body);
    else if (type === "application/merge-patch+json") patched = mergePatch(held, body);
    else if (type === "application/strategic-merge-patch+json" && !resource.custom)
      patched = strategicMerge(held, body);
    else
      throw new StatusError(
        415,
        "UnsupportedMediaType",
        `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml`,
      );
    const updated = cluster.update(resource, checked(resource, target, patched as ApiObject), { isStatus, dryRun });
    if (held && resource.storage === "/namespaces") this.warn(response, held, updated);
    reply(200, updated);
  }

  private warn(response: ServerResponse, before: ApiObject, after: ApiObject): void {
    const warnings = podSecurityWarnings(this.context.cluster, before, after, this.context.gitVersion);
    if (warnings.length === 0) return;
    const quoted = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
    response.setHeader(
      "warning",
      warnings.map((text) => `299 - "${quoted(text)}"`),
    );
  }

  private async answerSubresource(
    request: IncomingMessage,
    response: ServerResponse,
    resource: Resource,
    target: ResourcePath,
  ): Promise<void> {
    const { cluster, authentication } = this.context;
    const name = target.name!;
    const object = cluster.get(resource, target.namespace, name);
    if (resource.storage === "/pods" && target.subresource === "log" && request.method === "GET") {
      return sendText(response, this.context.findLog(target.namespace ?? "", name) ?? "");
    }
    if (resource.storage === "/serviceaccounts" && target.subresource === "token" && request.method === "POST") {
      const asked = (await readBody(request)) as { spec?: { expirationSeconds?: number } };
      const { token, expiresAt } = authentication.issueToken(
        target.namespace ?? "",
        name,
        asked.spec?.expirationSeconds ?? 3600,
      );
      return send(request, response, 201, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: { name, namespace: target.namespace },
        spec: asked.spec ?? {},
        status: { token, expirationTimestamp: expiresAt.toISOString() },
      });
    }
    if (target.subresource === "scale" && ["Deployment", "ReplicaSet", "StatefulSet"].includes(resource.kind)) {
      let current = object;
      if (request.method !== "GET") {
        const body = (await readBody(request)) as { spec?: { replicas?: number } };
        current = cluster.update(resource, {
          ...object,
          spec: { ...(object.spec as object), replicas: body.spec?.replicas ?? 1 },
        });
      }
      const spec = current.spec as { replicas?: number };
      const { name: scaled, namespace, uid, resourceVersion, creationTimestamp } = current.metadata;
      return send(request, response, 200, {
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        metadata: { name: scaled, namespace, uid, resourceVersion, creationTimestamp },
        spec: { replicas: spec.replicas ?? 1 },
        status: { replicas: spec.replicas ?? 1 },
      });
    }
    if (["exec", "attach", "portforward", "proxy"].includes(target.subresource ?? "")) {
      throw new StatusError(
        501,
        "NotImplemented",
        `this is a simulated cluster: its containers do not run, so there is nothing to ${target.subresource} to`,
      );
    }
    throw pathNotFound();
  }
}

function verbOf(method: string, hasName: boolean, isWatch: boolean): string {
  switch (method) {
    case "GET":
    case "HEAD":
      return isWatch ? "watch" : hasName ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return hasName ? "delete" : "deletecollection";
    default:
      throw methodNotAllowed();
  }
}

/** The object of a request, which must be of the kind and the place that the path names. */
function checked(resource: Resource, target: ResourcePath, object: ApiObject): ApiObject {
  if (
    typeof object !== "object" ||
    object === null ||
    typeof object.metadata !== "object" ||
    object.metadata === null
  ) {
    throw badRequest("the object provided is not a valid Kubernetes object: metadata is missing");
  }
  if (object.kind !== undefined && (object.kind !== resource.kind || object.apiVersion !== apiVersionOf(resource))) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}, Kind=${object.kind}) does not match the expected API version (${apiVersionOf(resource)}, Kind=${resource.kind})`,
    );
  }
  const { namespace } = object.metadata;
  if (target.namespace && namespace && namespace !== target.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (target.name && object.metadata.name && object.metadata.name !== target.name) {
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${target.name})`,
    );
  }
  return {
    ...object,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...object.metadata,
      ...(target.name ? { name: target.name } : {}),
      ...(target.namespace ? { namespace: target.namespace } : {}),
    },
  };
}

const accepts = (request: IncomingMessage) => String(request.headers.accept ?? "");
/** The first media type that is known decides, as in content negotiation of the API server. */
function firstForm(request: IncomingMessage): "Table" | "Metadata" | "plain" {
  for (const part of accepts(request).split(",")) {
    if (!part.includes("json") && !part.includes("*/*")) continue;
    if (part.includes("as=Table")) return "Table";
    if (part.includes("as=PartialObjectMetadata")) return "Metadata";
    if (part.includes("as=")) continue;
    return "plain";
  }
  return "plain";
}
const wantsTable = (request: IncomingMessage) => firstForm(request) === "Table";
const wantsMetadata = (request: IncomingMessage) => firstForm(request) === "Metadata";

function metadataOf(object: ApiObject): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY)
      throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${LARGEST_BODY}`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  const review = type.includes("protobuf") ? decodeReview(body) : undefined;
  if (review) return review;
  const text = body.toString("utf8");
  if (text === "") return {};
  if (type.includes("protobuf"))
    throw new StatusError(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
    );
  try {
    return type.includes("yaml")
      ? (parseAllDocuments(text)[0]?.toJS() as Record<string, unknown>)
      : (JSON.parse(text) as Record<string, unknown>);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type JSON or YAML): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** From this size on an answer is compressed for a client that takes it, as the API server does. */
const COMPRESSED_FROM = 128 * 1024;

function send(request: IncomingMessage, response: ServerResponse, code: number, body: unknown): void {
  let bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-cache, private");
  if (bytes.length >= COMPRESSED_FROM && String(request.headers["accept-encoding"] ?? "").includes("gzip")) {
    bytes = gzipSync(bytes, { level: 1 });
    response.setHeader("content-encoding", "gzip");
    response.setHeader("vary", "Accept-Encoding");
  }
  response.setHeader("content-length", String(bytes.length));
  response.writeHead(code);
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private" });
  response.end(text);
}

function versionInfo(gitVersion: string): unknown {
  const [, major = "1", minor = "0"] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    gitVersion,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "2026-01-01T00:00:00Z",
    goVersion: "",
    compiler: "gc",
    platform: "linux/amd64",
  };
}
