/** The grounds of an answer as sentences: which rules allow, which deny, which policies close, and what isn't known. */
import type { DirectionAnswer } from "./evaluate-direction";
import type { Policy, Step } from "./model";
import type { Connection } from "./reachability";
import { describePorts, isNoPort } from "./ports";

/** `NetworkPolicy cde/allow-web ingress[0]`. */
export function nameOfStep({ policy, pointer }: Step): string {
  return `${nameOfPolicy(policy)} ${pointer
    .replace(/^\/spec\/?/, "")
    .replace(/\/(\d+)/g, "[$1]")
    .replaceAll("/", ".")}`.trimEnd();
}
/** `NetworkPolicy cde/allow-web`. */
export function nameOfPolicy({ ref }: Policy): string {
  return `${ref.kind} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** One sentence for each side, and one for each doubt. */
export function explainConnection(connection: Connection): string[] {
  return [
    `Egress: ${explainSide(connection.egress, "leave")}`,
    `Ingress: ${explainSide(connection.ingress, "enter")}`,
    ...new Set([...connection.egress.doubts, ...connection.ingress.doubts].map((doubt) => `Not known: ${doubt}.`)),
  ];
}

/** What one side says, in one sentence. */
export function explainSide(answer: DirectionAnswer, verb: "leave" | "enter"): string {
  const { allowedBy, deniedBy, isolatedBy, because, ground } = answer;
  if (because === "exempt") return ground;
  if (because === "not-enforced") return `any port may ${verb}, because policies have no effect here: ${ground}`;
  const parts: string[] = [];
  if (allowedBy.length > 0) parts.push(`allowed by ${names(allowedBy.map(nameOfStep))}`);
  if (deniedBy.length > 0) parts.push(`denied by ${names(deniedBy.map(nameOfStep))}`);
  if (because === "open") parts.push("no policy isolates the pod, so what no rule denies is open");
  else if (allowedBy.length === 0 && isolatedBy.length > 0)
    parts.push(`closed: ${names(isolatedBy.map(nameOfPolicy))} isolates the pod and nothing allows it`);
  const ports = isNoPort(answer.allowed) ? "nothing" : describePorts(answer.allowed);
  return `${ports} may ${verb}${parts.length > 0 ? ` (${parts.join("; ")})` : ""}.`;
}

function names(all: readonly string[]): string {
  const distinct = [...new Set(all)];
  return distinct.length <= 4
    ? distinct.join(", ")
    : `${distinct.slice(0, 4).join(", ")} and ${distinct.length - 4} more`;
}
