/**
 * Whether the cluster holds nothing but CDE and connected-to namespaces, so that no node of it can be shared with others.
 *
 * Namespaces of the system itself don't count, nor does `default` while it runs nothing.
 */
import type { Provider } from "@/lib/inventory/snapshot";
import type { EvaluationContext } from "./types";

export interface Dedication {
  /** `unknown`: a namespace without label, or whose scope isn't known, could be anything; files show only some namespaces. */
  status: "dedicated" | "shared" | "unknown";
  /** Out of scope, in name order. */
  foreign: string[];
  /** Without a label, or of unknown scope. */
  unlabelled: string[];
  /** CDE and connected-to, those of the system left out. */
  inside: string[];
}

const SYSTEM = /^(kube-system|kube-public|kube-node-lease)$/;
/** Namespaces that a provider runs by itself; elsewhere anybody could have chosen such a name. */
const OF_PROVIDER: Partial<Record<Provider, RegExp>> = {
  openshift: /^openshift(-.*)?$/,
  gke: /^(gke-managed-.*|gmp-system|gmp-public)$/,
};

export function dedicationOf({ inventory, scope }: EvaluationContext): Dedication {
  const isDefaultEmpty = inventory.readable("pods").known && inventory.workloadsIn("default").length === 0;
  const own = scope.namespaces.filter(
    ({ namespace }) =>
      !SYSTEM.test(namespace) &&
      OF_PROVIDER[inventory.provider]?.test(namespace) !== true &&
      !(namespace === "default" && isDefaultEmpty),
  );
  const foreign = own.filter(({ category }) => category === "out-of-scope").map(({ namespace }) => namespace);
  const unlabelled = own
    .filter(({ category, reasons }) => category === "undeclared" || reasons.some((r) => r.code === "missing-label"))
    .map(({ namespace }) => namespace);
  const inside = own.map(({ namespace }) => namespace).filter((n) => !foreign.includes(n) && !unlabelled.includes(n));
  const isWhole = inventory.snapshot.source !== "manifests" && inventory.readable("namespaces").known;
  const status = foreign.length > 0 ? "shared" : unlabelled.length > 0 || !isWhole ? "unknown" : "dedicated";
  return { status, foreign, unlabelled, inside };
}
