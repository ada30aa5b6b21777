/**
 * Declared flows of the register, held against the two ends of a connection.
 *
 * An entry covers pods of its namespace that carry its labels, or addresses inside its block; a domain name covers nothing, because
 * only run time turns it into addresses. Which entries count (approved, not expired) is the caller's to choose.
 */
import type { Approval, Registers } from "@/lib/inventory/registers";
import { isApprovedAt } from "@/lib/inventory/registers";
import type { Flow, FlowEnd } from "@/lib/inventory/registers/flows";
import { matchesLabels } from "@/lib/inventory/selectors";
import { containsRange, parseBlock } from "./addresses";
import type { Endpoint } from "./endpoints";
import { NO_PORTS, type PortSet, portsOf, unionPorts } from "./ports";

/** The entries that were approved and hold at `asOf`. */
export function approvedFlows(registers: Registers | undefined, asOf: string): Flow[] {
  return (registers?.flows ?? []).filter((flow) => isFlowApproved(flow, asOf));
}

/** True for an entry with an approver, from its approval until it expires. */
export function isFlowApproved(flow: Flow, asOf: string): boolean {
  const { approvedBy, approvedAt, expiresAt, reason } = flow;
  if (approvedBy === undefined || approvedAt === undefined) return false;
  const approval: Approval = { reason, approvedBy, approvedAt, expiresAt };
  return isApprovedAt(approval, asOf);
}

/** The ports on which the entries cover a connection. */
export function coveredPorts(flows: readonly Flow[], from: Endpoint, to: Endpoint): PortSet {
  return flows
    .filter((flow) => isEnd(flow.from, from) && isEnd(flow.to, to))
    .reduce<PortSet>((ports, flow) => unionPorts(ports, portsOfFlow(flow)), NO_PORTS);
}

/** Whether an end of an entry is about the pod or the whole range of addresses. */
export function isEnd(end: FlowEnd, endpoint: Endpoint): boolean {
  if ("domain" in end) return false;
  if ("cidr" in end) {
    if (endpoint.kind !== "address") return false;
    const block = parseBlock(end.cidr);
    return block !== null && containsRange(block, endpoint.range);
  }
  return (
    endpoint.kind === "pod" &&
    end.namespace === endpoint.namespace &&
    endpoint.labels !== null &&
    matchesLabels(end.labels, endpoint.labels)
  );
}

/** The ports of an entry. */
export function portsOfFlow({ protocol, ports }: Flow): PortSet {
  return ports.reduce<PortSet>((set, port) => {
    const [first = 0, last = first] = typeof port === "number" ? [port] : port.split("-").map(Number);
    return unionPorts(set, portsOf(protocol, first, last));
  }, NO_PORTS);
}

/** `cde-payment (app=payment-api)`, `203.0.113.0/24` or a domain name. */
export function describeEnd(end: FlowEnd): string {
  if ("domain" in end) return end.domain;
  if ("cidr" in end) return end.cidr;
  const labels = Object.entries(end.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return `${end.namespace}${labels.length > 0 ? ` (${labels.join(", ")})` : ""}`;
}
