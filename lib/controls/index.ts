/** Every control that this release evaluates, in catalogue order. Explicit, because a check nobody calls finds nothing. */
import { netCniEnforcesPolicy } from "./net-cni-enforces-policy";
import { netDefaultDenyEgress } from "./net-default-deny-egress";
import { netDefaultDenyIngress } from "./net-default-deny-ingress";
import { netNoBroadAllow } from "./net-no-broad-allow";
import { scpNamespaceLabelled } from "./scp-namespace-labelled";
import type { Control } from "./types";

export const CONTROLS: readonly Control[] = [
  scpNamespaceLabelled,
  netCniEnforcesPolicy,
  netDefaultDenyIngress,
  netDefaultDenyEgress,
  netNoBroadAllow,
];

const BY_ID = new Map(CONTROLS.map((control) => [control.id, control]));

/** The control of that id, or null when this release has none. */
export function findControl(id: string): Control | null {
  return BY_ID.get(id) ?? null;
}
