/** Where policies don't count: the host network, addresses outside, a node and its own pods, a plug-in that carries out none. */
import type { PodEndpoint } from "./endpoints";
import type { DirectionAnswer } from "./evaluate-direction";
import type { PodClass } from "./pod-classes";
import { ALL_PORTS, isNoPort, NO_PORTS, subtractPorts } from "./ports";

const NOTHING_ASKED = { unknown: NO_PORTS, allowedBy: [], deniedBy: [], isolatedBy: [], doubts: [] };
/** A pod on the host network. */
export const EXEMPT_HOST: DirectionAnswer = {
  ...NOTHING_ASKED,
  allowed: ALL_PORTS,
  because: "exempt",
  ground: "The pod uses the host network, and policies do not hold it.",
};
/** An address outside. */
export const EXEMPT_ADDRESS: DirectionAnswer = {
  ...NOTHING_ASKED,
  allowed: ALL_PORTS,
  because: "exempt",
  ground: "An address outside the cluster is under no policy of it.",
};

/** A node always reaches the pods that it runs (the kubelet has to), whatever their policies say. */
export function fromNode(written: DirectionAnswer, from: PodEndpoint, to: PodEndpoint): DirectionAnswer {
  const sources = "nodes" in from ? (from as PodClass).nodes : new Set<string>();
  const targets = "nodes" in to ? (to as PodClass).nodes : new Set<string>();
  const shared = [...sources].filter((node) => targets.has(node));
  if (shared.length > 0) {
    return {
      ...written,
      allowed: ALL_PORTS,
      unknown: NO_PORTS,
      because: "exempt",
      ground: `It runs on the same node (${shared.join(", ")}), and a node reaches its own pods whatever their policies say.`,
    };
  }
  if (sources.size > 0 && targets.size > 0) return written;
  const doubt =
    "Whether both run on the same node is not known; a node reaches its own pods whatever their policies say.";
  return { ...written, unknown: subtractPorts(ALL_PORTS, written.allowed), doubts: [...written.doubts, doubt] };
}

/** What is left of an answer where policies aren't carried out, or nobody knows. */
export function underEnforcement(
  written: DirectionAnswer,
  { status, ground }: PodEndpoint["enforcement"],
): DirectionAnswer {
  if (
    status === "enforced" ||
    (written.because === "open" && written.isolatedBy.length + written.deniedBy.length === 0)
  )
    return written;
  if (status === "not-enforced")
    return { ...written, allowed: ALL_PORTS, unknown: NO_PORTS, because: "not-enforced", ground };
  const unknown = subtractPorts(ALL_PORTS, written.allowed);
  return isNoPort(unknown)
    ? written
    : { ...written, unknown, doubts: [...written.doubts, `Whether policies are carried out is not known: ${ground}`] };
}
