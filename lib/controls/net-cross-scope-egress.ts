/**
 * net-cross-scope-egress: CDE pods reach only approved destinations.
 *
 * Reads: everything that decides who reaches whom (lib/network/reachability), address blocks, the flow register.
 * Pass: no pod of the workload can reach an out-of-scope namespace (whatever labels pods there get), the internet at large or a
 *   cloud metadata address, and every address range that it can reach outside the cluster is an approved flow.
 * Fail: it can: critical; a range that no approved flow covers, short of the internet: high.
 * Unknown: a policy by domain name, beyond L4, invalid or not understood; the plug-in isn't known; the only paths lead to
 *   namespaces whose category isn't known.
 * Not applicable: the namespace has no workload.
 * Traps: 0.0.0.0/0 except private ranges is still the internet; a metadata service that a hop limit or a cloud setting closes
 *   isn't visible, so an approved statement in the register counts; behind an egress gateway the gateway's own rules are judged
 *   elsewhere; DNS to the cluster's servers can carry data out and is noted, not failed.
 */
import type { Inventory, Workload } from "@/lib/inventory/inventory";
import { isApprovedAt } from "@/lib/inventory/registers";
import type { Flow } from "@/lib/inventory/registers/flows";
import {
  type AddressRange,
  containsRange,
  describeRange,
  overlaps,
  parseBlock,
  subtractRanges,
} from "@/lib/network/addresses";
import { reachWithAnyLabels } from "@/lib/network/any-labels";
import { approvedFlows, isEnd, portsOfFlow } from "@/lib/network/declared-flows";
import type { DirectionAnswer } from "@/lib/network/evaluate-direction";
import { nameOfStep } from "@/lib/network/explain";
import { policiesIn } from "@/lib/network/policies";
import {
  describePorts,
  hasPort,
  includesPorts,
  isNoPort,
  NO_PORTS,
  type PortSet,
  unionPorts,
} from "@/lib/network/ports";
import { type PodClass, reachability } from "@/lib/network/reachability";
import { isInternet, METADATA_ADDRESSES, UNROUTED } from "@/lib/network/special-addresses";
import { renderManifest } from "./manifest";
import { declaredPolicies, narrowPolicy } from "./narrowed-policies";
import { groundOf, judgeCdeWorkloads, PATH_SECTIONS, stepEvidence } from "./network-paths";
import { nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Remediation, Result } from "./types";
import { findWorkload } from "./workloads";

export const netCrossScopeEgress: Control = {
  id: "net-cross-scope-egress",
  title: "CDE pods reach only approved destinations",
  severity: "critical",
  requirements: [
    {
      requirement: "1.3.2",
      kind: "primary",
      rationale: "Outbound traffic is limited only if no destination can be reached that nobody approved.",
    },
    {
      requirement: "A3.2.6",
      kind: "supporting",
      rationale: "Card data can leave unnoticed by any destination that is open and that nobody watches.",
    },
    {
      requirement: "11.5.1.1",
      kind: "supporting",
      rationale: "Covert channels need a way out; each closed destination is one that need not be watched.",
    },
  ],
  judges: "workload",
  sections: PATH_SECTIONS,
  rule: {
    reads:
      "Network policies of every kind, labels of namespaces and pods, address blocks, host network, the network plug-in, the category of each namespace and the flow register.",
    pass: "The workload reaches no out-of-scope namespace, not the internet at large and no cloud metadata address; every range outside that it reaches is an approved flow.",
    fail: "It reaches one of them (critical), or a range that no approved flow covers (high).",
    unknown:
      "A policy by domain name or beyond ports and addresses, an invalid one, an unknown plug-in, or a destination whose category is not known.",
    notApplicable: "The namespace has no workload.",
    why: "Stolen card data needs a destination; where every destination is approved by name there is none to choose.",
    cannotSee:
      "What an approved destination does with the data, what leaves through an egress gateway behind the pod, and data that is carried out inside DNS queries.",
  },
  evaluate: (context) => judgeCdeWorkloads(context, (workload) => judgeWorkload(context, workload)),
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get networkpolicy -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $p|select((.spec.policyTypes//(if ((.spec.egress//[])|length)>0 then ["Egress"] else [] end))|index("Egress"))|if ((.spec.egress//[])|length)==0 then "\\($p.metadata.namespace)/\\($p.metadata.name) denies \\($p.spec.podSelector|tojson)" else (.spec.egress|to_entries[]|.key as $i|(.value.to//[{any:true}])[]|"\\($p.metadata.namespace)/\\($p.metadata.name) egress[\\($i)] of \\($p.spec.podSelector|tojson) to \\(if .any then "ANY" elif .ipBlock then "\\(.ipBlock.cidr) except \\((.ipBlock.except//[])|join(","))" else tojson end)") end'`,
        `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|"\\(.metadata.namespace)/\\(.metadata.name) \\((.metadata.labels//{})|tojson)"'`,
      ),
      expect:
        "Every CDE pod of the second list is selected by a policy of the first that denies; no line says ANY, 0.0.0.0/0 or ::/0, and each block is an approved flow.",
      needs: [],
    };
  },
  remediate,
};

type PathKind = "out-of-scope" | "internet" | "metadata" | "range" | "undeclared";
interface Path {
  kind: PathKind;
  to: string;
  ports: PortSet;
  answer: DirectionAnswer;
  doubts: readonly string[];
  isCertain: boolean;
  /** Of a path to addresses outside. */
  range?: AddressRange;
}
const CRITICAL: ReadonlySet<PathKind> = new Set(["out-of-scope", "internet", "metadata"]);
const ORDER: Record<PathKind, number> = { internet: 0, metadata: 1, "out-of-scope": 2, range: 3, undeclared: 4 };

function judgeWorkload(context: EvaluationContext, workload: Workload): Result {
  const paths = pathsFrom(context, workload);
  const name = `${workload.ref.kind} ${workload.ref.name}`;
  const certain = paths.filter(({ isCertain, kind }) => isCertain && kind !== "undeclared");
  const evidence = (of: readonly Path[]): Result["evidence"] => [
    ...stepEvidence(
      of.flatMap(({ answer }) => answer.allowedBy),
      workload.ref,
    ),
    ...scopeEvidence(context, workload.namespace),
  ];
  if (certain.length > 0) {
    return {
      status: "fail",
      object: workload.ref,
      severity: certain.some(({ kind }) => CRITICAL.has(kind)) ? "critical" : "high",
      reason: shortReason(`reaches ${nameSome(distinct(certain.map(({ to }) => to)), 3)}`),
      detail: `${name} can reach what nobody approved: ${distinct(certain.map(describePath)).join("; ")}.${dnsNote(context, workload)}`,
      evidence: evidence(certain),
    };
  }
  if (paths.length > 0) {
    const doubts = distinct(
      paths.flatMap((path) => (path.kind === "undeclared" ? [`the category of ${path.to}`] : path.doubts)),
    );
    return {
      status: "unknown",
      object: workload.ref,
      reason: shortReason(`whether it reaches ${paths[0]?.to} is not known`),
      detail: `Whether ${name} can reach these is not known: ${distinct(paths.map(describePath)).join("; ")}. What would settle it: ${nameSome(doubts, 4)}.`,
      evidence: evidence(paths),
    };
  }
  const network = reachability(context.inventory);
  const policies = network.classesOf(workload).flatMap((podClass) => network.policiesOn(podClass, "Egress"));
  const refs = new Map(policies.map(({ ref }) => [`${ref.kind}/${ref.namespace ?? ""}/${ref.name}`, ref]));
  return {
    status: "pass",
    object: workload.ref,
    reason: "reaches only approved destinations",
    detail: `${name} reaches no out-of-scope namespace, neither the internet at large nor a cloud metadata address, and every range outside that it reaches is an approved flow.${dnsNote(context, workload)}`,
    evidence: [...refs.values()].slice(0, 20).map((ref) => ({ ref, pointer: "/spec" })),
  };
}

function pathsFrom(context: EvaluationContext, workload: Workload): Path[] {
  const { scope, inventory } = context;
  const network = reachability(inventory);
  const flows = approvedFlows(context.registers, context.asOf);
  const out: Path[] = [];
  for (const source of network.classesOf(workload)) {
    for (const namespace of [...scope.inCategory("out-of-scope"), ...scope.inCategory("undeclared")]) {
      const kind = scope.categoryOf(namespace) === "out-of-scope" ? ("out-of-scope" as const) : ("undeclared" as const);
      const any = reachWithAnyLabels(network, namespace, source, "Ingress");
      if (any.status === "unreachable") continue;
      const { egress, ingress, allowed, unknown } = any.connection;
      const labels = Object.entries(any.labels ?? {}).map(([key, value]) => `${key}=${value}`);
      out.push({
        kind,
        to: `namespace ${namespace}${labels.length === 0 ? "" : ` (pods with ${labels.join(", ")})`}`,
        ports: any.status === "reachable" ? allowed : unknown,
        answer: egress,
        doubts: [...egress.doubts, ...ingress.doubts],
        isCertain: any.status === "reachable",
      });
    }
    out.push(...outsidePaths(context, workload, source, flows));
  }
  return out.sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
}

/** What the workload reaches outside that no approved flow covers. */
function outsidePaths(
  context: EvaluationContext,
  workload: Workload,
  source: PodClass,
  flows: readonly Flow[],
): Path[] {
  const network = reachability(context.inventory);
  const own = { ...source, labels: workload.labels };
  const isProtected = (context.registers?.metadataProtections ?? []).some(
    (one) => isApprovedAt(one, context.asOf) && (one.namespaces?.includes(workload.namespace) ?? true),
  );
  const inCluster = podBlocks(context.inventory);
  return network.outside(source, "Egress").flatMap(({ range, answer }): Path[] => {
    const isCertain = !isNoPort(answer.allowed);
    const ports = isCertain ? answer.allowed : answer.unknown;
    if (isNoPort(ports)) return [];
    const base = { ports, answer, doubts: answer.doubts, isCertain };
    const metadata = METADATA_ADDRESSES.filter((one) => !isProtected && overlaps(range, one.range)).map(
      ({ name, range: at }): Path => ({ ...base, kind: "metadata", to: `the metadata address ${name}`, range: at }),
    );
    if (isInternet(range)) return [{ ...base, kind: "internet", to: "the internet", range }, ...metadata];
    const approved = approvedBlocks(
      flows.filter((flow) => isEnd(flow.from, own)),
      ports,
    );
    const uncovered = subtractRanges(range, [...approved, ...UNROUTED, ...inCluster]).filter(
      // A metadata address outside the link-local range has its own line.
      (part) => !METADATA_ADDRESSES.some((one) => containsRange(one.range, part)),
    );
    return [
      ...metadata,
      ...uncovered.slice(0, 5).map((part): Path => ({ ...base, kind: "range", to: describeRange(part), range: part })),
    ];
  });
}

const blocks = new WeakMap<Inventory, readonly AddressRange[]>();
/** Where nodes give their pods addresses. */
function podBlocks(inventory: Inventory): readonly AddressRange[] {
  let found = blocks.get(inventory);
  if (found === undefined) {
    const texts = inventory.nodes.flatMap(({ spec }) => [...(spec?.podCIDRs ?? []), spec?.podCIDR ?? ""]);
    found = [...new Set(texts)].flatMap((text) => parseBlock(text) ?? []);
    blocks.set(inventory, found);
  }
  return found;
}

/** The blocks that flows approve on all of the ports, each flow by itself or several of one block together. */
function approvedBlocks(flows: readonly Flow[], ports: PortSet): AddressRange[] {
  const byBlock = new Map<string, PortSet>();
  for (const flow of flows) {
    if ("cidr" in flow.to)
      byBlock.set(flow.to.cidr, unionPorts(byBlock.get(flow.to.cidr) ?? NO_PORTS, portsOfFlow(flow)));
  }
  return [...byBlock].flatMap(([cidr, covered]) => (includesPorts(covered, ports) ? (parseBlock(cidr) ?? []) : []));
}

function describePath({ to, ports, answer, kind }: Path): string {
  const which = kind === "range" ? ", which no approved flow covers" : "";
  return `${to}${which} on ${describePorts(ports)}, ${groundOf(answer)}`;
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** DNS servers of the cluster pass on any name, and a name can carry data. */
function dnsNote({ inventory }: EvaluationContext, workload: Workload): string {
  const network = reachability(inventory);
  const servers = network
    .classesIn("kube-system")
    .filter(({ members }) => members.some(({ workload: server }) => server.labels["k8s-app"] === "kube-dns"));
  const isOpen = network
    .classesOf(workload)
    .some((source) => servers.some((server) => hasPort(network.between(source, server).allowed, "UDP", 53)));
  return isOpen ? " It reaches the cluster's DNS, which can carry data out inside queries; watch for it." : "";
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const runbook = (summary: string): Remediation => ({
    summary,
    risk: "Whatever used the destination is cut off; declare the flows that are needed first.",
  });
  const workload = findWorkload(context, result);
  if (workload === undefined) return runbook("Add the missing objects, then look again.");
  const paths = pathsFrom(context, workload).filter(({ isCertain, kind }) => isCertain && kind !== "undeclared");
  if (paths.some(({ answer }) => answer.because === "not-enforced"))
    return runbook(
      "Policies have no effect here; make a network plug-in enforce them first (see net-cni-enforces-policy).",
    );
  if (workload.variants.some(({ spec }) => spec.hostNetwork === true))
    return runbook("Take the workload off the host network (see pod-no-host-namespaces); no policy holds it there.");
  const steps = paths.flatMap(({ answer }) => answer.allowedBy);
  const foreign = steps.filter(({ policy }) => policy.ref.apiVersion !== "networking.k8s.io/v1");
  if (foreign.length > 0) {
    return runbook(
      `Narrow these rules by hand to approved destinations: ${distinct(foreign.map(nameOfStep)).join(", ")}.`,
    );
  }
  const flows = approvedFlows(context.registers, context.asOf).filter(
    ({ to }) => !("namespace" in to && context.scope.categoryOf(to.namespace) === "out-of-scope"),
  );
  const atFault = new Set(steps.map(({ policy }) => policy.ref.name));
  const ranges = paths.flatMap(({ range }) => range ?? []);
  const narrowed = policiesIn(context.inventory, workload.namespace)
    .filter(({ metadata }) => atFault.has(metadata.name))
    .flatMap(
      (policy) =>
        narrowPolicy(context, policy, {
          direction: "Egress",
          namespaces: new Set(context.scope.inCategory("out-of-scope")),
          isBlockAtFault: (cidr) => {
            const block = parseBlock(cidr);
            return block === null || ranges.some((range) => overlaps(range, block));
          },
        }) ?? [],
    );
  const isOpen = paths.some(({ answer }) => answer.because === "open");
  const own = declaredPolicies(context, workload, "Egress", flows, { narrowed, isOpen });
  return {
    summary: `Let ${workload.ref.name} out to approved destinations only: ${narrowed.length} ${narrowed.length === 1 ? "policy is" : "policies are"} narrowed, and the declared flows and DNS are allowed by name.`,
    manifest: renderManifest(...narrowed, ...own),
    apply: `kubectl diff -f ${workload.ref.name}-egress.yaml; kubectl apply -f ${workload.ref.name}-egress.yaml`,
    risk: "Connections that no approved flow names stop at once. Declare the flows that are needed first; a name server outside kube-system needs a flow of its own.",
  };
}
