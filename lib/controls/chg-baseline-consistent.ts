/**
 * Clusters and CDE namespaces follow one versioned baseline.
 *
 * Reads: the register's baseline; labels, default-deny policies, ResourceQuotas, LimitRanges and roles of each CDE namespace; add-ons
 * and flags of the cluster.
 * Pass, for a namespace and for the cluster: every item of the baseline is there, at the declared version.
 * Fail: an item is missing or different, or the version is an older one outside a rollout. ResourceQuota and LimitRange alone: low.
 * Unknown: no baseline is defined, its approval has run out, or something it asks for could not be read.
 * Not applicable: a cluster without CDE.
 *
 * Quotas and limits keep a namespace from starving others; PCI DSS does not ask for them by name. While a rollout lasts, the version
 * before the declared one is accepted. An exception stands beside a failed result and never makes it a pass.
 */
import { componentFlags } from "@/lib/inventory/flags";
import { refOf } from "@/lib/inventory/inventory";
import { type Baseline, endOf, isApprovedAt } from "@/lib/inventory/registers";
import type { SectionName } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { namespaceIsolation } from "@/lib/network/isolation";
import { type ManifestObject, renderManifest } from "./manifest";
import {
  clusterResult,
  findUndeclared,
  findUnreadable,
  namespaceRef,
  nameSome,
  noNamespaceResult,
  undeclaredNamespaces,
} from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { imagesOf } from "./audit-shippers";

export const chgBaselineConsistent: Control = {
  id: "chg-baseline-consistent",
  title: "Clusters and CDE namespaces follow one versioned baseline",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale: "The baseline is the configuration standard in a form that each cluster can be compared with.",
    },
    {
      requirement: "1.2.1",
      kind: "supporting",
      rationale: "The default-deny policies of the baseline are standards for network controls.",
    },
    {
      requirement: "12.5.1",
      kind: "supporting",
      rationale: "The baseline lists the components that each cluster holds.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "A deviation from the baseline is a change that was not rolled out.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces"],
  rule: {
    reads:
      "The approved baseline; labels, policies, quotas, limits and roles of CDE namespaces; add-ons and control-plane flags.",
    pass: "Every item of the baseline is there at the declared version.",
    fail: "An item is missing or different, or the version is older (low where only quotas or limits are missing).",
    unknown: "No baseline is defined, or what it asks for could not be read.",
    notApplicable: "Only in a cluster without CDE.",
    why: "A namespace that was made by hand lacks what the others have, and nobody sees it until somebody compares.",
    cannotSee: "Whether the baseline is a good one; items that it does not name.",
  },
  evaluate,
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `for n in $(echo "$CDE" | jq -r '.[]'); do echo "$n quota=$(kubectl get resourcequota -n "$n" --no-headers 2>/dev/null | wc -l | tr -d ' ') limits=$(kubectl get limitrange -n "$n" --no-headers 2>/dev/null | wc -l | tr -d ' ') netpol=$(kubectl get networkpolicy -n "$n" --no-headers 2>/dev/null | wc -l | tr -d ' ') roles=$(kubectl get roles -n "$n" -o name | cut -d/ -f2 | paste -sd, -)"; done`,
      'kubectl get ns -o json | jq -r \'.items[]|[.metadata.name,(.metadata.labels//{}|to_entries|map("\\(.key)=\\(.value)")|join(","))]|@tsv\'',
    ),
    expect:
      "Each CDE namespace has what the baseline names, and the same as its neighbours. Compare with the baseline document.",
    needs: [],
  }),
  remediate,
};

interface Deviation {
  words: string;
  evidence: EvidencePointer;
  isMinor?: boolean;
}

function evaluate(context: EvaluationContext): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory("cde");
  const unknown = undeclaredNamespaces(context);
  if (names.length === 0) return unknown.length > 0 ? unknown : [noNamespaceResult(["cde"])];
  const baseline = context.registers?.baseline;
  if (baseline === undefined) {
    return [
      clusterResult(
        "unknown",
        "no baseline is defined",
        "The register holds no baseline, so there is nothing to compare with. Define the labels, policies, quotas, roles, add-ons and flags that each cluster and CDE namespace has to hold.",
      ),
      ...unknown,
    ];
  }
  if (!isApprovedAt(baseline, context.asOf)) {
    return [
      clusterResult(
        "unknown",
        "the baseline is not approved at this time",
        `Baseline ${baseline.name} ${baseline.version} was approved at ${baseline.approvedAt}${baseline.expiresAt === undefined ? "" : ` until ${baseline.expiresAt}`}, which does not cover ${context.asOf}. Approve it again.`,
      ),
      ...unknown,
    ];
  }
  return [
    ...names.map((name) => judgeNamespace(context, name, baseline)),
    judgeClusterItems(context, baseline),
    ...unknown,
  ];
}

/** Sections that the baseline's items for namespaces need. */
function sectionsOf({ namespaces }: Baseline): SectionName[] {
  return [
    ...(namespaces.defaultDeny.length > 0 ? (["networkpolicies", "pods"] as const) : []),
    ...(namespaces.hasResourceQuota ? (["resourcequotas"] as const) : []),
    ...(namespaces.hasLimitRange ? (["limitranges"] as const) : []),
    ...(namespaces.roles.length > 0 ? (["roles"] as const) : []),
  ];
}

function judgeNamespace(context: EvaluationContext, name: string, baseline: Baseline): Result {
  const { inventory, asOf } = context;
  const object = namespaceRef(name);
  const unreadable = findUnreadable(context, sectionsOf(baseline));
  const namespace = inventory.namespaces.get(name);
  if (namespace === undefined) {
    return {
      status: "unknown",
      object,
      reason: "its labels are not known",
      detail: `There is no Namespace object ${name} in what was read, so its labels cannot be compared with the baseline.`,
      evidence: [],
    };
  }
  const labels = namespace.metadata.labels ?? {};
  const at = (pointer: string, found?: string): EvidencePointer => ({
    ref: refOf(namespace),
    pointer,
    ...(found === undefined ? {} : { found }),
  });
  const deviations: Deviation[] = [];
  const doubts: string[] = [];
  const { namespaces: items, versionLabel } = baseline;
  for (const [key, wanted] of Object.entries(items.labels)) {
    const found = labels[key];
    if (found !== undefined && (wanted === null || found === wanted)) continue;
    const words =
      found === undefined
        ? `label ${key} is missing${wanted === null ? "" : ` (${wanted})`}`
        : `label ${key} is ${found}, not ${wanted ?? ""}`;
    deviations.push({ words, evidence: at(`/metadata/labels/${escape(key)}`, found) });
  }
  if (versionLabel !== undefined) {
    const found = labels[versionLabel];
    const isRollout = baseline.rolloutUntil !== undefined && Date.parse(asOf) < endOf(baseline.rolloutUntil);
    const isAccepted =
      found === baseline.version || (isRollout && found === baseline.previousVersion && found !== undefined);
    if (!isAccepted) {
      deviations.push({
        words:
          found === undefined
            ? `it names no version (label ${versionLabel})`
            : `it follows version ${found}, not ${baseline.version}`,
        evidence: at(`/metadata/labels/${escape(versionLabel)}`, found),
      });
    }
  }
  if (unreadable === null) {
    for (const direction of items.defaultDeny) {
      const isolation = namespaceIsolation(inventory, name, direction === "ingress" ? "Ingress" : "Egress");
      if (isolation.denies.length + isolation.otherDenies.length > 0) continue;
      const doubtful = [
        ...isolation.unparsed.map((ref) => `${ref.kind} ${ref.name}`),
        ...isolation.unreadable.map(({ section }) => section),
      ];
      if (doubtful.length > 0)
        doubts.push(`whether a default deny of ${direction} stands in ${nameSome(doubtful, 3)} is not known`);
      else deviations.push({ words: `no default deny of ${direction}`, evidence: at("") });
    }
    const hasIn = (section: "resourcequotas" | "limitranges") =>
      inventory.list(section).some((one) => namespaceOf(one) === name);
    if (items.hasResourceQuota && !hasIn("resourcequotas"))
      deviations.push({ words: "no ResourceQuota", evidence: at(""), isMinor: true });
    if (items.hasLimitRange && !hasIn("limitranges"))
      deviations.push({ words: "no LimitRange", evidence: at(""), isMinor: true });
    const roles = new Set(
      inventory
        .list("roles")
        .filter((role) => namespaceOf(role) === name)
        .map(({ metadata }) => metadata.name),
    );
    for (const role of items.roles) {
      if (!roles.has(role)) deviations.push({ words: `no role ${role}`, evidence: at("") });
    }
  }
  if (deviations.length > 0) {
    return {
      status: "fail",
      object,
      ...(deviations.every(({ isMinor }) => isMinor) ? { severity: "low" as const } : {}),
      reason: shortReason(
        deviations.length === 1
          ? (deviations[0]?.words ?? "")
          : `${deviations.length} items deviate: ${deviations[0]?.words ?? ""}`,
      ),
      detail: `Namespace ${name} deviates from baseline ${baseline.name} ${baseline.version}: ${deviations.map(({ words }) => words).join("; ")}.`,
      evidence: deviations.map(({ evidence }) => evidence),
    };
  }
  if (unreadable !== null) return { ...unreadable, object };
  if (doubts.length > 0) {
    return {
      status: "unknown",
      object,
      reason: shortReason(doubts[0] ?? ""),
      detail: `Namespace ${name} has every other item of baseline ${baseline.name} ${baseline.version}, but ${doubts.join("; ")}. Write the default deny as a NetworkPolicy to make it known.`,
      evidence: [at("")],
    };
  }
  return {
    status: "pass",
    object,
    reason: `as baseline ${baseline.name} ${baseline.version} says`,
    detail: `Namespace ${name} has every item of baseline ${baseline.name} ${baseline.version}, approved by ${baseline.approvedBy}.`,
    evidence: [
      at("/metadata/labels"),
      { ref: CLUSTER_REF, pointer: "/registers/baseline/version", found: baseline.version },
    ],
  };
}

function judgeClusterItems(context: EvaluationContext, baseline: Baseline): Result {
  const { inventory } = context;
  const unreadable =
    baseline.addOns.length > 0 ? findUnreadable(context, ["deployments", "daemonsets", "statefulsets"]) : null;
  const deviations: Deviation[] = [];
  const gaps: string[] = [];
  const at = (pointer: string): EvidencePointer => ({ ref: CLUSTER_REF, pointer: `/registers/baseline${pointer}` });
  for (const [i, addOn] of baseline.addOns.entries()) {
    const workload = inventory.workloads.find(
      ({ ref, namespace }) => ref.kind === addOn.kind && ref.name === addOn.name && namespace === addOn.namespace,
    );
    if (workload === undefined) {
      if (unreadable !== null) gaps.push(unreadable.reason);
      else
        deviations.push({
          words: `${addOn.kind} ${addOn.namespace}/${addOn.name} is missing`,
          evidence: at(`/addOns/${i}`),
        });
      continue;
    }
    const images = imagesOf(workload);
    const { version } = addOn;
    if (
      version !== undefined &&
      !images.some(
        (image) => image.endsWith(`:${version}`) || image.endsWith(`@${version}`) || image.includes(`:${version}@`),
      )
    ) {
      deviations.push({
        words: `${addOn.kind} ${addOn.namespace}/${addOn.name} runs ${nameSome(images, 2)}, not version ${version}`,
        evidence: { ref: workload.ref, pointer: "/spec", found: nameSome(images, 2) },
      });
    }
  }
  for (const { component, flag, value } of baseline.flags) {
    const flags = componentFlags(inventory, component);
    if (!flags.visible) {
      gaps.push(`flags of ${component} are not visible`);
      continue;
    }
    for (const instance of flags.instances) {
      const setting = instance.flags.get(flag);
      if (setting?.value === value) continue;
      if (setting !== undefined && setting.value === null) {
        gaps.push(`--${flag} of ${instance.ref.name} is not visible`);
        continue;
      }
      deviations.push({
        words: `${instance.ref.name} runs with --${flag} ${setting === undefined ? "not set" : (setting.value ?? "")}, not ${value}`,
        evidence: {
          ref: instance.ref,
          pointer: setting?.pointer ?? instance.pointer,
          found: setting?.value ?? "not set",
        },
      });
    }
    for (const node of flags.hiddenNodes) gaps.push(`${component} on ${node} is not visible`);
  }
  const subject = `baseline ${baseline.name} ${baseline.version}`;
  if (deviations.length > 0) {
    return {
      ...clusterResult(
        "fail",
        shortReason(deviations[0]?.words ?? ""),
        `The cluster deviates from ${subject}: ${deviations.map(({ words }) => words).join("; ")}.`,
      ),
      evidence: deviations.map(({ evidence }) => evidence),
    };
  }
  if (gaps.length > 0) {
    const distinct = [...new Set(gaps)];
    return clusterResult(
      "unknown",
      shortReason(distinct[0] ?? ""),
      `What could be seen is as ${subject} says, but ${distinct.join("; ")}.`,
    );
  }
  const count = baseline.addOns.length + baseline.flags.length;
  return {
    ...clusterResult(
      count === 0 ? "not-applicable" : "pass",
      count === 0 ? "the baseline names nothing for the cluster" : `all ${count} items for the cluster are there`,
      count === 0
        ? `The ${subject} names neither add-ons nor flags, so there is nothing to compare for the cluster as a whole.`
        : `The cluster has ${baseline.addOns.length} add-ons and ${baseline.flags.length} flags as ${subject} says.`,
    ),
    evidence: [at("")],
  };
}

function remediate({ registers, inventory }: EvaluationContext, result: Result) {
  const baseline = registers?.baseline;
  const risk =
    "A default deny cuts flows that nobody has allowed, and a quota refuses pods beyond it: allow the declared flows first.";
  if (baseline === undefined || result.object.kind !== "Namespace") {
    return {
      summary:
        "Install the add-ons that are named at the version of the baseline, and set the flags in the static pods' manifests on the control-plane nodes; or change the baseline and have it approved.",
      risk: "Add-ons and flags act on the whole cluster: try them in another environment first.",
    };
  }
  const name = result.object.name;
  const { namespaces: items, versionLabel, version } = baseline;
  const current = inventory.namespaces.get(name)?.metadata.labels ?? {};
  const labels = {
    ...Object.fromEntries(
      Object.entries(items.labels).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    ),
    ...(versionLabel === undefined ? {} : { [versionLabel]: version }),
  };
  const objects: ManifestObject[] = [];
  if (Object.entries(labels).some(([key, value]) => current[key] !== value)) {
    objects.push({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { ...current, ...labels } } });
  }
  if (items.defaultDeny.length > 0) {
    objects.push({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "baseline-default-deny", namespace: name },
      spec: {
        podSelector: {},
        policyTypes: items.defaultDeny.map((one) => (one === "ingress" ? "Ingress" : "Egress")),
      },
    });
  }
  if (items.hasResourceQuota) {
    objects.push({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "baseline", namespace: name },
      spec: { hard: { "requests.cpu": "20", "requests.memory": "40Gi", pods: "100" } },
    });
  }
  if (items.hasLimitRange) {
    objects.push({
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "baseline", namespace: name },
      spec: {
        limits: [
          {
            type: "Container",
            default: { cpu: "500m", memory: "512Mi" },
            defaultRequest: { cpu: "100m", memory: "128Mi" },
          },
        ],
      },
    });
  }
  for (const role of items.roles) {
    if (inventory.list("roles").some((one) => namespaceOf(one) === name && one.metadata.name === role)) continue;
    objects.push({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: role, namespace: name },
      rules: [],
    });
  }
  return {
    summary: `The kit of baseline ${baseline.name} ${version} for namespace ${name}. Sizes of the quota are a start: set them to what the workloads need; roles come empty: fill in the rules of the baseline.`,
    manifest: renderManifest(...objects),
    apply: "kubectl apply -f baseline.yaml",
    risk,
  };
}

function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
