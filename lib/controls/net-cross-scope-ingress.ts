/**
 * net-cross-scope-ingress: nothing outside the scope can connect to a CDE pod.
 *
 * Reads: everything that decides who reaches whom (lib/network/reachability), the category of each namespace, the flow register.
 * Pass: from every out-of-scope namespace neither a pod that runs nor a pod with labels of its owner's choice can open a connection
 *   to the workload on any port, and every path from a connected-to namespace is an approved flow of the register.
 * Fail: a path exists: critical from an out-of-scope namespace; high from a connected-to one that the register doesn't hold, or
 *   from a host-network pod of an out-of-scope namespace on the same node. The sources, ports and policies are named.
 * Unknown: what was read doesn't decide it: the plug-in isn't known, a policy is invalid, beyond L4 or of a kind that isn't
 *   understood; or the only paths come from namespaces whose category isn't known.
 * Not applicable: the cluster has no namespace beside the CDE's and system ones.
 * Traps: labels of pods are chosen by whoever creates them, so that a rule by label alone opens its whole namespace; nodes and
 *   their own pods are always connected, so that probes, webhooks and the API server's aggregation are listed, not failed; egress
 *   rules in the other namespace count, but whoever owns it may take them away.
 */
import type { ResourceRef, Workload } from "@/lib/inventory/inventory";
import { livePodsOn } from "@/lib/inventory/look-ups";
import { reachWithAnyLabels } from "@/lib/network/any-labels";
import { approvedFlows, coveredPorts } from "@/lib/network/declared-flows";
import { nameOfStep } from "@/lib/network/explain";
import type { Step } from "@/lib/network/model";
import { policiesIn } from "@/lib/network/policies";
import { describePorts, isNoPort, NO_PORTS, type PortSet, subtractPorts, unionPorts } from "@/lib/network/ports";
import { type Connection, type PodClass, reachability } from "@/lib/network/reachability";
import { renderManifest } from "./manifest";
import { declaredPolicies, narrowPolicy } from "./narrowed-policies";
import {
  endpointsOf,
  groundOf,
  judgeCdeWorkloads,
  PATH_SECTIONS,
  stepEvidence,
  systemNamespaces,
} from "./network-paths";
import { findUndeclared, clusterResult, nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result, Severity } from "./types";
import { findWorkload } from "./workloads";

export const netCrossScopeIngress: Control = {
  id: "net-cross-scope-ingress",
  title: "No inbound path into the CDE from out-of-scope pods",
  severity: "critical",
  requirements: [
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale:
        "Inbound traffic is limited only if no pod outside the scope can open a connection, whatever its labels.",
    },
    {
      requirement: "1.4.2",
      kind: "primary",
      rationale:
        "A namespace out of scope is untrusted for the CDE; a path from it is traffic that was not authorised.",
    },
    {
      requirement: "12.5.2",
      kind: "supporting",
      rationale: "The paths into the CDE show which namespaces the confirmed scope has to hold.",
    },
    {
      requirement: "11.4.5",
      kind: "supporting",
      rationale: "The computed paths tell where segmentation tests have to be made.",
    },
    {
      requirement: "A1.1.1",
      kind: "supporting",
      rationale: "A path between the namespaces of two customers would show that they are not kept apart.",
    },
    {
      requirement: "A1.1.2",
      kind: "supporting",
      rationale: "A customer's own namespace must not lead into another one's environment.",
    },
  ],
  judges: "workload",
  sections: PATH_SECTIONS,
  rule: {
    reads:
      "Network policies of every kind, labels of namespaces and pods, addresses, host network, the network plug-in, the category of each namespace and the flow register.",
    pass: "No pod of an out-of-scope namespace, running or with labels of its owner's choice, can connect to the workload, and each path from a connected-to namespace is an approved flow.",
    fail: "A path from an out-of-scope namespace exists (critical), or one from a connected-to namespace that the flow register does not hold (high).",
    unknown:
      "The plug-in, an invalid policy or one beyond ports and addresses leaves a path open to doubt, or a namespace's category is not known.",
    notApplicable: "The cluster has no namespace beside those of the CDE and of the system.",
    why: "Segmentation takes a namespace out of scope only if no connection can be opened from it; whether one could be is a question of all policies together.",
    cannotSee:
      "Traffic that nodes themselves make (kubelet probes, kubectl port-forward, webhooks, the API server): it reaches pods of the same node whatever their policies say. Who may use it is the question of rbac-interactive-access.",
  },
  evaluate(context) {
    const others = othersOf(context);
    if (others === null) {
      const undeclared = findUndeclared(context);
      if (undeclared !== null) return [undeclared];
      return [
        clusterResult(
          "not-applicable",
          "no namespace beside the CDE and the system",
          "Every namespace of this cluster belongs to the CDE or to Kubernetes and its network plug-in, so there is nowhere else that a path could come from.",
        ),
      ];
    }
    return judgeCdeWorkloads(context, (workload) => judgeWorkload(context, workload, others));
  },
  verify({ scope }, result) {
    const target = result?.object.namespace ?? "";
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get networkpolicy -A -o json | jq -r --argjson cde "$CDE" --arg only ${JSON.stringify(target)} '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select($only=="" or .metadata.namespace==$only)|. as $p|if ((.spec.policyTypes//["Ingress"])|index("Ingress")|not) then empty elif ((.spec.ingress//[])|length)==0 then "\\($p.metadata.namespace)/\\($p.metadata.name) denies \\($p.spec.podSelector|tojson)" else (.spec.ingress|to_entries[]|"\\($p.metadata.namespace)/\\($p.metadata.name) ingress[\\(.key)] to \\($p.spec.podSelector|tojson) from \\((.value.from//["ANYBODY"])|tojson) ports \\((.value.ports//["ANY"])|tojson)") end'`,
        `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '[.items[]|select(.metadata.namespace as $n|$cde|index($n))|"\\(.metadata.namespace)/\\(.metadata.name) \\((.metadata.labels//{})|tojson)"]|.[]'`,
      ),
      expect:
        "Every CDE pod of the second list is selected by a policy that denies, and no rule of the first list names a peer that an out-of-scope namespace fulfils, whatever its pods' labels. A probe shows the same at run time: kubectl run nettest --image=PROBE_IMAGE --restart=Never --rm -i -n OUT_OF_SCOPE_NAMESPACE --command -- nc -z -w 5 POD_IP PORT must time out, while the same command from an allowed namespace succeeds.",
      needs: [],
    };
  },
  remediate,
};

interface Others {
  out: string[];
  connected: string[];
  undeclared: string[];
}

/** The namespaces that paths may come from, or null when there are only the CDE's and the system's. */
function othersOf(context: EvaluationContext): Others | null {
  const { scope } = context;
  const others = {
    out: scope.inCategory("out-of-scope"),
    connected: scope.inCategory("connected-to"),
    undeclared: scope.inCategory("undeclared"),
  };
  const system = systemNamespaces(context);
  const isAny = [...others.out, ...others.undeclared, ...others.connected].some((name) => !system.has(name));
  return isAny ? others : null;
}

/** One way in. */
interface Path {
  namespace: string;
  kind: "out-of-scope" | "same-node" | "connected-to" | "undeclared";
  /** Who: pods that run, or labels that would do. */
  who: string;
  ports: PortSet;
  connection: Connection;
  isCertain: boolean;
}

function judgeWorkload(context: EvaluationContext, workload: Workload, others: Others): Result {
  const paths = pathsTo(context, workload, others);
  const certain = paths.filter(({ isCertain, kind }) => isCertain && kind !== "undeclared");
  const name = `${workload.ref.kind} ${workload.ref.name}`;
  if (certain.length > 0) {
    const severity: Severity = certain.some(({ kind }) => kind === "out-of-scope") ? "critical" : "high";
    const [worst] = [...certain].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
    return {
      status: "fail",
      object: workload.ref,
      severity,
      reason: shortReason(
        `reached from ${nameSome([...new Set(certain.map(({ namespace }) => namespace))], 3)} on ${describePorts(worst?.ports ?? NO_PORTS)}`,
      ),
      detail: `${name} can be reached from where it must not be: ${certain.map(describePath).join("; ")}.${nodeNote(context, workload)}`,
      evidence: evidenceOf(context, workload.ref, certain),
    };
  }
  const doubtful = paths.filter(({ kind, isCertain }) => !isCertain || kind === "undeclared");
  if (doubtful.length > 0) {
    const doubts = doubtful.flatMap(({ connection, kind, namespace }) =>
      kind === "undeclared"
        ? [`the category of namespace ${namespace}`]
        : [...connection.ingress.doubts, ...connection.egress.doubts],
    );
    const distinct = [...new Set(doubts)];
    return {
      status: "unknown",
      object: workload.ref,
      reason: shortReason(`whether ${doubtful[0]?.namespace} reaches it is not known`),
      detail: `Whether ${name} can be reached is not known: ${doubtful.map(describePath).join("; ")}. What would settle it: ${nameSome(distinct, 4)}.`,
      evidence: evidenceOf(context, workload.ref, doubtful),
    };
  }
  const looked = [...others.out, ...others.connected];
  return {
    status: "pass",
    object: workload.ref,
    reason: `no path from ${looked.length} ${looked.length === 1 ? "namespace" : "namespaces"} outside the CDE`,
    detail: `No pod of ${nameSome(others.out)}${others.out.length === 0 ? "any out-of-scope namespace" : ""} can connect to ${name}, whatever its labels, and every path from ${others.connected.length === 0 ? "connected-to namespaces" : nameSome(others.connected)} is an approved flow of the register.${egressNote(context, workload, others)}${nodeNote(context, workload)}`,
    evidence: evidenceOfClosing(context, workload),
  };
}

const ORDER: Record<Path["kind"], number> = { "out-of-scope": 0, "same-node": 1, "connected-to": 2, undeclared: 3 };

function pathsTo(context: EvaluationContext, workload: Workload, others: Others): Path[] {
  const network = reachability(context.inventory);
  const flows = approvedFlows(context.registers, context.asOf);
  const paths: Path[] = [];
  for (const target of network.classesOf(workload)) {
    for (const namespace of [...others.out, ...others.undeclared]) {
      const kind = others.out.includes(namespace) ? ("out-of-scope" as const) : ("undeclared" as const);
      paths.push(...fromPods(namespace, kind, target));
      const any = reachWithAnyLabels(network, namespace, target);
      if (any.status === "unreachable") continue;
      const labels = Object.entries(any.labels ?? {}).map(([key, value]) => `${key}=${value}`);
      paths.push({
        namespace,
        kind,
        who: labels.length === 0 ? "any pod there" : `a pod there with the labels ${labels.join(", ")}`,
        ports: any.status === "reachable" ? any.connection.allowed : any.connection.unknown,
        connection: any.connection,
        isCertain: any.status === "reachable",
      });
    }
    for (const namespace of others.connected) paths.push(...fromConnected(namespace, target));
  }
  return paths;

  function fromPods(namespace: string, kind: "out-of-scope" | "undeclared", target: PodClass): Path[] {
    // Pods that aren't on the host network are among those with labels of their owner's choice.
    return network.hostClassesIn(namespace).flatMap((source) => {
      const connection = network.between(source, target);
      const isCertain = !isNoPort(connection.allowed);
      if (!isCertain && isNoPort(connection.unknown)) return [];
      return [
        {
          namespace,
          kind: kind === "undeclared" || connection.ingress.because !== "exempt" ? kind : ("same-node" as const),
          who: `host-network pods of ${names(source)}`,
          ports: isCertain ? connection.allowed : connection.unknown,
          connection,
          isCertain,
        },
      ];
    });
  }

  function fromConnected(namespace: string, target: PodClass): Path[] {
    const peers = network.peersOf(target, "Ingress");
    return network.classesIn(namespace).flatMap((source) => {
      // A node reaches its own pods; who runs there is judged by iso-no-colocation.
      if (source.isHostNetwork || peers?.has(source.index) === false) return [];
      const connection = network.between(source, target);
      if (isNoPort(connection.allowed) && isNoPort(connection.unknown)) return [];
      const end = { ...target, labels: workload.labels };
      return endpointsOf(source).flatMap(({ workload: from, endpoint }): Path[] => {
        const covered = coveredPorts(flows, endpoint, end);
        const allowed = subtractPorts(connection.allowed, covered);
        const unknown = subtractPorts(connection.unknown, covered);
        if (isNoPort(allowed) && isNoPort(unknown)) return [];
        const isCertain = !isNoPort(allowed);
        const who = `${from.ref.kind} ${from.ref.name}, which no approved flow covers`;
        return [{ namespace, kind: "connected-to", who, ports: isCertain ? allowed : unknown, connection, isCertain }];
      });
    });
  }
}

function names({ members }: PodClass): string {
  return nameSome([...new Set(members.map(({ workload }) => `${workload.ref.kind} ${workload.ref.name}`))], 3);
}

function describePath({ namespace, kind, who, ports, connection }: Path): string {
  const where = kind === "same-node" ? " on the same node" : "";
  return `from ${namespace} (${kind === "same-node" ? "out-of-scope" : kind}) ${who}${where} on ${describePorts(ports)}, ${groundOf(connection.ingress)}`;
}

function evidenceOf(context: EvaluationContext, ref: ResourceRef, paths: readonly Path[]): EvidencePointer[] {
  const steps: Step[] = paths.flatMap(({ connection }) => connection.ingress.allowedBy);
  const spaces = [...new Set(paths.map(({ namespace }) => namespace))].slice(0, 10);
  return [...stepEvidence(steps, ref), ...spaces.flatMap((namespace) => scopeEvidence(context, namespace))];
}

/** The policies that keep the workload closed. */
function evidenceOfClosing(context: EvaluationContext, workload: Workload): EvidencePointer[] {
  const network = reachability(context.inventory);
  const policies = network.classesOf(workload).flatMap((podClass) => network.policiesOn(podClass, "Ingress"));
  const refs = new Map(policies.map(({ ref }) => [`${ref.kind}/${ref.namespace ?? ""}/${ref.name}`, ref]));
  return [...refs.values()].slice(0, 20).map((ref) => ({ ref, pointer: "/spec" }));
}

/** Where only the other namespace's own egress policies stand between. */
function egressNote(context: EvaluationContext, workload: Workload, { out }: Others): string {
  const network = reachability(context.inventory);
  const leaning = out.filter((namespace) =>
    network.classesOf(workload).some((target) => {
      const { ingress } = network.between(network.hypotheticalPod(namespace, null), target);
      return !isNoPort(unionPorts(ingress.allowed, ingress.unknown));
    }),
  );
  if (leaning.length === 0) return "";
  return ` The CDE's own policies would let ${nameSome(leaning)} in for some labels or ports; only that namespace's egress policies, or the labels that it can't choose, stop it. Close the CDE side too.`;
}

/** Host-network pods of other namespaces on the nodes of the workload: always connected. */
function nodeNote(context: EvaluationContext, workload: Workload): string {
  const nodes = new Set(workload.pods.flatMap((pod) => pod.spec.nodeName ?? []));
  const distinct = [...new Set([...nodes].flatMap((node) => hostNetworkOn(context, node)))].sort();
  return distinct.length === 0
    ? ""
    : ` On its nodes run host-network pods, which reach it whatever policies say: ${nameSome(distinct)}.`;
}

const hostNetwork = new WeakMap<EvaluationContext, Map<string, string[]>>();
/** The workloads of other namespaces that have a host-network pod on the node; looked up once for each node. */
function hostNetworkOn(context: EvaluationContext, node: string): string[] {
  let byNode = hostNetwork.get(context);
  if (byNode === undefined) {
    byNode = new Map();
    hostNetwork.set(context, byNode);
  }
  let found = byNode.get(node);
  if (found === undefined) {
    found = livePodsOn(context.inventory, node)
      .filter(({ pod }) => pod.spec.hostNetwork === true)
      .filter(({ workload }) => context.scope.categoryOf(workload.namespace) !== "cde")
      .map(({ workload }) => `${workload.namespace}/${workload.ref.name}`);
    byNode.set(node, found);
  }
  return found;
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const runbook = (summary: string): Remediation => ({
    summary,
    risk: "Whatever used the path is cut off; declare the flows that are needed first.",
  });
  const workload = findWorkload(context, result);
  const others = othersOf(context);
  if (workload === undefined || others === null) return runbook("Add the missing objects, then look again.");
  const paths = pathsTo(context, workload, others).filter(({ isCertain, kind }) => isCertain && kind !== "undeclared");
  if (paths.some(({ connection }) => connection.ingress.because === "not-enforced")) {
    return runbook(
      "Policies have no effect here; make a network plug-in enforce them first (see net-cni-enforces-policy).",
    );
  }
  if (workload.variants.some(({ spec }) => spec.hostNetwork === true)) {
    return runbook("Take the workload off the host network (see pod-no-host-namespaces); no policy holds it there.");
  }
  const byPolicy = paths.filter(({ kind }) => kind !== "same-node");
  if (byPolicy.length === 0) {
    return runbook(
      "Move the host-network pods of the out-of-scope namespaces to other nodes (see iso-no-colocation); a node reaches its own pods whatever their policies say.",
    );
  }
  const foreign = byPolicy
    .flatMap(({ connection }) => connection.ingress.allowedBy)
    .filter(({ policy }) => policy.ref.apiVersion !== "networking.k8s.io/v1");
  if (foreign.length > 0) {
    return runbook(
      `Narrow these rules by hand, so that they name only CDE namespaces and approved flows: ${[...new Set(foreign.map(nameOfStep))].join(", ")}.`,
    );
  }
  const namespaces = new Set([...others.out, ...byPolicy.map(({ namespace }) => namespace)]);
  const existing = policiesIn(context.inventory, workload.namespace);
  const atFault = new Set(
    byPolicy.flatMap(({ connection }) => connection.ingress.allowedBy.map(({ policy }) => policy.ref.name)),
  );
  const narrowed = existing
    .filter(({ metadata }) => atFault.has(metadata.name))
    .flatMap(
      (policy) =>
        narrowPolicy(context, policy, { direction: "Ingress", namespaces, isBlockAtFault: () => false }) ?? [],
    );
  // A declared flow from an out-of-scope namespace contradicts its category; the path stays closed until one of them changes.
  const flows = approvedFlows(context.registers, context.asOf).filter(
    ({ from }) => !("namespace" in from && others.out.includes(from.namespace)),
  );
  const isOpen = byPolicy.some(({ connection }) => connection.ingress.because === "open");
  const own = declaredPolicies(context, workload, "Ingress", flows, { narrowed, isOpen });
  return {
    summary: `Let only the CDE and the approved flows reach ${workload.ref.name}: ${narrowed.length} ${narrowed.length === 1 ? "policy is" : "policies are"} narrowed, and the declared flows are allowed by name.`,
    manifest: renderManifest(...narrowed, ...own),
    apply: `kubectl diff -f ${workload.ref.name}-ingress.yaml; kubectl apply -f ${workload.ref.name}-ingress.yaml`,
    risk: "Connections that no approved flow names stop at once, also those from inside the CDE to pods that were open before. Declare the flows that are needed first.",
  };
}
