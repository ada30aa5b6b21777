import { describe, expect, it } from "vitest";
import type { ImportOrigin } from "../import-origin";
import { auditLogImport } from "./audit-log";

const origin: ImportOrigin = { by: "upload", name: "audit.log by jane", collectedAt: "2026-11-21T10:00:00Z" };
let serial = 0;
function event(fields: Record<string, unknown> = {}): Record<string, unknown> {
  serial += 1;
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: `id-${serial}`,
    stage: "ResponseComplete",
    requestURI: "/api/v1/namespaces/cde/configmaps/limits",
    verb: "patch",
    user: { username: "ann@example.com", groups: ["payments", "system:authenticated"] },
    sourceIPs: ["192.0.2.10"],
    userAgent: "kubectl/v1.34.2 (linux/amd64)",
    objectRef: { resource: "configmaps", namespace: "cde", name: "limits" },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: "2026-11-20T09:14:02.118237Z",
    ...fields,
  };
}
const lines = (...events: unknown[]) =>
  `${events.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n")}\n`;
function read(...events: unknown[]) {
  const { facts } = auditLogImport.parse(lines(...events), origin);
  const [log] = facts?.auditLogs ?? [];
  if (log === undefined || facts === undefined) throw new Error("no log");
  return { log, facts };
}

describe("audit log", () => {
  it("reads its own example", () => {
    const { facts } = auditLogImport.parse(auditLogImport.example, origin);
    expect(facts?.auditLogs?.[0]?.writes).toHaveLength(1);
  });

  it("counts a request once over its stages, and takes the last one", () => {
    const watch = { auditID: "w", verb: "watch", objectRef: { resource: "pods", namespace: "cde" } };
    const { log } = read(
      event({ ...watch, stage: "RequestReceived", responseStatus: undefined }),
      event({ ...watch, stage: "ResponseStarted" }),
      event({ ...watch, stage: "ResponseComplete" }),
      event({
        auditID: "open",
        verb: "get",
        stage: "ResponseStarted",
        objectRef: { resource: "pods", subresource: "log" },
      }),
    );
    expect(log.requests).toBe(2);
    expect(log.users[0]?.uses.map(({ verb, resource, count }) => [verb, resource, count])).toEqual([
      ["get", "pods/log", 1],
      ["watch", "pods", 1],
    ]);
  });

  it("counts failed logins, which have no user, and refused requests, which use no right", () => {
    const { log } = read(
      event({ user: {}, responseStatus: { code: 401 }, auditID: "a401", stage: "ResponseStarted" }),
      event({ responseStatus: { code: 403 }, auditID: "a403" }),
    );
    expect(log.unauthorized).toEqual({ count: 1, exampleAuditId: "a401" });
    expect(log.forbidden).toEqual({ count: 1, exampleAuditId: "a403" });
    expect(log.users.map(({ username, uses }) => [username, uses])).toEqual([["ann@example.com", []]]);
    expect(log.missingFields).toEqual({});
    expect(log.writes).toEqual([]);
  });

  it("names the fields that events lack", () => {
    const { log } = read(event(), event({ sourceIPs: null, responseStatus: {}, user: { username: "" } }));
    expect(log.missingFields).toEqual({ user: 1, status: 1, source: 1 });
  });

  it("says which rights a service account used", () => {
    const { log } = read(
      event({
        user: {
          username: "system:serviceaccount:cde:api",
          groups: ["system:serviceaccounts", "system:serviceaccounts:cde", "system:authenticated"],
        },
        verb: "get",
      }),
    );
    expect(log.users).toEqual([
      expect.objectContaining({
        username: "system:serviceaccount:cde:api",
        kind: "service-account",
        method: "service-account",
        groups: [],
        uses: [
          {
            verb: "get",
            apiGroup: "",
            resource: "configmaps",
            namespace: "cde",
            count: 1,
            lastAt: "2026-11-20T09:14:02.118Z",
          },
        ],
      }),
    ]);
    expect(log.writes).toEqual([]);
  });

  it("takes rights from the impersonated user and changes to the person behind it", () => {
    const { log } = read(event({ impersonatedUser: { username: "system:serviceaccount:cde:deployer", groups: [] } }));
    expect(log.users.map(({ username, impersonatedBy }) => [username, impersonatedBy])).toEqual([
      ["system:serviceaccount:cde:deployer", ["ann@example.com"]],
    ]);
    expect(log.writes).toEqual([
      expect.objectContaining({ username: "system:serviceaccount:cde:deployer", impersonatedBy: "ann@example.com" }),
    ]);
  });

  it("holds changes of people only: no reads, dry runs, reviews, sessions, refusals, components", () => {
    const { log } = read(
      event({ verb: "get" }),
      event({ requestURI: "/api/v1/namespaces/cde/configmaps?dryRun=All" }),
      event({ verb: "create", objectRef: { apiGroup: "authorization.k8s.io", resource: "selfsubjectaccessreviews" } }),
      event({ verb: "create", objectRef: { resource: "pods", subresource: "exec", namespace: "cde", name: "x" } }),
      event({ responseStatus: { code: 409 } }),
      event({ user: { username: "system:kube-controller-manager" } }),
      event({ user: { username: "eks:addon-manager" } }),
      event({
        verb: "patch",
        objectRef: { apiGroup: "apps", resource: "deployments", subresource: "scale", namespace: "cde", name: "api" },
        auditID: "kept",
      }),
    );
    expect(log.writes).toEqual([
      {
        auditId: "kept",
        at: "2026-11-20T09:14:02.118Z",
        username: "ann@example.com",
        verb: "patch",
        apiGroup: "apps",
        resource: "deployments/scale",
        namespace: "cde",
        name: "api",
        client: "kubectl",
      },
    ]);
  });

  it("tells how people signed in, and who can't be told", () => {
    const by = (username: string, extra?: Record<string, string[]>) => event({ user: { username, groups: [], extra } });
    const credential = "authentication.kubernetes.io/credential-id";
    const { facts } = read(
      by("ann", { [credential]: ["JTI=11"] }),
      by("bo", { [credential]: ["X509SHA256=ab"] }),
      by("cy"),
      by("https://login.example.com#dee"),
      by("arn:aws:sts::1:assumed-role/ops/eve", { arn: ["arn:aws:sts::1:assumed-role/ops/eve"] }),
      by("system:serviceaccount:cde:api"),
    );
    expect(facts.signIns).toMatchObject({
      throughProvider: 3,
      otherwise: [{ username: "bo", method: "client certificate" }],
      undetermined: ["cy"],
    });
  });

  it("counts events that hold contents of Secrets", () => {
    const secrets = { resource: "secrets", namespace: "cde", name: "db" };
    const { facts } = read(
      event({ auditID: "body", objectRef: secrets, requestObject: { data: {} } }),
      event({ objectRef: secrets }),
      event({ requestObject: { data: {} } }),
    );
    expect(facts.auditEvents).toMatchObject({ secretEventsWithBody: 1, exampleAuditId: "body" });
    expect(JSON.stringify(facts)).not.toContain("requestObject");
  });

  it("names the days without an event", () => {
    const { log } = read(
      event({ requestReceivedTimestamp: "2026-11-17T23:59:00Z" }),
      event({ requestReceivedTimestamp: "2026-11-20T00:01:00Z" }),
    );
    expect(log).toMatchObject({ from: "2026-11-17T23:59:00.000Z", to: "2026-11-20T00:01:00.000Z" });
    expect(log.daysWithoutEvents).toEqual(["2026-11-18", "2026-11-19"]);
  });

  it("unwraps what search indices and forwarders make of a line, and an EventList", () => {
    const { log } = read(
      { _index: "audit-2026.11", _source: event() },
      { log: JSON.stringify(event()), stream: "stdout" },
      { kind: "EventList", apiVersion: "audit.k8s.io/v1", items: [event(), event()] },
    );
    expect(log.requests).toBe(4);
  });

  it("counts lines that are no event, and refuses a file without any", () => {
    const { log } = read(event(), "{ broken", '{"kind":"Pod"}');
    expect(log.unreadableLines).toBe(2);
    expect(() => auditLogImport.parse('\n{"kind":"Pod"}\n', origin)).toThrow("line 2: is no audit event");
    expect(() => auditLogImport.parse("", origin)).toThrow("holds no event");
  });
});
