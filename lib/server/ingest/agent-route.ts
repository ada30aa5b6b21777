/**
 * The one wrapper of every address that agents call: limit → authenticate → parse → handle → answer, and a line in the audit
 * trail for every refusal. A route is a declaration (routes.ts).
 *
 * What a caller learns is constant per reason and carries a request id; what happened stands in the audit trail and, for our
 * own faults, in the log under that id.
 */
import type { z } from "zod";
import { type ErrorCode, type ErrorDetail, RingfenceError } from "@/lib/errors";
import { ANONYMOUS, type AuditAction, recordRefusal, writeAudit } from "../audit";
import { withOrganization } from "../db/organization";
import { webEnvironment } from "../env";
import { answerHeaders, asRingfenceError, errorResponse, originOf, requestIdOf } from "../request";
import { agentActor } from "./actor";
import { AgentRefused, type AgentCaller, authenticateAgent } from "./authenticate";
import { readBody } from "./body";
import { EnrolmentRefused } from "./enrol";
import { parseJsonBytes } from "./json-limits";
import { declared, type RouteHandler } from "../route";
import { createRateLimiter, type RateLimiter } from "./rate-limit";
import { SecretDetected } from "./secret-detected";

/** What every handler may need to know about its request. */
export interface AgentRequestContext {
  now: Date;
  requestId: string;
  /** Address that the request came from, as far as known. */
  origin: string | null;
  /** This server's audience: its public origin. */
  audience: string;
  /** The segment `[snapshotId]` of the path, "" elsewhere. */
  snapshotId: string;
}

interface Declaration<Answer> {
  /** What a refusal of this address is called in the audit trail. */
  action: AuditAction;
  contentType: string;
  maxBodyBytes: number;
  response: z.ZodType<Answer>;
  status?: 200 | 201;
}
export interface SignedDeclaration<Answer> extends Declaration<Answer> {
  handle(agent: AgentCaller, body: Uint8Array, context: AgentRequestContext): Promise<Answer>;
}
export interface UnsignedDeclaration<Answer> extends Declaration<Answer> {
  handle(body: Uint8Array, context: AgentRequestContext): Promise<Answer>;
}

type RouteContext = { params: Promise<Record<string, string | string[] | undefined>> };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Before anything is known: by address. A whole fleet may sit behind one, so it is generous. */
const byAddress = createRateLimiter({ perSecond: 200, burst: 1000 });
/** After the signature: one agent sends a heartbeat every 30 seconds and a few packs an hour. */
const byAgent = createRateLimiter({ perSecond: 20, burst: 200 });
/** Refusals without a valid signature, by the organization they name: so that nobody can flood its audit trail. */
const byRefusal = createRateLimiter({ perSecond: 5, burst: 100 });

/** An address that only an enrolled agent may call. */
export function signedRoute<Answer>(declaration: SignedDeclaration<Answer>): RouteHandler {
  return declared({ kind: "agent" }, (request: Request, route: RouteContext) =>
    answer(declaration, request, route, async (context, note) => {
      const { agent, body } = await authenticateAgent(request, {
        audience: context.audience,
        maxBodyBytes: declaration.maxBodyBytes,
        now: context.now,
        onVerified: note,
      });
      limit(byAgent, agent.agentId, context.now);
      assertContentType(request, declaration.contentType);
      return declaration.handle(agent, body, context);
    }),
  );
}

/** The address for enrolment: the caller has no key that we know. */
export function unsignedRoute<Answer>(declaration: UnsignedDeclaration<Answer>): RouteHandler {
  return declared({ kind: "agent" }, (request: Request, route: RouteContext) =>
    answer(declaration, request, route, async (context) => {
      assertContentType(request, declaration.contentType);
      return declaration.handle(await readBody(request, declaration.maxBodyBytes), context);
    }),
  );
}

/**
 * JSON body → message, or `invalid-input` with the places at fault. A number in `version.field` other than `version.known`
 * is `unsupported-version` before anything else is looked at: a newer agent is told that, not that its fields are wrong.
 *
 * @throws RingfenceError
 */
export function parseMessage<Schema extends z.ZodType>(
  schema: Schema,
  body: Uint8Array,
  version?: { field: string; known: number },
): z.output<Schema> {
  const value = parseJsonBytes(body);
  if (version !== undefined && typeof value === "object" && value !== null) {
    const found = (value as Record<string, unknown>)[version.field];
    if (typeof found === "number" && found !== version.known) {
      throw new RingfenceError(
        "unsupported-version",
        `${version.field} ${found} is not understood here, only ${version.known}.`,
      );
    }
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.slice(0, 20).map(
    (issue): ErrorDetail => ({
      where: ["body", ...issue.path].join(".").slice(0, 200),
      message: issue.message.slice(0, 200),
    }),
  );
  throw new RingfenceError("invalid-input", "The message does not have the form of this protocol version.", {
    details,
  });
}

async function answer<Answer>(
  declaration: Declaration<Answer>,
  request: Request,
  route: RouteContext,
  work: (context: AgentRequestContext, note: (agent: AgentCaller) => void) => Promise<Answer>,
): Promise<Response> {
  const requestId = requestIdOf(request);
  const now = new Date();
  const origin = originOf(request);
  let agent: AgentCaller | null = null;
  let snapshotId = "";
  try {
    limit(byAddress, origin ?? "unknown", now);
    const { origin: audience } = webEnvironment();
    // Next gives an address without dynamic parts no params at all, whatever its types say.
    const params: Record<string, string | string[] | undefined> | undefined = await route.params;
    snapshotId = typeof params?.snapshotId === "string" ? params.snapshotId : "";
    const context: AgentRequestContext = { now, requestId, origin, audience, snapshotId };
    const result = await work(context, (caller) => {
      agent = caller;
    });
    return Response.json(declaration.response.parse(result), {
      status: declaration.status ?? 200,
      headers: answerHeaders(requestId),
    });
  } catch (error) {
    const refusal = asRefusal(error, requestId);
    try {
      await record(declaration.action, refusal, { agent, now, requestId, origin, snapshotId });
    } catch (fault) {
      // Too many refusals: that is the answer. Anything else: the refusal stands, and the log says what could not be recorded.
      if (fault instanceof RingfenceError && fault.code === "rate-limited") return errorResponse(fault, requestId);
      asRingfenceError(fault, requestId);
    }
    return errorResponse(refusal, requestId);
  }
}

/** @throws RingfenceError `not-found` for a path segment that can't be a snapshot */
export function assertSnapshotId(snapshotId: string): void {
  if (!UUID.test(snapshotId)) throw new RingfenceError("not-found", "No such snapshot.");
}

function assertContentType(request: Request, expected: string): void {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== expected) {
    throw new RingfenceError("unsupported-media-type", `This address accepts ${expected} only.`);
  }
}

function limit(limiter: RateLimiter, key: string, now: Date): void {
  const seconds = limiter.take(key, now.getTime());
  if (seconds > 0) {
    throw new RingfenceError("rate-limited", "Too many requests.", { retryAfterSeconds: seconds });
  }
}

/** Prisma's codes for a database that is away or overloaded: the agent should come back, not give up. */
const PASSING_FAULT = /^P(10\d\d|2024|2028|2034|2037)$/;

/** Our own refusals as they are; everything else is an internal fault whose text stays in the log. */
function asRefusal(error: unknown, requestId: string): RingfenceError {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string" && PASSING_FAULT.test(code)) {
    const options = { retryAfterSeconds: 5, cause: error };
    return asRingfenceError(
      new RingfenceError("unavailable", "The server can't answer right now.", options),
      requestId,
    );
  }
  return asRingfenceError(error, requestId);
}

/** Codes that say nothing about the caller's intent: not refusals but "not now". */
const NOT_REFUSALS: ReadonlySet<ErrorCode> = new Set(["rate-limited", "unavailable", "internal"]);

async function record(
  action: AuditAction,
  refusal: RingfenceError,
  facts: { agent: AgentCaller | null; now: Date; requestId: string; origin: string | null; snapshotId: string },
): Promise<void> {
  if (NOT_REFUSALS.has(refusal.code)) return;
  const { agent, now, requestId, origin } = facts;
  const detail: Record<string, string> = { code: refusal.code };
  const [first] = refusal.details;
  detail.message = first === undefined ? refusal.message : `${refusal.message} ${first.where}: ${first.message}`;
  if (facts.snapshotId !== "") detail.snapshotId = facts.snapshotId;
  const common = { at: now, outcome: "refused" as const, origin, requestId };

  // A replay carries somebody's valid signature, so it isn't written down as that agent's doing.
  if (agent !== null && !(refusal instanceof AgentRefused)) {
    const entry = {
      ...common,
      orgId: agent.orgId,
      actor: agentActor(agent.agentId, agent.clusterSlug),
      action,
      object: { type: "cluster", id: agent.clusterId, name: agent.clusterSlug },
      detail,
    };
    if (refusal instanceof SecretDetected) await recordSecret(agent, refusal, { ...entry, action: "snapshot:refuse" });
    else await recordRefusal(entry, { role: "ingest" });
    return;
  }
  if (refusal instanceof EnrolmentRefused) {
    limit(byRefusal, refusal.claimedOrgId ?? "none", now);
    const object =
      refusal.cluster === null ? null : { type: "cluster", id: refusal.cluster.id, name: refusal.cluster.slug };
    const entry = { ...common, orgId: refusal.claimedOrgId, actor: ANONYMOUS, action, object };
    await recordRefusal({ ...entry, detail: { ...detail, reason: refusal.reason } }, { role: "ingest" });
    return;
  }
  const claimed = refusal instanceof AgentRefused ? refusal.claimed : null;
  limit(byRefusal, claimed?.organizationId ?? "none", now);
  if (refusal instanceof AgentRefused) detail.reason = refusal.reason;
  const signer = refusal instanceof AgentRefused ? refusal.signer : null;
  if (claimed !== null && signer !== null) {
    // Revoked or expired, but who sent it is known.
    const entry = {
      ...common,
      orgId: claimed.organizationId,
      actor: agentActor(signer.agentId, signer.clusterSlug),
      action: "agent:request" as const,
      object: { type: "cluster", id: signer.clusterId, name: signer.clusterSlug },
      detail,
    };
    await recordRefusal(entry, { role: "ingest" });
    return;
  }
  // Who it claims to be without a signature is written as a claim, never as the actor.
  if (claimed !== null) detail.claimedAgentId = claimed.agentId;
  await recordRefusal(
    {
      ...common,
      orgId: claimed?.organizationId ?? null,
      actor: ANONYMOUS,
      action: refusal instanceof AgentRefused ? "agent:request" : action,
      detail,
    },
    { role: "ingest" },
  );
}

/** The snapshot can't be committed any more, and the incident stands in the trail; both in one transaction. */
async function recordSecret(
  agent: AgentCaller,
  refusal: SecretDetected,
  entry: Parameters<typeof writeAudit>[1],
): Promise<void> {
  await withOrganization(
    agent.orgId,
    async (tx) => {
      await tx.snapshot.updateMany({
        where: { orgId: agent.orgId, id: refusal.snapshotId, clusterId: agent.clusterId, state: "announced" },
        data: { state: "refused", problem: `Held what looks like a ${refusal.kind.replaceAll("-", " ")}.` },
      });
      const detail = {
        ...entry.detail,
        snapshotId: refusal.snapshotId,
        secretKind: refusal.kind,
        where: refusal.where,
      };
      await writeAudit(tx, { ...entry, detail });
    },
    { role: "ingest" },
  );
}
