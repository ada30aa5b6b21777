/** What an entry of the audit trail says somebody did, after their name. */
const ACTIONS: Readonly<Record<string, string>> = {
  "organization:create": "created the organization",
  "project:create": "created a project",
  "member:invite": "invited somebody",
  "invitation:accept": "accepted an invitation",
  "invitation:revoke": "took an invitation back",
  "member:revoke": "ended a membership",
  "session:sign-in": "signed in",
  "session:sign-out": "signed out",
  "session:end": "ended a session",
  "cluster:register": "registered a cluster",
  "cluster:enrol-again": "made a new enrolment command",
  "cluster:revoke": "revoked the agent",
  "cluster:delete": "removed a cluster",
  "cluster:rescan": "asked for a scan",
  "agent:enrol": "enrolled",
  "agent:rotate-key": "changed its key",
  "agent:quarantine": "was put in quarantine",
  "agent:request": "sent a request",
  "snapshot:announce": "announced an inventory",
  "snapshot:upload": "sent a part of an inventory",
  "snapshot:commit": "finished an inventory",
  "snapshot:refuse": "sent an inventory that was refused",
  "snapshot:gap": "left inventories out",
  "scan:evaluate": "evaluated a scan",
  "scan:again": "began to evaluate the last snapshot again",
  "scan:fail": "could not evaluate a scan",
  "package:create": "downloaded an evidence package",
  "finding:triage": "triaged a finding",
  "scope:update": "changed the scope",
  "import:create": "uploaded a document",
  "import:refuse": "uploaded a document that holds a secret",
  "import:withdraw": "withdrew a document",
  "catalog:activate": "activated a catalogue version",
  "page:open": "opened a page",
  "request:refuse": "sent a request",
};

/** The words for an action, or null for one that this release does not know. */
export function actionWords(action: string): string | null {
  return ACTIONS[action] ?? null;
}
