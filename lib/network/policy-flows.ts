/**
 * The flows that one policy allows now: pairs of workloads and ranges of addresses, with the ports that get through on both sides.
 *
 * A rule whose other side is closed opens no flow and gives none; net-policies-take-effect says so.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { describeRange } from "./addresses";
import { type Endpoint, resolvePorts } from "./endpoints";
import type { Policy, Step } from "./model";
import { DIRECTIONS } from "./policies";
import { intersectPorts, isNoPort, type PortSet, subtractPorts, unionPorts } from "./ports";
import type { PodClass, Reachability } from "./reachability";

export interface PolicyFlow {
  step: Step;
  /** With the workload's own labels, which the register may tell apart. */
  from: Endpoint;
  to: Endpoint;
  /** `shop/web`, `203.0.113.0/24`. */
  fromName: string;
  toName: string;
  ports: PortSet;
  /** False when it may get through and nobody knows. */
  isCertain: boolean;
}

/** The flows of a policy over the pods for which `isJudged`; a flow counts when one of its ends does. */
export function flowsOfPolicy(
  network: Reachability,
  policy: Policy,
  isJudged: (podClass: PodClass) => boolean,
): PolicyFlow[] {
  const found: PolicyFlow[] = [];
  for (const direction of DIRECTIONS) {
    const steps = (policy.parts[direction]?.steps ?? []).filter(({ action }) => action === "allow");
    if (steps.length === 0) continue;
    const named = new Map(steps.map((step) => [step, network.named(step.peers)]));
    for (const own of network.selectedBy(policy)) {
      for (const step of steps) {
        for (const peer of named.get(step) ?? []) {
          if (!isJudged(own) && !isJudged(peer)) continue;
          const [from, to] = direction === "Ingress" ? [peer, own] : [own, peer];
          const connection = network.between(from, to);
          // A node reaches its own pods without any rule.
          if ((direction === "Ingress" ? connection.ingress : connection.egress).because === "exempt") continue;
          const possible = unionPorts(connection.allowed, connection.unknown);
          const ports = intersectPorts(resolvePorts(step.ports, to), possible);
          if (isNoPort(ports)) continue;
          const isCertain = isNoPort(subtractPorts(ports, connection.allowed));
          for (const a of workloadsOf(from)) {
            for (const b of workloadsOf(to)) {
              if (a === b && from === to && (a.pods.length === 1 || from.members.length === 1)) continue;
              found.push({
                step,
                from: { ...from, labels: a.labels },
                to: { ...to, labels: b.labels },
                fromName: nameOf(a),
                toName: nameOf(b),
                ports,
                isCertain,
              });
            }
          }
        }
        if (isJudged(own)) found.push(...outsideFlows(network, own, step, direction));
      }
    }
  }
  return found;
}

function outsideFlows(network: Reachability, own: PodClass, step: Step, direction: "Ingress" | "Egress"): PolicyFlow[] {
  return network.outside(own, direction).flatMap(({ range, answer }) => {
    if (!answer.allowedBy.includes(step)) return [];
    const outside: Endpoint = { kind: "address", range };
    const ports = intersectPorts(
      resolvePorts(step.ports, direction === "Ingress" ? own : outside),
      unionPorts(answer.allowed, answer.unknown),
    );
    if (isNoPort(ports)) return [];
    const isCertain = isNoPort(subtractPorts(ports, answer.allowed));
    return workloadsOf(own).map((workload): PolicyFlow => {
      const end = { ...own, labels: workload.labels };
      const [from, to] = direction === "Ingress" ? [outside, end] : [end, outside];
      const [fromName, toName] =
        direction === "Ingress" ? [describeRange(range), nameOf(workload)] : [nameOf(workload), describeRange(range)];
      return { step, from, to, fromName, toName, ports, isCertain };
    });
  });
}

function workloadsOf({ members }: PodClass): Workload[] {
  return [...new Set(members.map(({ workload }) => workload))];
}
function nameOf({ namespace, ref }: Workload): string {
  return `${namespace}/${ref.name}`;
}
