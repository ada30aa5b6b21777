/**
 * What each admission policy of a cluster does in one namespace, for three engines: Kyverno, Gatekeeper, and the API server's own
 * ValidatingAdmissionPolicy.
 *
 * A policy counts where it denies, is loaded, its engine's webhook is asked, and it applies to pods of the namespace without a condition that this room can't judge.
 * What it would refuse is found by asking it (admission-outcomes.ts); a body in a language that is not understood (JMESPath
 * conditions, CEL, Rego of an own template) can only be "possible", and is proven by a canary alone.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import { UNSIGNED } from "./admission-outcomes";
import { gatekeeperCovers } from "./gatekeeper-constraints";
import { kyvernoCovers } from "./kyverno-policies";
import type { NamespaceUnderPolicy, PolicyCover } from "./policy-cover";
import { vapCovers } from "./validating-admission-policies";

export const POLICY_SECTIONS = [
  "kyverno-clusterpolicies",
  "kyverno-policies",
  "gatekeeper-constrainttemplates",
  "gatekeeper-constraints",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
] as const;

/** Every rule of every engine that says something about pods of the namespace. */
export function policyCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  return [
    ...kyvernoCovers(inventory, namespace).map((cover) => underWebhook(inventory, namespace, cover, "Kyverno")),
    ...gatekeeperCovers(inventory, namespace).map((cover) => underWebhook(inventory, namespace, cover, "Gatekeeper")),
    ...vapCovers(inventory, namespace),
  ];
}

/**
 * A policy of an engine is carried out by the engine's webhook. Where the API server's list of webhooks holds none that is asked about
 * new pods of the namespace (the engine was taken away, a label exempts the namespace), the policy is only an object; where it
 * isn't asked about debug containers, these get past it. Files hold no webhooks of a running engine, so nothing is asked of them.
 */
export function underWebhook(
  inventory: Inventory,
  namespace: NamespaceUnderPolicy,
  cover: PolicyCover,
  engine: "Kyverno" | "Gatekeeper",
): PolicyCover {
  if (cover.gap !== null || inventory.snapshot.source === "manifests") return cover;
  // Signatures are checked when the image's digest is written into the pod.
  const isSignature = cover.probes.includes(UNSIGNED.id);
  const sections = isSignature
    ? (["validatingwebhookconfigurations", "mutatingwebhookconfigurations"] as const)
    : VALIDATING;
  if (!inventory.readable(...sections).known) return cover;
  const rules = sections
    .flatMap((section) => inventory.list(section))
    .filter((configuration) => configuration.metadata.name.toLowerCase().includes(engine.toLowerCase()))
    .flatMap((configuration) => configuration.webhooks ?? [])
    .filter(
      ({ namespaceSelector, objectSelector }) =>
        (namespaceSelector === undefined || matchesSelector(namespaceSelector, namespace.labels)) &&
        (objectSelector === undefined || isEmptySelector(objectSelector)),
    )
    .flatMap((webhook) => webhook.rules ?? []);
  const asks = (operation: string, ...resources: string[]) =>
    rules.some(
      (rule) =>
        [operation, "*"].some((o) => rule.operations?.includes(o)) &&
        resources.some((r) => rule.resources?.includes(r)),
    );
  if (!asks("CREATE", "pods", "*", "*/*")) {
    return { ...cover, gap: `no webhook of ${engine} is asked about new pods of the namespace` };
  }
  if (asks("UPDATE", "pods/ephemeralcontainers", "pods/*", "*/ephemeralcontainers", "*/*")) return cover;
  return { ...cover, probes: cover.probes.filter((id) => !id.includes("ephemeralContainers")) };
}

const VALIDATING = ["validatingwebhookconfigurations"] as const;
