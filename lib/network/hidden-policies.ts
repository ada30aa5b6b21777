/**
 * Policies that exist or may exist and can't be read: their section was refused, or the object isn't valid.
 *
 * Such a policy may allow or deny anything to the pods that it may be about, so that every answer about them is unknown where it
 * would have mattered.
 */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import { EVERY_LABEL_SET } from "./label-tests";
import type { NamespaceTest, Policy, Step, Tier, Tri } from "./model";
import { DIRECTIONS } from "./policies";
import { ALL_PORTS } from "./ports";

export function hiddenPolicy(
  ref: ResourceRef,
  tier: Tier,
  doubt: string,
  namespaces: NamespaceTest = { kind: "labelled", labels: EVERY_LABEL_SET },
  isolates: Tri = "no",
): Omit<Policy, "index"> {
  const out: Omit<Policy, "index"> = {
    ref,
    tier,
    order: Number.NEGATIVE_INFINITY,
    rank: "",
    appliesTo: { namespaces, pods: EVERY_LABEL_SET, certain: false },
    parts: { Ingress: null, Egress: null },
    doubts: [doubt],
  };
  for (const direction of DIRECTIONS) {
    const step = (action: Step["action"]): Step => ({
      action,
      peers: [{ kind: "unread" }],
      ports: { numbers: ALL_PORTS, named: [] },
      isCertain: false,
      doubt,
      policy: out as Policy,
      pointer: "/spec",
    });
    out.parts[direction] = { isolates, steps: [step("allow"), step("deny")] };
  }
  return out;
}

/**
 * What a section hides: all of it when it was refused or broke off, and its invalid objects. A section that nobody asked for is
 * no sign of an engine.
 */
export function hiddenIn(
  inventory: Inventory,
  section: SectionName,
  kind: { groups: RegExp; kind: string; tier: Tier },
): Omit<Policy, "index">[] {
  const readable = inventory.readable(section);
  const refused =
    readable.known || readable.status === "not-collected"
      ? []
      : [
          hiddenPolicy(
            { apiVersion: "v1", kind: kind.kind, name: "*" },
            kind.tier,
            `${kind.kind} objects could not be read (${readable.message})`,
          ),
        ];
  const invalid = inventory.invalid
    .filter((object) => object.kind === kind.kind && kind.groups.test(object.apiVersion))
    .map(({ apiVersion, name, namespace, problem }) =>
      hiddenPolicy(
        { apiVersion, kind: kind.kind, name, ...(namespace === undefined ? {} : { namespace }) },
        kind.tier,
        `${kind.kind} ${name} is not valid: ${problem}`,
        namespace === undefined ? undefined : { kind: "named", name: namespace },
      ),
    );
  return [...refused, ...invalid];
}
