/**
 * What the state of the cluster says about the scope of a namespace that is not the CDE: every factor with its chain of objects.
 *
 * | factor | effective category |
 * | --- | --- |
 * | network: a path that is open to or from a CDE pod | connected-to |
 * | node: a pod on the node of a CDE pod (also a DaemonSet's) | connected-to |
 * | rights: a service account of it reads Secrets, enters pods, makes workloads or changes policies in the CDE | connected-to |
 * | service: a webhook or aggregated API that is served from it and acts on CDE objects | connected-to |
 * | card data: the inventory, a label or the pattern scan says that it holds some | CDE |
 *
 * Pods on the host network are the node's, and a node reaches its pods always: no connection of a namespace.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { WebhookConfiguration } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { reachability } from "@/lib/network/reachability";
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { holdersOf, namespacesOf, type Right } from "@/lib/rbac/rights";
import { accountReach } from "@/lib/rbac/subjects";
import { type CdePath, CdePaths, describeCdePath } from "./cde-paths";
import { holdingEvidence, pathOf, RBAC_SECTIONS } from "./cde-rights";
import { PATH_SECTIONS, stepEvidence } from "./network-paths";
import { findHits, type FoundHit } from "./pattern-hits";
import { findNoBinding, nameSome } from "./population";
import type { EvaluationContext, EvidencePointer } from "./types";

export interface ScopeFactor {
  kind: "network" | "node" | "rights" | "service" | "card data";
  implies: "connected-to" | "cde";
  text: string;
  evidence: EvidencePointer[];
}
export interface ScopeFactors {
  factors: ScopeFactor[];
  /** Factors that could not be told, in words. */
  doubts: string[];
}

export const SERVICE_SECTIONS = [
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "apiservices",
] as const;

/** The factors of every namespace, looked up once for all of them. */
export class ScopeFactorIndex {
  private readonly rights: Map<string, ScopeFactor[]>;
  private readonly cde: ReadonlySet<string>;
  /** Node → one of its CDE pods. */
  private readonly cdeNodes: Map<string, string>;
  private readonly pods: Map<string, Inventory["livePods"][number][]>;
  private readonly cardHits: FoundHit[];
  private readonly common: string[] = [];
  private paths: CdePaths | null = null;

  constructor(
    private readonly context: EvaluationContext,
    cde: readonly string[],
  ) {
    const { inventory } = context;
    this.cde = new Set(cde);
    this.rights = rightsByHome(context, cde);
    this.cdeNodes = new Map();
    this.pods = new Map();
    const cards = findHits(context, "cards");
    this.cardHits = "hits" in cards ? cards.hits : [];
    for (const live of inventory.livePods) {
      const { pod } = live;
      const inNamespace = this.pods.get(namespaceOf(pod));
      if (inNamespace === undefined) this.pods.set(namespaceOf(pod), [live]);
      else inNamespace.push(live);
      const { nodeName } = pod.spec;
      if (nodeName !== undefined && this.cde.has(namespaceOf(pod)) && !this.cdeNodes.has(nodeName))
        this.cdeNodes.set(nodeName, `${namespaceOf(pod)}/${pod.metadata.name}`);
    }
    if (inventory.snapshot.source === "manifests")
      this.common.push("files don't show which pods share a node; a running cluster does");
    const silent = findNoBinding(context);
    if (silent !== null) this.common.push(silent.reason);
    for (const sections of [RBAC_SECTIONS, SERVICE_SECTIONS, ["pods"] as const]) {
      const readable = inventory.readable(...sections);
      if (!readable.known) this.common.push(`${readable.section} could not be read: ${readable.message}`);
    }
  }

  of(namespace: string): ScopeFactors {
    const network = this.network(namespace);
    return {
      factors: [
        ...network.factors,
        ...this.node(namespace),
        ...(this.rights.get(namespace) ?? []),
        ...(this.rights.get("*") ?? []),
        ...this.services(namespace),
        ...cardData(this.context, namespace, this.cardHits),
      ],
      doubts: [...network.doubts, ...this.common],
    };
  }

  private network(namespace: string): ScopeFactors {
    const { inventory } = this.context;
    const readable = inventory.readable(...PATH_SECTIONS.filter((section) => section !== "nodes"));
    if (!readable.known)
      return { factors: [], doubts: [`who reaches whom is not known, because ${readable.section} could not be read`] };
    const network = reachability(inventory);
    const own = network.classesIn(namespace).filter((one) => !one.isHostNetwork);
    this.paths ??= new CdePaths(
      network,
      [...this.cde].flatMap((name) => network.classesIn(name)).filter((one) => !one.isHostNetwork),
    );
    const found = [this.paths.find(own, "into"), this.paths.find(own, "from")].filter((one) => one !== null);
    const factors = found.flatMap((one) => ("path" in one ? [pathFactor(one.path)] : []));
    const doubts = found.flatMap((one) => ("doubt" in one ? [one.doubt] : []));
    return { factors, doubts: doubts.slice(0, 1) };
  }

  private node(namespace: string): ScopeFactor[] {
    const found = new Map<string, { pod: string; isDaemon: boolean; ref: ResourceRef }>();
    for (const { pod, workload } of this.pods.get(namespace) ?? []) {
      const { nodeName } = pod.spec;
      if (nodeName === undefined || !this.cdeNodes.has(nodeName)) continue;
      if (found.has(nodeName)) continue;
      found.set(nodeName, {
        pod: pod.metadata.name,
        isDaemon: workload.ref.kind === "DaemonSet" || workload.isStatic,
        ref: { ...refOf(pod), namespace },
      });
    }
    const [first] = found;
    if (first === undefined) return [];
    const [node, { pod, isDaemon }] = first;
    return [
      {
        kind: "node",
        implies: "connected-to",
        text: `its ${isDaemon ? "node agent" : "pod"} ${pod} runs on node ${node} beside the CDE pod ${this.cdeNodes.get(node)}${found.size > 1 ? `, and so on ${found.size - 1} more` : ""}`,
        evidence: [...found].slice(0, 5).map(([name, { ref }]) => ({ ref, pointer: "/spec/nodeName", found: name })),
      },
    ];
  }

  private services(namespace: string): ScopeFactor[] {
    const { inventory } = this.context;
    const configurations: WebhookConfiguration[] = [
      ...inventory.list("validatingwebhookconfigurations"),
      ...inventory.list("mutatingwebhookconfigurations"),
    ];
    const webhooks = configurations.flatMap((configuration) =>
      (configuration.webhooks ?? []).flatMap((webhook, i): ScopeFactor[] => {
        if (webhook.clientConfig?.service?.namespace !== namespace) return [];
        if (!(webhook.rules ?? []).some(({ scope }) => scope !== "Cluster")) return [];
        const reached = [...this.cde].find((name) => isAskedAbout(this.context, webhook.namespaceSelector, name));
        if (reached === undefined) return [];
        return [
          {
            kind: "service",
            implies: "connected-to",
            text: `${configuration.kind} ${configuration.metadata.name} sends objects of ${reached} to its Service ${webhook.clientConfig.service.name}`,
            evidence: [{ ref: refOf(configuration), pointer: `/webhooks/${i}/clientConfig/service`, found: namespace }],
          },
        ];
      }),
    );
    const apis = inventory.list("apiservices").flatMap((api): ScopeFactor[] => {
      const service = api.spec?.service as { namespace?: string; name?: string } | undefined;
      if (service?.namespace !== namespace) return [];
      return [
        {
          kind: "service",
          implies: "connected-to",
          text: `APIService ${api.metadata.name} answers requests of the whole cluster from its Service ${service.name}`,
          evidence: [{ ref: refOf(api), pointer: "/spec/service", found: `${namespace}/${service.name}` }],
        },
      ];
    });
    // One of each is enough to say why.
    return [...webhooks.slice(0, 1), ...apis.slice(0, 1)];
  }
}

function pathFactor(path: CdePath): ScopeFactor {
  const { to, connection } = path;
  return {
    kind: "network",
    implies: "connected-to",
    text: describeCdePath(path),
    evidence: stepEvidence(
      [...connection.ingress.allowedBy, ...connection.egress.allowedBy],
      to.members[0]?.workload.ref ?? { apiVersion: "v1", kind: "Namespace", name: to.namespace },
    ),
  };
}

function isAskedAbout(
  { inventory }: EvaluationContext,
  selector: Parameters<typeof matchesSelector>[0],
  namespace: string,
): boolean {
  const labels = { ...inventory.namespaces.get(namespace)?.metadata.labels, "kubernetes.io/metadata.name": namespace };
  return selector == null || isEmptySelector(selector) || matchesSelector(selector, labels);
}

const WRITE = ["create", "update", "patch"];
const RIGHTS: readonly Right[] = [
  { group: "", resource: "secrets", verbs: ["get", "list", "watch"] },
  ...["exec", "attach", "portforward"].map((subresource) => ({
    group: "",
    resource: "pods",
    subresource,
    verbs: ["get", "create"],
  })),
  { group: "", resource: "pods", subresource: "ephemeralcontainers", verbs: ["update", "patch"] },
  { group: "", resource: "pods", verbs: WRITE },
  { group: "", resource: "replicationcontrollers", verbs: WRITE },
  ...["deployments", "statefulsets", "daemonsets", "replicasets"].map((resource) => ({
    group: "apps",
    resource,
    verbs: WRITE,
  })),
  ...["jobs", "cronjobs"].map((resource) => ({ group: "batch", resource, verbs: WRITE })),
  { group: "networking.k8s.io", resource: "networkpolicies", verbs: [...WRITE, "delete", "deletecollection"] },
  ...["roles", "rolebindings"].map((resource) => ({
    group: "rbac.authorization.k8s.io",
    resource,
    verbs: WRITE,
  })),
];

/** Namespace of the accounts (`*` for all) → what they can do in the CDE, one factor for each namespace. */
function rightsByHome(context: EvaluationContext, cde: readonly string[]): Map<string, ScopeFactor[]> {
  const out = new Map<string, ScopeFactor[]>();
  const { inventory } = context;
  const holders = holdersOf(
    grantsOf(inventory),
    RIGHTS,
    (grant, subject) =>
      accountReach(subject, grant.namespace ?? "") !== null && !isPlatformSubject(grant, subject, inventory.provider),
  );
  for (const { subject, text, holdings } of holders) {
    const inside = holdings.filter(({ grant }) => grant.namespace === null || cde.includes(grant.namespace));
    const reach = accountReach(subject, "");
    const [first] = inside;
    if (first === undefined || reach === null) continue;
    const home = reach.kind === "one" ? reach.account.namespace : reach.kind === "namespace" ? reach.namespace : "*";
    if (out.has(home)) continue;
    out.set(home, [
      {
        kind: "rights",
        implies: "connected-to",
        text: `${text} has rights in ${nameSome(namespacesOf(inside, cde), 2)} (${pathOf(first)})`,
        evidence: holdingEvidence(inside, 4),
      },
    ]);
  }
  return out;
}

const CARD_LABELS = ["tier", "pci-tier", "data-tier"];
const CARD_VALUE = /card-?(holder-?)?data|^chd$|encrypted-datastore/i;
function cardData(context: EvaluationContext, namespace: string, hits: readonly FoundHit[]): ScopeFactor[] {
  const out: ScopeFactor[] = [];
  const factor = (text: string, evidence: EvidencePointer[]): void => {
    out.push({ kind: "card data", implies: "cde", text, evidence });
  };
  for (const [i, entry] of (context.registers?.components ?? []).entries()) {
    if (!entry.storesAccountData || entry.namespace !== namespace) continue;
    if (entry.retiredAt !== undefined && Date.parse(entry.retiredAt) <= Date.parse(context.asOf)) continue;
    factor(`the inventory of components says that its ${entry.kind} ${entry.name} stores account data`, [
      {
        ref: { apiVersion: "ringfence.dev/v1", kind: "Cluster", name: "cluster" },
        pointer: `/registers/components/${i}`,
        found: entry.purpose,
      },
    ]);
  }
  for (const workload of context.inventory.workloadsIn(namespace)) {
    const key = CARD_LABELS.find((candidate) => CARD_VALUE.test(workload.labels[candidate] ?? ""));
    if (key !== undefined)
      factor(`pods of ${workload.ref.kind} ${workload.ref.name} carry ${key}=${workload.labels[key]}`, [
        { ref: workload.ref, pointer: "", found: `${key}=${workload.labels[key]}` },
      ]);
  }
  for (const { hit, ref, closed } of hits) {
    if (closed !== undefined || ref.namespace !== namespace || !["card-number", "track-data"].includes(hit.rule))
      continue;
    factor(
      `the pattern scan found ${hit.rule === "track-data" ? "track data" : "a card number"} in ${ref.kind} ${ref.name}`,
      [{ ref, pointer: hit.pointer, ...(hit.masked === undefined ? {} : { found: hit.masked }) }],
    );
  }
  return out;
}
