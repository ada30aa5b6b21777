/**
 * net-external-exposure: only authorised services are reachable from untrusted networks, and never the data tier.
 *
 * Reads: Services, Ingresses, Gateway API routes, OpenShift Routes, Istio VirtualServices, hostPorts and hostNetwork that lead into
 *   CDE and connected-to namespaces; the register of public services; the inventory of components and tier labels.
 * Pass: each way in is on the register, none leads to workloads that store account data, and what is meant for the
 *   organization's own network is internal or limited to source ranges.
 * Fail: a way in that is not on the register or whose approval has ended; any way to the data tier, also an approved one; an
 *   internal service whose load balancer faces the internet for everybody; externalIPs that the register doesn't name.
 * Unknown: whether a load balancer faces the internet can't be told; a workload that looks like a database and isn't labelled.
 * Not applicable: nothing leads in from outside.
 * Traps: a LoadBalancer opens node ports as well; a NodePort is open on every node; a pending load balancer is still one; the default
 *   between internet-facing and internal differs per provider (load-balancer-facing.ts).
 */
import type { Workload } from "@/lib/inventory/inventory";
import type { PodSpec } from "@/lib/inventory/kinds";
import { endOf, isApprovedAt } from "@/lib/inventory/registers";
import type { PublicService } from "@/lib/inventory/registers/public-services";
import { parseBlock } from "@/lib/network/addresses";
import { dataTierOf } from "./data-tier";
import { type Exposure, EXPOSURE_SECTIONS, exposuresOf } from "./exposures";
import { renderPatch } from "./manifest";
import {
  clusterResult,
  findUndeclared,
  findUnreadable,
  invalidResults,
  nameSome,
  noNamespaceResult,
  undeclaredNamespaces,
} from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { remediateWorkload } from "./workload-patch";
import { WORKLOAD_SECTIONS } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const netExternalExposure: Control = {
  id: "net-external-exposure",
  title: "Only authorised services are reachable from untrusted networks and never the data tier",
  severity: "critical",
  requirements: [
    {
      requirement: "1.4.1",
      kind: "primary",
      rationale: "Every way in from an untrusted network has to pass a control that somebody has put there on purpose.",
    },
    {
      requirement: "1.4.2",
      kind: "primary",
      rationale:
        "Traffic from untrusted networks may reach only what is authorised to be public; the register says what is.",
    },
    {
      requirement: "1.4.4",
      kind: "primary",
      rationale: "What stores account data must not be reachable from an untrusted network at all.",
    },
    {
      requirement: "1.4.5",
      kind: "supporting",
      rationale: "Each object that opens a way in shows an internal address or routing detail to whoever uses it.",
    },
  ],
  judges: "service",
  sections: ["namespaces", ...EXPOSURE_SECTIONS, ...WORKLOAD_SECTIONS.filter((section) => section !== "namespaces")],
  rule: {
    reads:
      "Services, Ingresses, routes of Gateway API, OpenShift and Istio, hostPorts and hostNetwork that lead into CDE and connected-to namespaces; the register of public services; the inventory of components and tier labels.",
    pass: "Each way in is on the register, none leads to what stores account data, and internal ones are internal or limited to source ranges.",
    fail: "A way in that is not on the register, any way to the data tier, an internal service that everybody can reach, or externalIPs that the register does not name.",
    unknown:
      "Whether a load balancer faces the internet cannot be told, or a workload looks like a database and nobody has said whether it stores account data.",
    notApplicable: "Nothing leads into a CDE or connected-to namespace from outside the cluster.",
    why: "These objects are what opens a cluster to the outside; comparing them with what was authorised shows each way in that nobody has answered for.",
    cannotSee:
      "Firewalls, load balancers and address translation before the cluster; ReferenceGrants, so that a route from another namespace counts as leading in; routes of kinds that are not read.",
  },
  evaluate(context) {
    const undeclared = findUndeclared(context);
    if (undeclared !== null) return [undeclared];
    const unknown = undeclaredNamespaces(context);
    const judged = new Set(context.scope.inCategory(...CATEGORIES));
    if (judged.size === 0) return unknown.length > 0 ? unknown : [noNamespaceResult(CATEGORIES)];
    const results = [
      ...exposuresOf(context, judged).map((exposure) => judge(context, exposure)),
      ...invalidResults(context, ["Service", "Ingress", ...ROUTE_KINDS], [...judged]),
      ...unknown,
    ];
    const unread = EXPOSURE_SECTIONS.flatMap((section) => findUnreadable(context, [section]) ?? []);
    if (results.length + unread.length > 0) return [...results, ...unread];
    return [
      clusterResult(
        "not-applicable",
        "nothing leads in from outside the cluster",
        "No Service of type LoadBalancer or NodePort, no externalIPs, Ingress, route, hostPort or hostNetwork leads into a CDE or connected-to namespace.",
      ),
    ];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get svc -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select(.spec.type=="LoadBalancer" or .spec.type=="NodePort" or ((.spec.externalIPs//[])|length>0))|"Service \\(.metadata.namespace)/\\(.metadata.name) \\(.spec.type) ranges=\\((.spec.loadBalancerSourceRanges//["ANY"])|join(",")) ips=\\((.spec.externalIPs//[])|join(","))"'`,
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|"Ingress \\(.metadata.namespace)/\\(.metadata.name) \\([(.spec.rules//[])[].host//"*"]|join(","))"'`,
      `for kind in httproutes.gateway.networking.k8s.io grpcroutes.gateway.networking.k8s.io tlsroutes.gateway.networking.k8s.io tcproutes.gateway.networking.k8s.io routes.route.openshift.io virtualservices.networking.istio.io; do kubectl get "$kind" -A -o json 2>/dev/null | jq -r --argjson cde "$CDE" '.items[]|select((.metadata.namespace as $n|$cde|index($n)) or ([.spec.rules[]?.backendRefs[]?.namespace|strings]|any(. as $n|$cde|index($n))))|"\\(.kind) \\(.metadata.namespace)/\\(.metadata.name)"'; done`,
      `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select((.metadata.annotations//{})["kubernetes.io/config.mirror"]==null)|select(.spec.hostNetwork==true or any((.spec.containers//[])[].ports[]?;(.hostPort//0)>0))|"Pod \\(.metadata.namespace)/\\(.metadata.name) hostNetwork=\\(.spec.hostNetwork//false) hostPorts=\\([(.spec.containers//[])[].ports[]?.hostPort//empty]|map(tostring)|join(","))"'`,
    ),
    expect:
      "Each line is a way in. Look each up in the register of public services; none may lead to what stores account data, and internal ones need source ranges or an internal load balancer.",
    needs: [],
  }),
  remediate,
};

const ROUTE_KINDS = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Route", "VirtualService"];

interface Found {
  text: string;
  evidence: EvidencePointer[];
}

function judge(context: EvaluationContext, exposure: Exposure): Result {
  const entry = findEntry(context, exposure);
  const fails: Found[] = [];
  const unknowns: Found[] = [];
  for (const workload of exposure.workloads) {
    const tier = dataTierOf(context, workload);
    const at = [{ ref: workload.ref, pointer: "", found: tier?.because ?? "" }];
    if (tier?.tier === "declared")
      fails.push({ text: `leads to ${nameOf(workload)}, which stores account data: ${tier.because}`, evidence: at });
    else if (tier?.tier === "likely")
      unknowns.push({
        text: `leads to ${nameOf(workload)}, which looks like a data store (${tier.because}); say in the inventory of components or by the label tier whether it stores account data`,
        evidence: at,
      });
  }
  if (entry.state !== "approved") fails.push({ text: entry.text, evidence: exposure.evidence });
  else {
    const ips = exposure.service?.spec.externalIPs ?? [];
    const unnamed = ips.filter((ip) => !entry.value.externalIPs.includes(ip));
    if (unnamed.length > 0)
      fails.push({
        text: `claims the addresses ${unnamed.join(", ")} by externalIPs, which the register does not name`,
        evidence: [{ ref: exposure.ref, pointer: "/spec/externalIPs", found: unnamed.join(", ") }],
      });
    if (entry.value.reach === "internal") judgeReach(exposure, fails, unknowns);
  }
  const words = `${exposure.ref.kind} ${exposure.ref.namespace}/${exposure.ref.name} (${exposure.means}${exposure.hosts.length > 0 ? ` for ${nameSome(exposure.hosts, 3)}` : ""})`;
  const leads = `It leads into ${nameSome(exposure.namespaces)}${exposure.workloads.length > 0 ? `, to ${nameSome(exposure.workloads.map(nameOf))}` : ", where it selects no workload"}; ${facingWords(exposure)}.${nodePortNote(exposure)}`;
  const status = fails.length > 0 ? "fail" : unknowns.length > 0 ? "unknown" : "pass";
  const shown = [...fails, ...unknowns];
  return {
    status,
    object: exposure.ref,
    reason: shortReason(
      status === "pass" && entry.state === "approved"
        ? `authorised for ${entry.value.reach === "internet" ? "the internet" : "the internal network"} by ${entry.value.approvedBy}`
        : (shown[0]?.text ?? ""),
    ),
    detail: `${words}${shown.length > 0 ? ` ${shown.map(({ text }) => text).join("; and ")}` : " is authorised"}. ${leads}${entry.state === "approved" ? ` The register says: ${entry.value.reason} (approved by ${entry.value.approvedBy} at ${entry.value.approvedAt}).` : ""}`,
    evidence: [
      ...(shown.length > 0 ? shown.flatMap(({ evidence }) => evidence) : exposure.evidence),
      ...(entry.state === "none" ? [] : [entry.evidence]),
    ],
  };
}

/** An internal service must not be open to everybody: what its load balancer faces, and whom its source ranges let in. */
function judgeReach({ ref, service, facing }: Exposure, fails: Found[], unknowns: Found[]): void {
  if (service?.spec.type !== "LoadBalancer") {
    if (facing.reach === "internet")
      fails.push({
        text: `is meant for the internal network and faces the internet: ${facing.because}`,
        evidence: [{ ref, pointer: "/metadata/annotations" }],
      });
    return;
  }
  if (facing.reach === "internal") return;
  const ranges = service.spec.loadBalancerSourceRanges ?? [];
  const at = { ref, pointer: "/spec/loadBalancerSourceRanges", found: ranges.join(", ") || "absent" };
  const open = ranges.filter(isNearlyEverybody);
  if (open.length > 0)
    fails.push({
      text: `is meant for the internal network and its source ranges let everybody in (${open.join(", ")})`,
      evidence: [at],
    });
  else if (ranges.length === 0 && facing.reach === "internet")
    fails.push({
      text: `is meant for the internal network, faces the internet (${facing.because}) and has no source ranges`,
      evidence: [at, { ref, pointer: "/metadata/annotations" }],
    });
  else if (ranges.length === 0)
    unknowns.push({
      text: `is meant for the internal network, and whether it faces the internet is not known: ${facing.because}. Set the provider's annotation for an internal load balancer, or source ranges`,
      evidence: [at],
    });
}

/** More than 2^24 IPv4 or 2^112 IPv6 addresses; also what can't be read, which some providers take as no limit. */
function isNearlyEverybody(range: string): boolean {
  const block = parseBlock(range.trim());
  if (block === null) return true;
  return block.last - block.first >= (block.family === 4 ? 1n << 24n : 1n << 112n);
}

type Entry =
  | { state: "approved"; value: PublicService; evidence: EvidencePointer }
  | { state: "ended"; text: string; evidence: EvidencePointer }
  | { state: "none"; text: string };

function findEntry(context: EvaluationContext, { ref }: Exposure): Entry {
  let ended: Entry | null = null;
  for (const [i, value] of (context.registers?.publicServices ?? []).entries()) {
    const { kind, namespace, name } = value.object;
    if (kind !== ref.kind || namespace !== ref.namespace || name !== ref.name) continue;
    const evidence = {
      ref: CLUSTER_REF,
      pointer: `/registers/publicServices/${i}`,
      found: `${value.reach}, approved by ${value.approvedBy} at ${value.approvedAt}`,
    };
    if (isApprovedAt(value, context.asOf)) return { state: "approved", value, evidence };
    const isOver = value.expiresAt !== undefined && endOf(value.expiresAt) <= Date.parse(context.asOf);
    ended = {
      state: "ended",
      text: isOver
        ? `is not authorised any more: its approval ended at ${value.expiresAt}`
        : `is not authorised yet: its approval begins at ${value.approvedAt}`,
      evidence,
    };
  }
  return ended ?? { state: "none", text: "is not on the register of public services" };
}

function facingWords({ facing }: Exposure): string {
  const words = {
    internet: "it faces the internet",
    internal: "it is internal",
    unknown: "whether it faces the internet is not known",
  };
  return `${words[facing.reach]}: ${facing.because}`;
}
function nodePortNote({ service }: Exposure): string {
  if (service?.spec.type === "NodePort")
    return " Its node ports are open on every node, also on those outside the CDE.";
  if (service?.spec.type === "LoadBalancer" && service.spec.allocateLoadBalancerNodePorts !== false)
    return " It opens node ports on every node as well (allocateLoadBalancerNodePorts is not false).";
  return "";
}
function nameOf({ ref }: Workload): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}

function remediate(context: EvaluationContext, result: Result) {
  const { kind, namespace = "default", name } = result.object;
  const summary = `If ${kind} ${name} is meant to be public, have it approved and add it to the register of public services; what stores account data must not be reachable at all.`;
  const risk = "Whoever uses this way in from outside loses it. Look at the access logs of the entry point first.";
  if (kind === "Service") {
    return {
      summary: `${summary} Otherwise close it: make it a ClusterIP Service and lead clients through the authorised Ingress or Gateway. The admission plug-in DenyServiceExternalIPs keeps externalIPs out.`,
      manifest: renderPatch({ spec: { type: "ClusterIP", externalIPs: null, loadBalancerSourceRanges: null } }),
      apply: `kubectl -n ${shellQuote(namespace)} patch service ${shellQuote(name)} --type merge --patch-file patch.yaml`,
      risk,
    };
  }
  const resource = ROUTE_RESOURCES[kind];
  if (resource !== undefined) {
    return {
      summary: `${summary} Otherwise delete it.`,
      apply: `kubectl -n ${shellQuote(namespace)} delete ${resource} ${shellQuote(name)}`,
      risk,
    };
  }
  return remediateWorkload(
    context,
    result,
    { summary: `${summary} Otherwise take the pods off the node's network; a Service reaches them without.`, risk },
    (spec) => ({
      ...(spec.hostNetwork === true ? { spec: { hostNetwork: false } } : {}),
      containers: withoutHostPorts(spec),
    }),
  );
}

const ROUTE_RESOURCES: Record<string, string> = {
  Ingress: "ingress",
  HTTPRoute: "httproutes.gateway.networking.k8s.io",
  GRPCRoute: "grpcroutes.gateway.networking.k8s.io",
  TLSRoute: "tlsroutes.gateway.networking.k8s.io",
  TCPRoute: "tcproutes.gateway.networking.k8s.io",
  Route: "routes.route.openshift.io",
  VirtualService: "virtualservices.networking.istio.io",
};

/** Ports are merged by containerPort, so that only `hostPort` goes. */
function withoutHostPorts(spec: PodSpec): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) => {
      const ports = (container.ports ?? []).filter((port) => port.hostPort !== undefined);
      if (ports.length === 0) return [];
      return [[container.name, { ports: ports.map(({ containerPort }) => ({ containerPort, hostPort: null })) }]];
    }),
  );
}
