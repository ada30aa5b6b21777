/**
 * Audit events as a log file or a store's export holds them: JSON lines of audit.k8s.io/v1 Event, or lines that wrap one
 * (`_source` of a search index, `log` or `message` of a forwarder), or an EventList. Only the fields that are counted are read.
 */
import { z } from "zod";

const user = z.object({
  username: z.string().default(""),
  groups: z.array(z.string()).nullish(),
  extra: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
});
const auditEvent = z.object({
  apiVersion: z.literal("audit.k8s.io/v1"),
  auditID: z.string().min(1),
  stage: z.string(),
  verb: z.string().default(""),
  requestURI: z.string().default(""),
  user: user.nullish(),
  impersonatedUser: user.nullish(),
  sourceIPs: z.array(z.string()).nullish(),
  userAgent: z.string().nullish(),
  objectRef: z
    .object({
      apiGroup: z.string().nullish(),
      resource: z.string().nullish(),
      subresource: z.string().nullish(),
      namespace: z.string().nullish(),
      name: z.string().nullish(),
    })
    .nullish(),
  responseStatus: z.object({ code: z.number().nullish() }).nullish(),
  requestObject: z.unknown().optional(),
  responseObject: z.unknown().optional(),
  requestReceivedTimestamp: z.string().nullish(),
  stageTimestamp: z.string().nullish(),
  /** What events called their time before Kubernetes 1.12. */
  timestamp: z.string().nullish(),
});
export type AuditEvent = z.output<typeof auditEvent>;

/** Deepest wrapping that is followed. */
const MAX_WRAPS = 3;

/** The events of one line; null when it holds none. */
export function eventsOfLine(line: string): AuditEvent[] | null {
  return eventsIn(parseJson(line), 0);
}

/** When the request was received, as ISO 8601 in UTC with milliseconds; null for an event without a time. */
export function timeOf(event: AuditEvent): string | null {
  const text = event.requestReceivedTimestamp ?? event.stageTimestamp ?? event.timestamp;
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function eventsIn(value: unknown, depth: number): AuditEvent[] | null {
  if (typeof value !== "object" || value === null || depth > MAX_WRAPS) return null;
  const fields = value as Record<string, unknown>;
  if (fields.kind === "EventList" && Array.isArray(fields.items)) {
    const events = fields.items.map((item: unknown) =>
      eventsIn(typeof item === "object" ? { apiVersion: fields.apiVersion, ...item } : item, depth + 1),
    );
    return events.every((found) => found !== null) ? events.flat() : null;
  }
  const parsed = auditEvent.safeParse(value);
  if (parsed.success) return [parsed.data];
  for (const key of ["_source", "event", "log", "message"]) {
    const inner = fields[key];
    const found = eventsIn(typeof inner === "string" ? parseJson(inner) : inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
