/**
 * scp-namespace-labelled: every namespace carries a valid PCI scope label.
 *
 * Reads: the scope label (`pci-scope` unless configured) and deletionTimestamp of every Namespace.
 * Pass: the label is present and its value is one of the three configured values; case counts.
 * Fail: the label is missing or has any other value. Other controls treat such a namespace as CDE until it is corrected.
 * Unknown: namespaces could not be listed, or (in manifests) objects lie in a namespace whose Namespace object isn't there.
 * Not applicable: the namespace is terminating; a snapshot without any namespace.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Namespace } from "@/lib/inventory/kinds";
import { SCOPE_CATEGORIES, type ScopeSettings } from "@/lib/scope/types";
import { renderManifest } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, namespaceRef } from "./population";
import { shellQuote } from "./prelude";
import type { Control, Result } from "./types";
import { shortReason } from "./short-reason";

export const scpNamespaceLabelled: Control = {
  id: "scp-namespace-labelled",
  title: "Every namespace carries a valid PCI scope label",
  severity: "high",
  requirements: [
    {
      requirement: "12.5.1",
      kind: "primary",
      rationale:
        "An inventory of in-scope components needs every namespace, the unit of the cluster, to say whether it is in scope.",
    },
    {
      requirement: "12.5.2",
      kind: "fail-only",
      rationale:
        "Scope that is not even written down can't have been confirmed; a label alone does not show that somebody confirmed it.",
    },
    {
      requirement: "12.5.2.1",
      kind: "supporting",
      rationale: "Labels give a service provider's half-yearly scope confirmation its starting list.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces"],
  rule: {
    reads: "The scope label and the deletion time of every Namespace.",
    pass: "The label is present with one of the three allowed values (case counts).",
    fail: "The label is missing or has another value; until corrected the namespace counts as CDE everywhere else.",
    unknown: "Namespaces could not be listed, or objects lie in a namespace that the manifests don't contain.",
    notApplicable: "The namespace is being deleted, or there is no namespace at all.",
    why: "A label on the object that isolates workloads is a declaration of scope that machines and people read alike, and that can be compared with what the cluster really does.",
    cannotSee: "Whether the declaration is right, and whether anybody confirmed it.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, ["namespaces"]);
    if (unreadable !== null) return [unreadable];
    const { inventory } = context;
    const results = inventory.namespaceNames.map((name) => {
      const namespace = inventory.namespaces.get(name);
      return namespace === undefined ? missingObject(name) : judge(namespace, context.scope.settings);
    });
    results.push(...invalidResults(context, ["Namespace"]));
    if (results.length > 0) return results;
    return [
      clusterResult("not-applicable", "no namespace in the snapshot", "The snapshot holds no namespace to label."),
    ];
  },
  verify({ scope }) {
    const { labelKey } = scope.settings;
    const values = SCOPE_CATEGORIES.map((category) => scope.settings.values[category]).join(",");
    return {
      command: `kubectl get ns -l ${shellQuote(`${labelKey} notin (${values})`)} -L ${shellQuote(labelKey)}`,
      expect:
        "No rows. `notin` also lists namespaces without the label; the last column shows the value that is there.",
      needs: [],
    };
  },
  remediate(context, result) {
    const { settings } = context.scope;
    const value = proposedValue(result.object.name, settings);
    return {
      summary: `Decide the category of namespace ${result.object.name}, and set it where the namespace is defined; ${value} is proposed, because it is the safe guess. The policy behind it refuses namespaces without a valid label from then on.`,
      manifest: [
        renderManifest({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: result.object.name, labels: { [settings.labelKey]: value } },
        }),
        labelPolicy(settings),
      ].join("---\n"),
      apply: "kubectl apply -f scope-label-required.yaml",
      risk: "Controllers that create namespaces without the label (preview environments, operators) are refused once the policy is bound.",
    };
  },
};

function judge(namespace: Namespace, settings: ScopeSettings): Result {
  const { name, labels, deletionTimestamp } = namespace.metadata;
  const object = namespaceRef(name);
  const value = labels?.[settings.labelKey];
  const pointer = `/metadata/labels/${settings.labelKey.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const evidence = [{ ref: refOf(namespace), pointer, ...(value === undefined ? {} : { found: value }) }];
  if (deletionTimestamp !== undefined || namespace.status?.phase === "Terminating") {
    return {
      status: "not-applicable",
      object,
      reason: "the namespace is being deleted",
      detail: `Namespace ${name} is terminating, so its label no longer matters.`,
      evidence: [{ ref: refOf(namespace), pointer: "/metadata/deletionTimestamp" }],
    };
  }
  const allowed = SCOPE_CATEGORIES.map((category) => settings.values[category]);
  if (value === undefined) {
    return {
      status: "fail",
      object,
      reason: `label ${settings.labelKey} is missing`,
      detail: `Namespace ${name} has no label ${settings.labelKey}. Allowed values are ${allowed.join(", ")}; ${proposedValue(name, settings)} is proposed for it.`,
      evidence,
    };
  }
  if (!allowed.includes(value)) {
    const near = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase().replaceAll("_", "-"));
    return {
      status: "fail",
      object,
      reason: shortReason(`label ${settings.labelKey}=${value} is not an allowed value`),
      detail: `Namespace ${name} has ${settings.labelKey}=${value}. Allowed values are ${allowed.join(", ")} (case counts)${near === undefined ? "" : `; ${near} was probably meant`}. Until it is corrected the namespace counts as CDE.`,
      evidence,
    };
  }
  return {
    status: "pass",
    object,
    reason: `${settings.labelKey}=${value}`,
    detail: `Namespace ${name} declares its scope with ${settings.labelKey}=${value}.`,
    evidence,
  };
}

function missingObject(name: string): Result {
  return {
    status: "unknown",
    object: namespaceRef(name),
    reason: "the Namespace object is not in the snapshot",
    detail: `Objects lie in namespace ${name}, but its Namespace object is not among the files, so nobody can see its labels. Add the object.`,
    evidence: [],
  };
}

/** Kubernetes' own namespaces can affect the CDE and hold no card data: connected-to. For the rest only people know. */
function proposedValue(name: string, settings: ScopeSettings): string {
  return /^(kube-|openshift-)/.test(name) ? settings.values["connected-to"] : settings.values.cde;
}

function labelPolicy(settings: ScopeSettings): string {
  const key = JSON.stringify(settings.labelKey);
  const values = JSON.stringify(SCOPE_CATEGORIES.map((category) => settings.values[category]));
  return renderManifest(
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "scope-label-required" },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["namespaces"] },
          ],
        },
        // Deleting a namespace updates its finalizers: that must stay possible for one without a label.
        matchConditions: [{ name: "not-terminating", expression: "!has(object.metadata.deletionTimestamp)" }],
        validations: [
          {
            expression: `has(object.metadata.labels) && ${key} in object.metadata.labels && object.metadata.labels[${key}] in ${values}`,
            message: `the label ${settings.labelKey} must be one of ${SCOPE_CATEGORIES.map((c) => settings.values[c]).join(", ")}`,
          },
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "scope-label-required" },
      spec: { policyName: "scope-label-required", validationActions: ["Deny"] },
    },
  );
}
