/**
 * Production and pre-production are separated by cluster, network and roles.
 *
 * Reads: the environment label of namespaces (key and values from the register of environments, else `environment` with
 * `production`); allowed paths between pods; nodes of live pods; who may change workloads in which namespaces; approved access.
 * Pass: every CDE and connected-to namespace names its environment; between production's CDE and namespaces of another environment
 * there is no allowed path and no shared node; nobody, person or delivery account, may change workloads in both unless approved.
 * Fail: any of these.
 * Unknown: a namespace without the label, for the pair it is part of; paths that can't be told; sections that were not read.
 * Not applicable: the organization has declared that there is only production; no CDE and no connected-to namespace.
 *
 * Projects of a management plane are a boundary of access, not of the network. Pre-production with live card data is CDE, and is
 * judged as such by its scope label. One group of the identity provider in both is a finding even where the bindings are called
 * differently. Namespaces of the platform itself (kube-system, the network plug-in's) serve every environment. Names like test,
 * demo or sample in production are named as a hint for 6.5.6.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Subject } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { reachability } from "@/lib/network/reachability";
import { describePorts, isNoPort } from "@/lib/network/ports";
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { type Holder, holdersOf, namespacesOf, type Right } from "@/lib/rbac/rights";
import { describeApproval, findApproval } from "./approved";
import { type EnvironmentLabels, environmentLabels } from "./environment-labels";
import { type ManifestObject, renderManifest, renderPatch } from "./manifest";
import { PATH_SECTIONS } from "./network-paths";
import {
  clusterResult,
  findUndeclared,
  findUnreadable,
  namespaceRef,
  nameSome,
  noNamespaceResult,
  undeclaredNamespaces,
} from "./population";
import { GRANTS, script, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result } from "./types";

const ID = "chg-environment-separation";
const WRITE = ["create", "update", "patch", "delete"];
/** Whoever may change these runs what they like in the namespace. */
const RIGHTS: readonly Right[] = [
  { group: "apps", resource: "deployments", verbs: WRITE },
  { group: "apps", resource: "statefulsets", verbs: WRITE },
  { group: "apps", resource: "daemonsets", verbs: WRITE },
  { group: "batch", resource: "jobs", verbs: WRITE },
  { group: "batch", resource: "cronjobs", verbs: WRITE },
  { group: "", resource: "pods", verbs: WRITE },
];
const RBAC_SECTIONS = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"] as const;
const HINT = /(?:^|[-_.])(?:test|tests|demo|sample|example|sandbox)(?:[-_.]|$)/i;

export const chgEnvironmentSeparation: Control = {
  id: ID,
  title: "Production and pre-production are separated by cluster, network and roles",
  severity: "high",
  requirements: [
    {
      requirement: "6.5.3",
      kind: "primary",
      rationale:
        "No path and no shared node between environments, with access control on both sides, is the separation.",
    },
    {
      requirement: "6.5.4",
      kind: "primary",
      rationale: "Different people, or approved ones, may change production and what comes before it.",
    },
    {
      requirement: "6.5.6",
      kind: "supporting",
      rationale: "Names like test or demo in production hint at leftovers of testing.",
    },
    {
      requirement: "2.2.3",
      kind: "supporting",
      rationale: "Environments on one node share a kernel though they need different security.",
    },
  ],
  judges: "namespace",
  sections: [...PATH_SECTIONS, ...RBAC_SECTIONS],
  rule: {
    reads: "Environment labels, allowed paths, nodes of live pods, and who may change workloads where.",
    pass: "Labelled, and between production's CDE and other environments no path, no shared node and no shared write access without approval.",
    fail: "A missing label, a path, a shared node, or a subject that may change both.",
    unknown: "Unlabelled namespaces for the pairs they are part of; what could not be read.",
    notApplicable: "Only production by declaration; no CDE and no connected-to namespace.",
    why: "What is tried in pre-production is by intent less secure: a path, a node or a person in both carries that into the CDE.",
    cannotSee: "Environments in other clusters; whether data in pre-production is live; groups behind user names.",
  },
  evaluate,
  verify: ({ scope }, result) => {
    const key = "environment";
    return {
      command: script(
        GRANTS,
        `kubectl get ns -L ${shellQuote(key)},${shellQuote(scope.settings.labelKey)} --no-headers | awk '{print $1,$4,$5}'`,
        `kubectl get pods -A -o json | jq -r --argjson env "$(kubectl get ns -o json | jq -c '[.items[]|{key:.metadata.name,value:((.metadata.labels//{})[${JSON.stringify(key)}]//"-")}]|from_entries')" '[.items[]|select(.spec.nodeName)|{node:.spec.nodeName,env:$env[.metadata.namespace]}]|group_by(.node)[]|[.[0].node,(map(.env)|unique|join(","))]|@tsv'`,
        `grants | jq -r 'select(any(.rules[];((.verbs//[])|any(.=="*" or .=="create" or .=="update" or .=="patch" or .=="delete")) and ((.resources//[])|any(.=="*" or .=="deployments" or .=="pods"))))|[.subject.kind,.subject.name,.ns,.role]|@tsv' | sort`,
      ),
      expect: `${result?.object.kind === "Namespace" ? `Namespace ${result.object.name} with its environment. ` : ""}Each namespace names one environment; no node holds two of them; no subject may write in namespaces of two. Which policies allow a path between two namespaces is shown in the result.`,
      needs: [],
    };
  },
  remediate,
};

function evaluate(context: EvaluationContext): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory("cde", "connected-to");
  const unknown = undeclaredNamespaces(context);
  if (names.length === 0) return unknown.length > 0 ? unknown : [noNamespaceResult(["cde", "connected-to"])];
  const labels = environmentLabels(context);
  if (labels.isProductionOnly) {
    return [
      clusterResult(
        "not-applicable",
        "there is only production, by declaration",
        `The register of environments, approved by ${context.registers?.environments?.approvedBy ?? ""}, says that the fleet has no environment but production.`,
      ),
    ];
  }
  const production = context.scope.inCategory("cde").filter((name) => labels.of(name).is === "production");
  const world = worldOf(context, labels);
  return [
    ...names.map((name) => judgeLabel(context, labels, name)),
    ...production.flatMap((name) => [judgePaths(context, world, name), judgeNodes(context, world, name)]),
    ...judgeSubjects(context, world, production),
    ...unknown,
  ];
}

interface World {
  labels: EnvironmentLabels;
  /** Namespaces of another environment, and those with workloads that don't say. */
  others: string[];
  unlabelled: string[];
}
function worldOf({ inventory }: EvaluationContext, labels: EnvironmentLabels): World {
  const by = (is: string) => inventory.namespaceNames.filter((name) => labels.of(name).is === is);
  // An empty namespace has no path and no node, whatever its environment is.
  const unlabelled = by("unlabelled").filter((name) => inventory.workloadsIn(name).length > 0);
  return { labels, others: by("other"), unlabelled };
}

function judgeLabel({ inventory }: EvaluationContext, labels: EnvironmentLabels, name: string): Result {
  const environment = labels.of(name);
  const namespace = inventory.namespaces.get(name);
  const object = namespaceRef(name);
  const evidence: EvidencePointer[] = [
    {
      ref: namespace === undefined ? object : refOf(namespace),
      pointer:
        namespace?.metadata.labels?.[labels.labelKey] === undefined
          ? "/metadata/labels"
          : `/metadata/labels/${labels.labelKey.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    },
  ];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object,
    part: "label",
    reason: shortReason(reason),
    detail,
    evidence,
  });
  switch (environment.is) {
    case "unlabelled":
      if (namespace === undefined) {
        return answer(
          "unknown",
          "its labels are not known",
          `There is no Namespace object ${name} in what was read, so its environment isn't known.`,
        );
      }
      return answer(
        "fail",
        "it names no environment",
        `Namespace ${name} has no label ${labels.labelKey}, so nobody can say which environment it belongs to, and what is beside it cannot be compared.`,
      );
    case "shared":
      return answer("pass", "it belongs to the platform", `Namespace ${name} serves every environment.`);
    case "other":
      return answer(
        "pass",
        `environment ${environment.value}`,
        `Namespace ${name} belongs to environment ${environment.value}. If live card data is in it, it is CDE in spite of that, and so labelled.`,
      );
    case "production": {
      const hints = [name, ...inventory.workloadsIn(name).map(({ ref }) => ref.name)].filter((text) => HINT.test(text));
      const hint =
        hints.length > 0
          ? ` Names that hint at testing: ${nameSome(hints)}; look whether they belong here (6.5.6).`
          : "";
      return answer(
        "pass",
        `environment ${environment.value}`,
        `Namespace ${name} belongs to environment ${environment.value}.${hint}`,
      );
    }
  }
}

interface Found {
  words: string;
  evidence: EvidencePointer;
}
/** One answer for a namespace and a part: what was found, what can't be told, or that there is nothing. */
function answerFor(
  world: World,
  name: string,
  part: string,
  words: { found: string; none: string },
  { problems, doubts }: { problems: Found[]; doubts: string[] },
): Result {
  const object = namespaceRef(name);
  if (problems.length > 0) {
    return {
      status: "fail",
      object,
      part,
      reason: shortReason(`${words.found}: ${problems[0]?.words ?? ""}`),
      detail: `Namespace ${name} (production): ${nameSome(
        problems.map((problem) => problem.words),
        8,
      )}.`,
      evidence: problems.slice(0, 20).map(({ evidence }) => evidence),
    };
  }
  const open = [
    ...doubts,
    ...(world.unlabelled.length > 0
      ? [
          `${nameSome(world.unlabelled)} ${world.unlabelled.length === 1 ? "names" : "name"} no environment (label ${world.labels.labelKey})`,
        ]
      : []),
  ];
  if (open.length > 0) {
    return {
      status: "unknown",
      object,
      part,
      reason: shortReason(open[0] ?? ""),
      detail: `Namespace ${name} (production): ${words.none} that is known to be of another environment, but ${open.join("; ")}.`,
      evidence: [],
    };
  }
  return {
    status: "pass",
    object,
    part,
    reason: world.others.length === 0 ? "no other environment in this cluster" : words.none,
    detail:
      world.others.length === 0
        ? `No namespace of this cluster belongs to another environment than ${name}: other environments are in other clusters, or there are none.`
        : `Namespace ${name} (production): ${words.none} of ${nameSome(world.others)}.`,
    evidence: [{ ref: namespaceRef(name), pointer: "/metadata/labels" }],
  };
}

function judgePaths(context: EvaluationContext, world: World, name: string): Result {
  const unreadable = findUnreadable(context, PATH_SECTIONS);
  if (unreadable !== null) return { ...unreadable, object: namespaceRef(name), part: "network" };
  const network = reachability(context.inventory);
  const problems: Found[] = [];
  const doubts: string[] = [];
  for (const other of world.others) {
    for (const [from, to] of [
      [other, name],
      [name, other],
    ] as const) {
      const path = findPath(network, from, to);
      if (path === null) continue;
      if (path.isSure) {
        problems.push({
          words: `pods of ${from} reach ${to} (${path.words})`,
          evidence: { ref: namespaceRef(to === name ? from : to), pointer: "" },
        });
      } else doubts.push(`whether pods of ${from} reach ${to} can't be told (${path.words})`);
    }
  }
  return answerFor(
    world,
    name,
    "network",
    { found: "a path between environments", none: "no path to or from a namespace" },
    { problems, doubts },
  );
}

/** The first pair of pods with an allowed path, else the first with one that can't be excluded. */
function findPath(
  network: ReturnType<typeof reachability>,
  from: string,
  to: string,
): { isSure: boolean; words: string } | null {
  let doubt: { isSure: false; words: string } | null = null;
  for (const source of network.classesIn(from)) {
    for (const target of network.classesIn(to)) {
      const { allowed, unknown } = network.between(source, target);
      const names = `${source.members[0]?.workload.ref.name ?? from} → ${target.members[0]?.workload.ref.name ?? to}`;
      if (!isNoPort(allowed)) return { isSure: true, words: `${names}: ${describePorts(allowed, 3)}` };
      if (!isNoPort(unknown)) doubt ??= { isSure: false, words: `${names}: ${describePorts(unknown, 3)}` };
    }
  }
  return doubt;
}

function judgeNodes(context: EvaluationContext, world: World, name: string): Result {
  const unreadable = findUnreadable(context, ["pods"]);
  if (unreadable !== null) return { ...unreadable, object: namespaceRef(name), part: "nodes" };
  const { inventory } = context;
  const own = new Map<string, string>();
  for (const pod of inventory.livePodsIn(name)) {
    if (pod.spec.nodeName !== undefined && !own.has(pod.spec.nodeName)) own.set(pod.spec.nodeName, pod.metadata.name);
  }
  const problems: Found[] = [];
  const seen = new Set<string>();
  for (const { pod } of inventory.livePods) {
    const other = namespaceOf(pod);
    const node = pod.spec.nodeName;
    if (node === undefined || !own.has(node) || !world.others.includes(other) || seen.has(`${node} ${other}`)) continue;
    seen.add(`${node} ${other}`);
    problems.push({
      words: `node ${node} runs ${own.get(node) ?? ""} beside ${other}/${pod.metadata.name}`,
      evidence: { ref: refOf(pod), pointer: "/spec/nodeName", found: node },
    });
  }
  return answerFor(
    world,
    name,
    "nodes",
    { found: "a shared node", none: "no node is shared with a namespace" },
    { problems, doubts: [] },
  );
}

function judgeSubjects(context: EvaluationContext, world: World, production: readonly string[]): Result[] {
  if (production.length === 0 || world.others.length === 0) return [];
  const unreadable = findUnreadable(context, RBAC_SECTIONS);
  if (unreadable !== null) return [{ ...unreadable, part: "subjects" }];
  const { inventory } = context;
  const holders = holdersOf(
    grantsOf(inventory),
    RIGHTS,
    (grant, subject) => !isPlatformSubject(grant, subject, inventory.provider),
  );
  const shared = holders.flatMap((holder) => {
    const inside = namespacesOf(holder.holdings, production);
    const outside = namespacesOf(holder.holdings, world.others);
    // An account of the platform's own namespaces is the platform's: it runs in every environment by its nature.
    const { namespace } = holder.ref;
    const isPlatform = namespace !== undefined && world.labels.of(namespace).is === "shared";
    return inside.length === 0 || outside.length === 0 || isPlatform ? [] : [{ holder, inside, outside }];
  });
  const results = shared.map(({ holder, inside, outside }) => judgeSubject(context, holder, inside, outside));
  if (results.some(({ status }) => status !== "pass")) return results;
  const sentence = `Nobody may change workloads both in ${nameSome(production)} and in ${nameSome(world.others)}${results.length > 0 ? " without an approval" : ""}.`;
  if (world.unlabelled.length > 0) {
    return [
      ...results,
      {
        ...clusterResult(
          "unknown",
          "namespaces without an environment may share subjects",
          `${sentence} ${nameSome(world.unlabelled)} ${world.unlabelled.length === 1 ? "names" : "name"} no environment, so who may write there too can't be judged.`,
        ),
        part: "subjects",
      },
    ];
  }
  return [
    ...results,
    { ...clusterResult("pass", "no subject may change both environments", sentence), part: "subjects" },
  ];
}

function judgeSubject(
  context: EvaluationContext,
  { subject, ref, text, holdings }: Holder,
  inside: readonly string[],
  outside: readonly string[],
): Result {
  const answers = inside.map((namespace) =>
    findApproval(context, { control: ID, subject: subject satisfies Subject, namespace }),
  );
  const missing = answers.filter(({ state }) => state !== "approved");
  const bindings = [
    ...new Map(
      holdings.map(({ grant }) => [`${grant.bindingRef.kind} ${grant.bindingRef.name}`, grant.bindingRef]),
    ).entries(),
  ];
  const where = `${text} may change workloads in production (${nameSome(inside, 3)}) and in other environments (${nameSome(outside, 3)}) through ${nameSome(
    bindings.map(([words]) => words),
    4,
  )}`;
  const evidence: EvidencePointer[] = bindings
    .slice(0, 10)
    .map(([, bindingRef]) => ({ ref: bindingRef, pointer: "/subjects" }));
  const [first] = missing;
  if (first === undefined) {
    const [approval] = answers;
    return {
      status: "pass",
      object: ref,
      reason: "approved for both environments",
      detail: `${where}: ${approval === undefined ? "" : describeApproval(approval)}.`,
      evidence,
    };
  }
  return {
    status: "fail",
    object: ref,
    reason: shortReason(`${text} may change production and ${outside[0] ?? ""}`),
    detail: `${where}: ${describeApproval(first)}. One ${ref.kind === "ServiceAccount" ? "delivery account with one credential" : "subject"} in both carries a mistake or a theft from one into the other.`,
    evidence,
  };
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const labels = environmentLabels(context);
  const { name, kind } = result.object;
  const [production = "production"] = labels.production;
  if (result.part === "label") {
    return {
      summary: `Label namespace ${name} with its environment; the patch says ${production}: write another value if it is not production.`,
      manifest: renderPatch({ metadata: { labels: { [labels.labelKey]: production } } }),
      apply: `kubectl patch namespace ${shellQuote(name)} --patch-file patch.yaml`,
      risk: "Policies that select namespaces by this label take effect at once.",
    };
  }
  if (result.part === "network") {
    const policies = separatingPolicies(context, labels, name);
    const summary = `Let ${name} and the namespaces that are named take connections only from their own environment and the platform. Policies add up: rules that allow more, named in the detail, have to go.`;
    const risk =
      "Sources without an environment label, such as an ingress controller, are cut off until they are labelled or allowed.";
    if (policies.length === 0) return { summary, risk };
    return { summary, manifest: renderManifest(...policies), apply: "kubectl apply -f separation.yaml", risk };
  }
  if (result.part === "nodes") {
    return {
      summary: `Give production's CDE nodes of its own: label and taint them, let the workloads of ${name} select and tolerate them, and drain what belongs to other environments.`,
      risk: "Draining restarts pods; there must be room for them elsewhere.",
    };
  }
  return {
    summary: `Split the access of ${kind} ${name}: one ${kind === "ServiceAccount" ? "delivery account with its own credential" : "group"} for production, another for the other environments, bound by RoleBindings in their namespaces; or have the access approved and enter it in the register.`,
    risk: "Whoever is taken out of a binding loses access at once: agree on the day.",
  };
}

/** Ingress policies for the pair's namespaces whose pods no policy isolates yet. */
function separatingPolicies(context: EvaluationContext, labels: EnvironmentLabels, name: string): ManifestObject[] {
  const network = reachability(context.inventory);
  const { others } = worldOf(context, labels);
  const isOpen = (namespace: string) =>
    network.classesIn(namespace).some((pods) => network.isolation(pods, "Ingress") !== "yes");
  return [name, ...others.filter((other) => findPath(network, name, other)?.isSure === true)]
    .filter(isOpen)
    .map((namespace) => {
      const environment = labels.of(namespace);
      const values = environment.is === "other" ? [environment.value] : labels.production;
      return {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "own-environment-only", namespace },
        spec: {
          podSelector: {},
          policyTypes: ["Ingress"],
          ingress: [
            {
              from: [
                {
                  namespaceSelector: {
                    matchExpressions: [{ key: labels.labelKey, operator: "In", values: [...values, ...labels.shared] }],
                  },
                },
              ],
            },
          ],
        },
      };
    });
}
