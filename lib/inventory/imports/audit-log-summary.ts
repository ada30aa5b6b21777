/**
 * From audit events to what controls read of them: counts, who did what, changes by people.
 *
 * A request has several events (stages) with one auditID. The last one counts: ResponseComplete or Panic, or ResponseStarted
 * where the file ends before the end of a watch or a session.
 */
import type {
  AuditEventField,
  AuditLogSummary,
  HumanWrite,
  PermissionUse,
  RefusedRequests,
  UserActivity,
} from "../imported-audit-log";
import type { AuditEventSample } from "../imported";
import type { ImportOrigin } from "../import-origin";
import { kindOfUser, methodOf } from "./audited-user";
import { type AuditEvent, timeOf } from "./audit-events";

/** Bounds of the lists; a log with more says so in `leftOut`. */
export const AUDIT_LOG_LIMITS = { users: 5000, uses: 50_000, writes: 10_000, groups: 50, days: 400 } as const;

const DAY_MS = 86_400_000;
const WRITE_VERBS: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);
/** Sessions and requests through the API server: their verb says create, but no object changes. */
const SESSIONS: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy", "token"]);
/** Kinds that are asked and never stored. */
const REVIEWS: ReadonlySet<string> = new Set(["authentication.k8s.io", "authorization.k8s.io"]);

interface Use extends PermissionUse {
  key: string;
}
interface Activity extends Omit<UserActivity, "uses" | "groups" | "impersonatedBy"> {
  uses: Map<string, Use>;
  groups: Set<string>;
  impersonatedBy: Set<string>;
}

/** Counts events one by one; `finish` gives the facts, or null when there was no event with a time. */
export class AuditLogCounter {
  private readonly ended = new Set<string>();
  private readonly started = new Map<string, AuditEvent>();
  private readonly days = new Set<string>();
  private readonly users = new Map<string, Activity>();
  private readonly writes: HumanWrite[] = [];
  private readonly missing = new Map<AuditEventField, number>();
  private readonly unauthorized: RefusedRequests = { count: 0 };
  private readonly forbidden: RefusedRequests = { count: 0 };
  private readonly leftOut = { users: 0, uses: 0, writes: 0 };
  private readonly secretBodies = new Map<string, true>();
  private from: string | null = null;
  private to: string | null = null;
  private requests = 0;
  private uses = 0;
  unreadableLines = 0;

  add(event: AuditEvent): void {
    const at = timeOf(event);
    if (at !== null) {
      this.days.add(at.slice(0, 10));
      if (this.from === null || at < this.from) this.from = at;
      if (this.to === null || at > this.to) this.to = at;
    }
    const hasBody = event.requestObject != null || event.responseObject != null;
    if (event.objectRef?.resource === "secrets" && (event.objectRef.apiGroup ?? "") === "" && hasBody) {
      this.secretBodies.set(event.auditID, true);
    }
    if (event.stage === "ResponseComplete" || event.stage === "Panic") this.end(event, at);
    else if (event.stage === "ResponseStarted" && !this.ended.has(event.auditID))
      this.started.set(event.auditID, event);
  }

  finish(origin: ImportOrigin): { log: AuditLogSummary; sample: AuditEventSample } | null {
    for (const event of this.started.values()) this.end(event, timeOf(event));
    const { from, to } = this;
    if (from === null || to === null) return null;
    const [exampleAuditId] = this.secretBodies.keys();
    const log: AuditLogSummary = {
      origin,
      from,
      to,
      requests: this.requests,
      daysWithoutEvents: missingDays(from, to, this.days),
      unreadableLines: this.unreadableLines,
      unauthorized: this.unauthorized,
      forbidden: this.forbidden,
      missingFields: Object.fromEntries(this.missing),
      users: [...this.users.values()].sort((a, b) => compare(a.username, b.username)).map(finishActivity),
      writes: this.writes.sort((a, b) => compare(a.at, b.at) || compare(a.auditId, b.auditId)),
      leftOut: this.leftOut,
    };
    const sample: AuditEventSample = { origin, from, to, secretEventsWithBody: this.secretBodies.size };
    return { log, sample: exampleAuditId === undefined ? sample : { ...sample, exampleAuditId } };
  }

  private end(event: AuditEvent, at: string | null): void {
    if (this.ended.has(event.auditID)) return;
    this.ended.add(event.auditID);
    this.started.delete(event.auditID);
    this.requests += 1;
    const code = event.responseStatus?.code ?? null;
    for (const field of missingFields(event, at, code)) this.missing.set(field, (this.missing.get(field) ?? 0) + 1);
    if (code === 401) count(this.unauthorized, event.auditID);
    if (code === 403) count(this.forbidden, event.auditID);
    const effective = event.impersonatedUser ?? event.user;
    if (at === null || effective == null || effective.username === "") return;
    const impersonator = event.impersonatedUser == null ? undefined : event.user?.username;
    const activity = this.activityOf(event, at, impersonator);
    if (activity !== null && code !== 401 && code !== 403) this.addUse(activity, event, at);
    if (code === null || code < 400) this.addWrite(event, at, effective.username, impersonator);
  }

  private activityOf(event: AuditEvent, at: string, impersonator: string | undefined): Activity | null {
    const user = event.impersonatedUser ?? event.user;
    if (user == null) return null;
    let activity = this.users.get(user.username);
    if (activity === undefined) {
      if (this.users.size >= AUDIT_LOG_LIMITS.users) {
        this.leftOut.users += 1;
        return null;
      }
      activity = {
        username: user.username,
        groups: new Set(),
        kind: kindOfUser(user),
        method: "unknown",
        impersonatedBy: new Set(),
        firstAt: at,
        lastAt: at,
        requests: 0,
        uses: new Map(),
      };
      this.users.set(user.username, activity);
    }
    activity.requests += 1;
    if (at < activity.firstAt) activity.firstAt = at;
    if (at > activity.lastAt) activity.lastAt = at;
    // How an impersonated user would sign in can't be seen. A certificate seen once is what counts.
    const method = impersonator === undefined ? methodOf(user) : "unknown";
    if (activity.method === "unknown" || method === "client-certificate") activity.method = method;
    if (impersonator !== undefined) activity.impersonatedBy.add(impersonator);
    for (const group of user.groups ?? []) {
      if (group === "system:authenticated" || group.startsWith("system:serviceaccounts")) continue;
      if (activity.groups.size < AUDIT_LOG_LIMITS.groups) activity.groups.add(group);
    }
    return activity;
  }

  private addUse(activity: Activity, event: AuditEvent, at: string): void {
    const use = useOf(event, at);
    const known = activity.uses.get(use.key);
    if (known !== undefined) {
      known.count += 1;
      if (at > known.lastAt) known.lastAt = at;
    } else if (this.uses >= AUDIT_LOG_LIMITS.uses) this.leftOut.uses += 1;
    else {
      this.uses += 1;
      activity.uses.set(use.key, use);
    }
  }

  private addWrite(event: AuditEvent, at: string, username: string, impersonator: string | undefined): void {
    const { objectRef } = event;
    // A person who acts as somebody else, a service account even, is still a person.
    const actor = impersonator ?? username;
    if (kindOfUser({ username: actor }) !== "person" || objectRef == null || !changesObject(event)) return;
    if (this.writes.length >= AUDIT_LOG_LIMITS.writes) {
      this.leftOut.writes += 1;
      return;
    }
    const client = /^[\w.@-]{1,64}/.exec(event.userAgent ?? "")?.[0];
    this.writes.push({
      auditId: event.auditID,
      at,
      username,
      ...(impersonator === undefined ? {} : { impersonatedBy: impersonator }),
      verb: event.verb,
      apiGroup: objectRef.apiGroup ?? "",
      resource: resourceOf(event),
      ...(objectRef.namespace ? { namespace: objectRef.namespace } : {}),
      ...(objectRef.name ? { name: objectRef.name } : {}),
      ...(client === undefined ? {} : { client }),
    });
  }
}

function changesObject({ verb, objectRef, requestURI }: AuditEvent): boolean {
  if (!WRITE_VERBS.has(verb) || /[?&]dryRun=/.test(requestURI)) return false;
  return !SESSIONS.has(objectRef?.subresource ?? "") && !REVIEWS.has(objectRef?.apiGroup ?? "");
}

function useOf(event: AuditEvent, at: string): Use {
  const { verb, objectRef } = event;
  if (objectRef?.resource == null) {
    const path = event.requestURI.replace(/\?.*$/s, "").slice(0, 256);
    return { key: `${verb}\n${path}`, verb, path, count: 1, lastAt: at };
  }
  const apiGroup = objectRef.apiGroup ?? "";
  const resource = resourceOf(event);
  const namespace = objectRef.namespace ?? "";
  const use = { key: [verb, apiGroup, resource, namespace].join("\n"), verb, apiGroup, resource, count: 1, lastAt: at };
  return namespace === "" ? use : { ...use, namespace };
}

function resourceOf({ objectRef }: AuditEvent): string {
  const { resource, subresource } = objectRef ?? {};
  return subresource ? `${resource ?? ""}/${subresource}` : (resource ?? "");
}

function missingFields(event: AuditEvent, at: string | null, code: number | null): AuditEventField[] {
  const has: Record<AuditEventField, boolean> = {
    // Nobody is known of a failed authentication: that is what its event says.
    user: code === 401 || (event.user?.username ?? "") !== "",
    verb: event.verb !== "",
    time: at !== null,
    status: code !== null,
    source: (event.sourceIPs ?? []).length > 0,
    object: event.objectRef?.resource != null || event.requestURI !== "",
  };
  return (Object.keys(has) as AuditEventField[]).filter((field) => !has[field]);
}

function finishActivity({ uses, groups, impersonatedBy, ...rest }: Activity): UserActivity {
  return {
    ...rest,
    groups: [...groups].sort(compare),
    ...(impersonatedBy.size > 0 ? { impersonatedBy: [...impersonatedBy].sort(compare) } : {}),
    uses: [...uses.values()].sort((a, b) => compare(a.key, b.key)).map(({ key: _, ...use }): PermissionUse => use),
  };
}

function missingDays(from: string, to: string, days: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  // A wrong clock may put an event anywhere: what is beyond the bound is no period that anybody meant.
  const end = Math.min(Date.parse(to), Date.parse(from) + AUDIT_LOG_LIMITS.days * DAY_MS);
  for (let day = Date.parse(from.slice(0, 10)); day <= end; day += DAY_MS) {
    const text = new Date(day).toISOString().slice(0, 10);
    if (!days.has(text)) missing.push(text);
  }
  return missing;
}

function count(refused: RefusedRequests, auditId: string): void {
  refused.count += 1;
  refused.exampleAuditId ??= auditId;
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
