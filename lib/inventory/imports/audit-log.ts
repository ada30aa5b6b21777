/** Import of an audit log: what it shows is counted, and the events are not kept. */
import type { SignInSample } from "../imported-access";
import type { AuditLogSummary, SignInMethod } from "../imported-audit-log";
import { AuditLogCounter } from "./audit-log-summary";
import { eventsOfLine } from "./audit-events";
import { type ImportKind, ImportProblem } from "./types";

const METHOD_WORDS: Record<SignInMethod, string> = {
  "identity-provider": "identity provider",
  "client-certificate": "client certificate",
  "service-account": "service account token",
  unknown: "not known",
};

export const auditLogImport: ImportKind = {
  id: "audit-log",
  title: "Audit log",
  nature: "fact",
  description:
    "Events of the API server's audit log as JSON lines. Counted at the upload: who used which rights, how people signed in, what people changed, whether failed logins and refused requests are recorded, whether contents of Secrets are. The events themselves are not kept.",
  howToGet:
    "The file of --audit-log-path on each control-plane node (all rotated files of the period), or an export of the log store, one event a line. Leave out what is not of this cluster.",
  format: "jsonl",
  maxBytes: 64 * 1024 * 1024,
  controls: [
    "log-policy-secret-access",
    "log-policy-auth-failures",
    "rbac-unused-access",
    "auth-central-idp",
    "chg-out-of-band",
  ],
  example: `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"5f0a7e52-6f7b-4b6e-9d3c-0c7f5a1f7b11","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/cde-processing/configmaps/limits","verb":"patch","user":{"username":"ann@example.com","groups":["payments","system:authenticated"]},"sourceIPs":["192.0.2.10"],"userAgent":"kubectl/v1.34.2","objectRef":{"resource":"configmaps","namespace":"cde-processing","name":"limits","apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-11-20T09:14:02.118237Z","stageTimestamp":"2026-11-20T09:14:02.131874Z"}
`,
  parse(text, origin) {
    const counter = new AuditLogCounter();
    let firstProblem: number | null = null;
    let number = 0;
    for (const line of text.split("\n")) {
      number += 1;
      if (line.trim() === "") continue;
      const events = eventsOfLine(line);
      if (events === null) {
        counter.unreadableLines += 1;
        firstProblem ??= number;
      } else for (const event of events) counter.add(event);
    }
    const summary = counter.finish(origin);
    if (summary === null) {
      throw new ImportProblem(
        firstProblem === null
          ? "the document holds no event"
          : `line ${firstProblem}: is no audit event of audit.k8s.io/v1, and no other line is one`,
      );
    }
    const { log, sample } = summary;
    return { facts: { auditLogs: [log], auditEvents: sample, signIns: signInsOf(log) } };
  },
};

/** How the people of a log signed in. Whoever appears only as an impersonated user did not sign in. */
function signInsOf({ origin, from, to, users }: AuditLogSummary): SignInSample {
  const people = users.filter(({ kind, impersonatedBy }) => kind === "person" && impersonatedBy === undefined);
  const undetermined = people.filter(({ method }) => method === "unknown").map(({ username }) => username);
  return {
    origin,
    from,
    to,
    throughProvider: people.filter(({ method }) => method === "identity-provider").length,
    otherwise: people
      .filter(({ method }) => method !== "identity-provider" && method !== "unknown")
      .map(({ username, method }) => ({ username, method: METHOD_WORDS[method] })),
    ...(undetermined.length > 0 ? { undetermined } : {}),
  };
}
