/**
 * A route is a declaration: permission, shapes of what comes in and what goes out, then the function of lib/server that
 * answers. A route without a permission does not compile; those that have no organization to hold one say why.
 *
 * The order is fixed: same origin (for changes), session, organization, permission, rate limit, shapes, function, output
 * shape (what it does not name stays inside), and for every refusal an entry in the audit trail. Authorization never rests
 * on proxy.ts: everything is asked here, and the functions ask again.
 */
import { z } from "zod";
import type { Permission } from "@/lib/access";
import type { RingfenceError } from "@/lib/errors";
import { orgSlug } from "@/lib/api/common";
import { ANONYMOUS, type AuditActor, recordRefusal } from "./audit";
import { webEnvironment } from "./env";
import {
  actorOf,
  allowsSomewhere,
  NotAMember,
  type Principal,
  requireFreshSignIn,
  requirePermission,
  resolvePrincipal,
} from "./principal";
import { countRequest, RateLimited, type RateLimitName } from "./rate-limit";
import {
  answerHeaders,
  asRingfenceError,
  assertSameOrigin,
  errorResponse,
  originOf,
  parseInput,
  queryOf,
  readJson,
  requestIdOf,
} from "./request";
import { type ActiveSession, findSessionToken, requireSession } from "./session";

type Empty = z.ZodObject<Record<never, never>>;
type Context = { params: Promise<Record<string, string | string[] | undefined>> };
export type RouteHandler = (request: Request, context: Context) => Promise<Response>;

/** How a handler was made, for the test that walks every route.ts. */
const DECLARATION = Symbol.for("ringfence.route");
export type RouteDeclaration =
  | { kind: "organization"; permission: Permission }
  | { kind: "session" }
  | { kind: "agent" }
  | { kind: "open"; why: string };

/** The declaration of a handler; null for a function that no wrapper made. */
export function declarationOf(handler: unknown): RouteDeclaration | null {
  if (typeof handler !== "function") return null;
  return ((handler as unknown as Record<symbol, unknown>)[DECLARATION] as RouteDeclaration | undefined) ?? null;
}

/** Marks a handler that checks its caller in its own way (agents' signatures). */
export function declared<T extends (...args: never[]) => Promise<Response>>(
  declaration: RouteDeclaration,
  handler: T,
): T {
  return Object.assign(handler, { [DECLARATION]: declaration });
}

interface Shapes<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> {
  params?: P;
  query?: Q;
  body?: B;
  /** What goes out; a key that it does not name is dropped. "stream": the function answers with a Response itself. */
  response: R | "stream";
  status?: 200 | 201 | 202;
  maxBodyBytes?: number;
  /** `read` for GET and `change` for the rest, unless named. */
  limit?: RateLimitName;
}

export interface RouteInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
  request: Request;
}

export interface OrganizationRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>
  extends Shapes<P, Q, B, R> {
  permission: Permission;
  /** Asks for a sign-in of the last hour. */
  freshSignIn?: boolean;
  handler: (principal: Principal, input: RouteInput<P, Q, B>) => Promise<z.input<R> | Response>;
}

/** A route below /api/o/[org]. */
export function route<
  P extends z.ZodType = Empty,
  Q extends z.ZodType = Empty,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = Empty,
>(definition: OrganizationRoute<P, Q, B, R>): RouteHandler {
  const { permission } = definition;
  return declared({ kind: "organization", permission }, (request: Request, context: Context) =>
    answer(
      request,
      async (call) => {
        const params = await context.params;
        const { origin, requestId } = call;
        const slug = parseInput(orgSlug, params.org, "params.org");
        const token = findSessionToken(request.headers.get("cookie"), webEnvironment().isLocal);
        const principal = await resolvePrincipal(token, slug, { origin, requestId });
        call.actor = actorOf(principal);
        call.orgId = principal.organization.id;
        if (!allowsSomewhere(principal, permission)) requirePermission(principal, permission);
        if (definition.freshSignIn) requireFreshSignIn(principal);
        await countRequest(limitOf(definition, request), Buffer.from(principal.session.idHash).toString("hex"));
        const input = await readInput(definition, request, params);
        return finish(definition, await definition.handler(principal, input), requestId);
      },
      permission,
    ),
  );
}

export interface SessionRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>
  extends Shapes<P, Q, B, R> {
  handler: (session: ActiveSession, input: RouteInput<P, Q, B>, call: Call) => Promise<z.input<R> | Response>;
}

/** A route for whoever is signed in, before or beside any organization. */
export function sessionRoute<
  P extends z.ZodType = Empty,
  Q extends z.ZodType = Empty,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = Empty,
>(definition: SessionRoute<P, Q, B, R>): RouteHandler {
  return declared({ kind: "session" }, (request: Request, context: Context) =>
    answer(
      request,
      async (call) => {
        const token = findSessionToken(request.headers.get("cookie"), webEnvironment().isLocal);
        const session = await requireSession(token);
        call.actor = { type: "person", id: session.person.id, name: session.person.name };
        await countRequest(limitOf(definition, request), Buffer.from(session.idHash).toString("hex"));
        const input = await readInput(definition, request, await context.params);
        return finish(definition, await definition.handler(session, input, call), call.requestId);
      },
      null,
    ),
  );
}

/** A route that anybody may call; `why` says what makes that safe. It counts per address. */
export function openRoute(definition: {
  why: string;
  limit: RateLimitName;
  handler: (request: Request, call: Call, context: Context) => Promise<Response>;
}): RouteHandler {
  return declared({ kind: "open", why: definition.why }, (request: Request, context: Context) =>
    answer(
      request,
      async (call) => {
        await countRequest(definition.limit, call.origin ?? "unknown address");
        return definition.handler(request, call, context);
      },
      null,
    ),
  );
}

/** What is known of a request so far. */
export interface Call {
  requestId: string;
  origin: string | null;
  userAgent: string | null;
  actor: AuditActor;
  orgId: string | null;
}

async function answer(
  request: Request,
  work: (call: Call) => Promise<Response>,
  permission: Permission | null,
): Promise<Response> {
  const call: Call = {
    requestId: requestIdOf(request),
    origin: originOf(request),
    userAgent: request.headers.get("user-agent"),
    actor: ANONYMOUS,
    orgId: null,
  };
  try {
    if (isChange(request)) assertSameOrigin(request, webEnvironment().origin);
    return await work(call);
  } catch (thrown) {
    const error = asRingfenceError(thrown, call.requestId);
    await record(request, call, error, permission);
    return errorResponse(error, call.requestId);
  }
}

/** A refusal is recorded; asking without a session is so common (a page left open) that only attempts to change count. */
async function record(
  request: Request,
  call: Call,
  error: RingfenceError,
  permission: Permission | null,
): Promise<void> {
  if (error.status >= 500) return;
  if (error.status === 401 && !isChange(request)) return;
  if (error instanceof RateLimited && !error.isFirst) return;
  const actor = error instanceof NotAMember ? error.actor : call.actor;
  try {
    await recordRefusal({
      orgId: call.orgId,
      at: new Date(),
      actor,
      action: "request:refuse",
      outcome: "refused",
      object: { type: "address", id: null, name: new URL(request.url).pathname },
      origin: call.origin,
      requestId: call.requestId,
      detail: { method: request.method, code: error.code, ...(permission === null ? {} : { permission }) },
    });
  } catch (failure) {
    // The refusal stands; that its record could not be written is for the log, with the same reference.
    asRingfenceError(failure, call.requestId);
  }
}

function isChange(request: Request): boolean {
  return request.method !== "GET" && request.method !== "HEAD";
}

function limitOf(definition: { limit?: RateLimitName }, request: Request): RateLimitName {
  return definition.limit ?? (isChange(request) ? "change" : "read");
}

const LARGEST_BODY = 64 * 1024;

async function readInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  shapes: Shapes<P, Q, B, R>,
  request: Request,
  params: Record<string, string | string[] | undefined>,
): Promise<RouteInput<P, Q, B>> {
  const nothing = z.object({});
  return {
    params: (shapes.params
      ? parseInput(shapes.params, params, "params")
      : parseInput(nothing, {}, "params")) as z.output<P>,
    query: (shapes.query ? parseInput(shapes.query, queryOf(new URL(request.url)), "query") : {}) as z.output<Q>,
    body: (shapes.body
      ? await readJson(request, shapes.body, shapes.maxBodyBytes ?? LARGEST_BODY)
      : undefined) as z.output<B>,
    request,
  };
}

function finish<R extends z.ZodType>(
  definition: { response: R | "stream"; status?: number },
  output: unknown,
  requestId: string,
): Response {
  if (output instanceof Response) {
    for (const [name, value] of Object.entries(answerHeaders(requestId))) output.headers.set(name, value);
    return output;
  }
  if (definition.response === "stream") throw new Error("A route that streams must answer with a Response.");
  return Response.json(definition.response.parse(output), {
    status: definition.status ?? 200,
    headers: answerHeaders(requestId),
  });
}
