/** What one result of a control is about, in words that a table or a sentence can carry. */
const JUDGED: Readonly<Record<string, string>> = {
  networkpolicy: "network policy",
  serviceaccount: "service account",
  daemonset: "DaemonSet",
  "log-store": "log store",
  policy: "policy engine or policy",
  component: "component",
  subject: "person, group or account",
  flow: "network flow",
};

/** The word for what a control judges; most are words already. */
export function judgedWord(judges: string): string {
  return JUDGED[judges] ?? judges;
}
