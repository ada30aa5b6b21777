/**
 * Could a pod with labels of its owner's choice reach another one, or be reached by it?
 *
 * Whoever may create pods in a namespace chooses their labels, so that a rule for "pods with app=web" holds back nobody there. The
 * question is asked twice: first for labels that nobody knows, where every test of labels may go either way: what is denied then
 * is denied to all, what is allowed then is allowed to all. In between, the combinations of values that the policies can tell
 * apart are tried; the first that gets through is shown as the example.
 */
import type { Labels } from "@/lib/inventory/selectors";
import { matchNamespace, type PodEndpoint } from "./endpoints";
import type { LabelTest, Policy } from "./model";
import type { Direction } from "./policies";
import type { Connection, PodClass, Reachability } from "./reachability";
import { isNoPort } from "./ports";

export interface AnyLabelsAnswer {
  status: "reachable" | "unreachable" | "unknown";
  /** Labels that get through; empty when any do; null when unreachable or none was found. */
  labels: Labels | null;
  /** The connection with those labels, or with any. */
  connection: Connection;
}

/** Most combinations of label values that are tried. */
const MOST_COMBINATIONS = 2_000;

/** `direction` Egress: from the namespace to the pod; Ingress: from the pod into the namespace. */
export function reachWithAnyLabels(
  network: Reachability,
  namespace: string,
  other: PodClass,
  direction: Direction = "Egress",
): AnyLabelsAnswer {
  const ask = (labels: Labels | null): Connection => {
    const pod = network.hypotheticalPod(namespace, labels);
    return direction === "Egress" ? network.between(pod, other) : network.between(other, pod);
  };
  const any = ask(null);
  if (!isNoPort(any.allowed)) return { status: "reachable", labels: {}, connection: any };
  if (isNoPort(any.unknown)) return { status: "unreachable", labels: null, connection: any };

  // Pods that run have labels that somebody chose.
  for (const running of network.classesIn(namespace)) {
    if (running.isHostNetwork) continue;
    const connection = direction === "Egress" ? network.between(running, other) : network.between(other, running);
    if (!isNoPort(connection.allowed)) return { status: "reachable", labels: chosen(running.labels), connection };
  }

  let best: AnyLabelsAnswer | null = null;
  const { choices, isWhole } = choicesOf(network, namespace, other, direction);
  for (const labels of choices) {
    const connection = ask(labels);
    if (!isNoPort(connection.allowed)) return { status: "reachable", labels, connection };
    if (best === null && !isNoPort(connection.unknown)) best = { status: "unknown", labels, connection };
  }
  if (best !== null) return best;
  return isWhole
    ? { status: "unreachable", labels: null, connection: ask({}) }
    : { status: "unknown", labels: null, connection: any };
}

/** What a pod has because of where it lies: nobody's choice. */
const GIVEN = new Set(["projectcalico.org/namespace", "projectcalico.org/orchestrator"]);
function chosen(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => !GIVEN.has(key) && key !== "projectcalico.org/serviceaccount"),
  );
}

/** Label sets that differ in what some policy of either side can tell, fewest labels first. */
function choicesOf(
  network: Reachability,
  namespace: string,
  other: PodClass,
  direction: Direction,
): { choices: Labels[]; isWhole: boolean } {
  const theirs = direction === "Egress" ? "Ingress" : "Egress";
  const space = network.hypotheticalPod(namespace, null);
  const tests = [
    ...network
      .policiesOnNamespace(namespace)
      .flatMap(({ parts, appliesTo }) => (parts[direction] === null ? [] : [appliesTo.pods])),
    ...network.policiesOn(other, theirs).flatMap((policy) => peerTests(policy, theirs, space)),
  ].filter((test) => !test.isEvery);
  const domains = new Map<string, Set<string>>();
  for (const { mentions } of tests) {
    for (const [key, values] of mentions) {
      if (GIVEN.has(key)) continue;
      const known = domains.get(key) ?? new Set();
      for (const value of values) known.add(value);
      domains.set(key, known);
    }
  }
  let choices: Labels[] = [{}];
  for (const [key, values] of domains) {
    const added: Labels[] = [];
    for (const labels of choices) {
      // A value that no policy names stands for all the others.
      for (const value of [...values, "any-other"]) added.push({ ...labels, [key]: value });
    }
    choices = [...choices, ...added];
    if (choices.length > MOST_COMBINATIONS)
      return { choices: [...choices.slice(0, MOST_COMBINATIONS), ...single(tests)], isWhole: false };
  }
  return { choices: choices.sort((a, b) => Object.keys(a).length - Object.keys(b).length), isWhole: true };
}

/** For each test the smallest label sets that could pass it: one value of each key that it mentions. */
function single(tests: readonly LabelTest[]): Labels[] {
  return tests.map(({ mentions }) =>
    Object.fromEntries([...mentions].map(([key, values]) => [key, values[0] ?? "any-other"])),
  );
}

/** The tests of the policy's rules that may be about pods of the namespace. */
function peerTests(policy: Policy, direction: Direction, space: PodEndpoint): LabelTest[] {
  return (policy.parts[direction]?.steps ?? []).flatMap(({ peers }) =>
    peers.flatMap((peer) =>
      peer.kind === "pods" && matchNamespace(peer.namespaces, space) !== "no" ? [peer.pods] : [],
    ),
  );
}
