/**
 * CDE configuration comes from version control and matches it.
 *
 * Reads: Applications of Argo CD, Kustomizations and HelmReleases of Flux; imported records of delivery tools outside the cluster and
 * of branch protection; workloads, network policies, roles and role bindings of each CDE and connected-to namespace.
 * Pass, for a namespace: a tool manages each of these objects. Pass, for an application: in sync, healthy, its revision recorded.
 * Fail: an object that no tool manages; an application out of sync for more than 24 hours; a source branch without protection.
 * Unknown: no tool is seen and no record was imported; objects carry the mark of a tool whose object is elsewhere; a state that the
 * tool doesn't report; out of sync for less than a day.
 * Not applicable: a namespace without such objects; a cluster without CDE and connected-to namespaces.
 *
 * Objects that a controller owns are its business and not judged. Fields that a tool leaves out when it compares hide drift: they
 * are listed. A tool with cluster-admin and an open repository moves the risk into the repository. Versions of a platform's
 * cluster profiles count as a source.
 */
import type { KubeObject } from "@/lib/inventory/kinds";
import { type Inventory, refKey, refOf, type ResourceRef } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { type DeliveredApplication, deliveredApplications, managementOf } from "./delivery";
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
import { hoursBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const OUT_OF_SYNC_HOURS = 24;
const TOOL_SECTIONS = ["argocd-applications", "flux-kustomizations", "flux-helmreleases"] as const;
const OBJECT_SECTIONS = [
  "deployments",
  "statefulsets",
  "daemonsets",
  "cronjobs",
  "jobs",
  "pods",
  "networkpolicies",
  "roles",
  "rolebindings",
] as const satisfies readonly SectionName[];

export const chgGitopsInSync: Control = {
  id: "chg-gitops-in-sync",
  title: "CDE configuration comes from version control and matches it",
  severity: "medium",
  requirements: [
    {
      requirement: "6.5.1",
      kind: "primary",
      rationale: "What comes from version control has an author, a reason and a review for each change.",
    },
    {
      requirement: "1.2.8",
      kind: "primary",
      rationale: "Network policies that match their source are kept consistent with what is active.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "A tool that compares objects with their source notices changes.",
    },
    {
      requirement: "2.2.1",
      kind: "supporting",
      rationale: "The source is where configuration standards are written down.",
    },
    { requirement: "1.2.2", kind: "supporting", rationale: "Changes of network policies pass the source's review." },
  ],
  judges: "namespace",
  sections: OBJECT_SECTIONS,
  rule: {
    reads:
      "Applications of delivery tools, imported delivery records, and the workloads, policies and roles of each namespace.",
    pass: "A tool manages each object, and each application is in sync and healthy with a recorded revision.",
    fail: "An object without a tool, an application out of sync for over a day, or a source branch without protection.",
    unknown: "No tool is seen and no record was imported, or the tool's state is elsewhere or not reported.",
    notApplicable: "Namespaces without such objects; a cluster without CDE and connected-to namespaces.",
    why: "An object that nobody's source describes can be changed by anybody without a trace but the audit log.",
    cannotSee: "What the source says; whether its reviews are more than a click.",
  },
  evaluate,
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, ["cde", "connected-to"]),
      `kubectl get applications.argoproj.io -A -o json | jq -r '.items[]|["Application",.metadata.name,.spec.destination.namespace//"",.status.sync.status//"-",.status.health.status//"-",.status.sync.revision//"-"]|@tsv'`,
      `kubectl get kustomizations.kustomize.toolkit.fluxcd.io,helmreleases.helm.toolkit.fluxcd.io -A -o json | jq -r '.items[]|[.kind,.metadata.namespace+"/"+.metadata.name,((.status.conditions//[])|map(select(.type=="Ready").status)|first//"-"),(.status.lastAppliedRevision//"-")]|@tsv'`,
      `kubectl get deploy,sts,ds,cronjobs,netpol,roles,rolebindings -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select((.metadata.ownerReferences//[])|length==0)|[.kind,.metadata.namespace,.metadata.name,(((.metadata.labels//{})+(.metadata.annotations//{}))|keys|map(select(test("argocd|toolkit.fluxcd")))|first//"no mark")]|@tsv'`,
    ),
    expect:
      "Each application Synced and Healthy (Ready True) with a revision; each object carries a tool's mark and stands in the tool's list (status.resources, status.inventory).",
    needs: [],
  }),
  remediate: (_context, result) => ({
    summary:
      result.object.kind === "Namespace"
        ? `Write what is named in ${result.object.name} into the repository of its namespace (kubectl get -o yaml, without status and generated fields), review it, and let the tool adopt it; or delete it if nobody needs it.`
        : result.object.kind === "Repository"
          ? `Protect the branch of ${result.object.name}: changes only by merge, with a review by somebody else.`
          : `Find out who changed what (the tool's diff, the audit log), then bring the change into the source or let ${result.object.name} put the objects back.`,
    risk: "A sync puts back what somebody changed by hand, perhaps for a reason: look at the diff first.",
  }),
};

function evaluate(context: EvaluationContext): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory("cde", "connected-to");
  const unknown = undeclaredNamespaces(context);
  if (names.length === 0) return unknown.length > 0 ? unknown : [noNamespaceResult(["cde", "connected-to"])];
  const { inventory } = context;
  const applications = deliveredApplications(inventory);
  const records = inventory.facts.deliveryRecords ?? [];
  const unreadable = findUnreadable(context, TOOL_SECTIONS);
  if (applications.length === 0 && records.length === 0) {
    return [
      unreadable ??
        clusterResult(
          "unknown",
          "no delivery tool is seen",
          "Neither Argo CD nor Flux has an object in this cluster, and no record of a delivery tool was imported. Configuration may come from elsewhere: import the tool's record. If everything is applied by hand, this is a gap.",
        ),
      ...unknown,
    ];
  }
  const concerned = applications.filter((app) => names.some((name) => app.namespaces.has(name)));
  return [
    ...names.map((name) => judgeNamespace(context, name, applications, unreadable)),
    ...concerned.map((app) => judgeApplication(app, context.asOf)),
    ...judgeRecords(context, names),
    ...judgeRepositories(inventory),
    ...unknown,
  ];
}

function judgeNamespace(
  { inventory }: EvaluationContext,
  namespace: string,
  applications: readonly DeliveredApplication[],
  unreadable: Result | null,
): Result {
  const objects = objectsIn(inventory, namespace);
  const object = namespaceRef(namespace);
  if (objects.length === 0) {
    return {
      status: "not-applicable",
      object,
      reason: "no workload, policy or role in this namespace",
      detail: `Namespace ${namespace} has no workload, network policy, role or role binding of its own, so there is nothing to come from version control.`,
      evidence: [],
    };
  }
  const records = newestOf(inventory.facts.deliveryRecords ?? [], ({ tool }) => tool);
  const record = records.find(({ record: { applications: own } }) =>
    own.some(({ namespaces }) => namespaces.includes(namespace)),
  );
  const managed = objects.map((one) => ({ one, management: managementOf(one, applications) }));
  const bare = managed.filter(({ management }) => management.by === "nobody");
  const elsewhere = managed.filter(({ management }) => management.by === "elsewhere");
  if (record !== undefined) {
    const source = sourceOf(record.record.origin);
    return {
      status: "pass",
      object,
      reason: `managed by ${record.record.tool}`,
      detail: `${record.record.tool} says that it manages what lies in ${namespace} (${objects.length} objects). ${source}`,
      evidence: [{ ref: CLUSTER_REF, pointer: `/facts/deliveryRecords/${record.index}`, found: record.record.tool }],
    };
  }
  if (bare.length > 0) {
    if (unreadable !== null) {
      return {
        ...unreadable,
        object,
        detail: `${unreadable.detail} Until then nobody can say whether a tool manages ${nameSome(bare.map(({ one }) => wordsFor(one)))}.`,
      };
    }
    return {
      status: "fail",
      object,
      reason: `${bare.length} of ${objects.length} objects are not managed`,
      detail: `In namespace ${namespace} no tool manages ${nameSome(
        bare.map(({ one }) => wordsFor(one)),
        10,
      )}.`,
      evidence: bare.slice(0, 20).map(({ one }) => ({ ref: refOf(one), pointer: "/metadata" })),
    };
  }
  if (elsewhere.length > 0) {
    const marks = [
      ...new Set(elsewhere.map(({ management }) => (management.by === "elsewhere" ? management.mark : ""))),
    ];
    return {
      status: "unknown",
      object,
      reason: "a tool outside this cluster manages objects here",
      detail: `In namespace ${namespace} ${nameSome(elsewhere.map(({ one }) => wordsFor(one)))} carry the mark of ${nameSome(marks, 3)}, which is not in this cluster: whether they match their source stands where the tool runs. Import its record.`,
      evidence: [],
    };
  }
  const tools = [
    ...new Set(
      managed.map(({ management }) => (management.by === "application" ? wordsOfRef(management.application.ref) : "")),
    ),
  ];
  return {
    status: "pass",
    object,
    reason: `all ${objects.length} objects are managed`,
    detail: `In namespace ${namespace} each of ${objects.length} workloads, policies and roles is managed by ${nameSome(tools, 4)}.`,
    evidence: objects.slice(0, 20).map((one) => ({ ref: refOf(one), pointer: "/metadata" })),
  };
}

/** Objects that somebody made: nothing that a controller owns, no static pods, none that the platform makes in each namespace. */
function objectsIn(inventory: Inventory, namespace: string): KubeObject[] {
  const found = OBJECT_SECTIONS.flatMap((section): KubeObject[] => inventory.list(section)).filter(
    (object) =>
      namespaceOf(object) === namespace &&
      (object.metadata.ownerReferences ?? []).length === 0 &&
      !object.metadata.name.startsWith("system:"),
  );
  const workloads = new Set(
    inventory
      .workloadsIn(namespace)
      .filter(({ isStatic }) => !isStatic)
      .map(({ ref }) => refKey(ref)),
  );
  // A pod that has finished is history.
  return found.filter((object) => object.kind !== "Pod" || workloads.has(refKey(refOf(object))));
}

function judgeApplication(app: DeliveredApplication, asOf: string): Result {
  const ignores = app.ignores.length === 0 ? "" : ` It does not compare ${nameSome(app.ignores)}.`;
  const evidence: EvidencePointer[] = [{ ref: app.ref, pointer: app.pointer, found: app.found }];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: app.ref,
    reason: shortReason(reason),
    detail: `${wordsOfRef(app.ref)}: ${detail}${ignores}`,
    evidence,
  });
  const { state } = app;
  if (state.is === "out-of-sync") {
    const hours = state.since === null ? null : hoursBetween(state.since, asOf);
    if (hours !== null && hours <= OUT_OF_SYNC_HOURS) {
      return answer(
        "unknown",
        "out of sync for less than a day",
        `${state.why}, since ${state.since ?? ""} at the earliest; it is judged after 24 hours.`,
      );
    }
    return answer(
      "fail",
      hours === null ? "out of sync" : `out of sync, and nothing synced for ${Math.floor(hours / 24)} days`,
      `${state.why}; the last sync ${state.since === null ? "is not recorded" : `was at ${state.since}`}.`,
    );
  }
  if (state.is === "not-known") return answer("unknown", state.why, `${state.why}.`);
  if (app.revision === null)
    return answer("unknown", "in sync, revision not recorded", "it is in sync, but no revision is recorded.");
  return answer("pass", `in sync at ${app.revision}`, `in sync and healthy at revision ${app.revision}.`);
}

function judgeRecords({ inventory, asOf }: EvaluationContext, names: readonly string[]): Result[] {
  return newestOf(inventory.facts.deliveryRecords ?? [], ({ tool }) => tool).flatMap(({ record, index }) =>
    record.applications.flatMap((app, i): Result[] => {
      if (!app.namespaces.some((name) => names.includes(name))) return [];
      const age = hoursBetween(record.origin.collectedAt, asOf) / 24;
      const delivered: DeliveredApplication = {
        ref: { ...CLUSTER_REF, kind: "DeliveredApplication", name: app.name },
        state:
          age > 7
            ? { is: "not-known", why: "its record is older than a week" }
            : app.isSynced
              ? { is: "in-sync" }
              : {
                  is: "out-of-sync",
                  since: app.outOfSyncSince ?? null,
                  why: `${record.tool} says that it is not in sync`,
                },
        revision: app.revision,
        pointer: "",
        found: "",
        namespaces: new Set(app.namespaces),
        objects: new Set(),
        ignores: [],
      };
      const result = judgeApplication(delivered, asOf);
      const pointer = `/facts/deliveryRecords/${index}/applications/${i}`;
      return [{ ...result, evidence: [{ ref: CLUSTER_REF, pointer, found: app.isSynced ? "synced" : "not synced" }] }];
    }),
  );
}

function judgeRepositories({ facts }: Inventory): Result[] {
  return newestOf(facts.sourceProtection ?? [], ({ repositories }) =>
    repositories.map(({ url }) => url).join("\n"),
  ).flatMap(({ record, index }) =>
    record.repositories.map(
      ({ url, branch, isProtected }, i): Result => ({
        status: isProtected ? "pass" : "fail",
        object: { ...CLUSTER_REF, kind: "Repository", name: `${url}@${branch}` },
        reason: isProtected ? "the branch is protected" : "the source branch is not protected",
        detail: `Branch ${branch} of ${url} ${isProtected ? "takes changes by review only" : "takes changes without a review, so that whoever may push changes the CDE"}. ${sourceOf(record.origin)}`,
        evidence: [
          {
            ref: CLUSTER_REF,
            pointer: `/facts/sourceProtection/${index}/repositories/${i}/isProtected`,
            found: String(isProtected),
          },
        ],
      }),
    ),
  );
}

function wordsFor(object: KubeObject): string {
  return `${object.kind} ${object.metadata.name}`;
}
function wordsOfRef(ref: ResourceRef): string {
  return `${ref.kind} ${ref.name}`;
}
