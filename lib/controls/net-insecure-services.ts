/**
 * net-insecure-services: cleartext and unneeded services are absent or justified.
 *
 * Reads: ports of Services, containers, NetworkPolicies and Gateway listeners of CDE and connected-to namespaces; appProtocol and
 *   the mesh's settings; the register of services, protocols and ports.
 * Pass: no port of the insecure list, or it is encrypted (appProtocol, strict mTLS of a mesh), only redirects, or has an approval
 *   that names what protects it; every Service leads somewhere; every port is on the register.
 * Fail: an insecure port, SSH in a container or a dashboard without approval; a Service that selects nothing; a port that no
 *   container declares (low, because a declaration is information only).
 * Unknown: a port that is not on the register (database ports are named as such), a port whose name says TLS and nothing else does,
 *   containers that declare no ports, endpoints that somebody writes by hand.
 * Not applicable: a Service without ports (headless, ExternalName); no Service, workload or policy at all.
 * Traps: a process may listen on more ports than it declares; a mesh does not encrypt UDP; port 80 of an ingress controller is
 *   accepted where every entry point that it serves redirects to TLS.
 */
import { allContainers, refOf, type Workload } from "@/lib/inventory/inventory";
import type { NetworkPolicy, Service } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { findObject, listIn } from "@/lib/inventory/look-ups";
import { workloadsBehind } from "./exposures";
import { judgeGateways } from "./gateways";
import { DASHBOARD_IMAGE, findPortApproval, insecureProtocol, insecureWithin, SSH } from "./insecure-ports";
import { renderPatch } from "./manifest";
import { meshFindings } from "./mesh";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { judgeServicePort, judgeTarget, type PortFinding, targetsOf } from "./service-port-findings";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const netInsecureServices: Control = {
  id: "net-insecure-services",
  title: "Cleartext and unneeded services are absent or justified",
  severity: "medium",
  requirements: [
    {
      requirement: "1.2.6",
      kind: "primary",
      rationale:
        "An insecure protocol that is in use needs a measure that takes its risk away, and somebody who approved it.",
    },
    {
      requirement: "2.2.4",
      kind: "primary",
      rationale: "A Service that leads nowhere, or a port that nothing declares, is a function that nobody needs.",
    },
    {
      requirement: "2.2.5",
      kind: "primary",
      rationale:
        "Where an insecure service stays, its reason and the features that protect it have to be written down.",
    },
    {
      requirement: "1.2.5",
      kind: "supporting",
      rationale: "The list of ports found is what the list of allowed services, protocols and ports is compared with.",
    },
  ],
  judges: "service",
  sections: ["namespaces", "services", "networkpolicies", ...WORKLOAD_SECTIONS.filter((s) => s !== "namespaces")],
  rule: {
    reads:
      "Ports of Services, containers, NetworkPolicies and Gateway listeners; appProtocol, the mesh's mTLS, and the register of services, protocols and ports.",
    pass: "No insecure port, or it is encrypted, only redirects, or is approved with the measure that protects it; every Service leads somewhere and every port is on the register.",
    fail: "An insecure port, SSH in a container or an administration dashboard without approval; a Service that selects nothing, or a port that no container declares (low).",
    unknown:
      "A port that is not on the register, TLS that only a port's name speaks of, containers that declare no ports, endpoints written by hand.",
    notApplicable: "A Service without ports, and a namespace without Services, workloads and policies.",
    why: "What is offered under these port numbers is by convention a protocol in the clear, and a port that is not on the list is one whose need nobody has stated.",
    cannotSee: "What a process really speaks on a port, and ports that it opens without declaring them.",
  },
  evaluate: (context) =>
    judgeNamespaces(context, CATEGORIES, (namespace) => {
      const results = judgeNamespace(context, namespace);
      if (results.length > 0) return results;
      return [
        {
          status: "not-applicable",
          object: namespaceRef(namespace),
          reason: "no Service, workload or policy in this namespace",
          detail: `Namespace ${namespace} holds nothing that opens or allows a port.`,
          evidence: [],
        },
      ];
    }),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `LISTED='[20,21,22,23,25,69,80,110,111,137,138,139,143,161,389,445,512,513,514,873,2049,5900]'`,
      `kubectl get svc -A -o json | jq -r --argjson cde "$CDE" --argjson listed "$LISTED" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $s|.spec.ports[]?|select([.port,.targetPort]|any(. as $p|$listed|index($p)))|"Service \\($s.metadata.namespace)/\\($s.metadata.name):\\(.port) (\\($s.spec.type//"ClusterIP")) appProtocol=\\(.appProtocol//"-")"'`,
      `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" --argjson listed "$LISTED" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $p|((.spec.initContainers//[])[],.spec.containers[])|.ports[]?|select(.containerPort as $c|$listed|index($c))|"Pod \\($p.metadata.namespace)/\\($p.metadata.name):\\(.containerPort)"'`,
      `kubectl get netpol -A -o json | jq -r --argjson cde "$CDE" --argjson listed "$LISTED" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $p|((.spec.ingress//[])[],(.spec.egress//[])[])|.ports[]?|select(.port as $c|$listed|index($c))|"NetworkPolicy \\($p.metadata.namespace)/\\($p.metadata.name):\\(.port)"'`,
      `kubectl get svc -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|"all ports: \\(.metadata.namespace)/\\(.metadata.name) \\([.spec.ports[]?|"\\(.port)/\\(.protocol//"TCP")"]|join(","))"'`,
    ),
    expect:
      "Lines that begin with Service, Pod or NetworkPolicy are ports of the insecure list: each needs TLS (appProtocol, mesh) or an approval that names what protects it. Compare the lines `all ports` with the register.",
    needs: [],
  }),
  remediate,
};

function judgeNamespace(context: EvaluationContext, namespace: string): Result[] {
  const { inventory } = context;
  const workloads = inventory.workloadsIn(namespace);
  const mesh = meshFindings(context, namespace, workloads);
  const isMeshed = mesh.name !== null && mesh.fails.length === 0 && mesh.unknown === null;
  const services = listIn(inventory, "services", namespace)
    // The API server's own Service, which Kubernetes keeps in every cluster.
    .filter((service) => !(namespace === "default" && service.metadata.name === "kubernetes"));
  return [
    ...services.map((service) => judgeService(context, service, isMeshed)),
    ...workloads
      .filter(({ isStatic }) => !isStatic)
      .map((workload) => judgeWorkload(context, workload, services, isMeshed)),
    ...listIn(inventory, "networkpolicies", namespace).map((policy) => judgePolicy(context, policy, isMeshed)),
    ...gatewayResults(context, namespace),
    ...invalidResults(context, ["Service", "NetworkPolicy", "Gateway"], [namespace]),
  ];
}

function judgeService(context: EvaluationContext, service: Service, isMeshed: boolean): Result {
  const ref = { ...refOf(service), namespace: namespaceOf(service) };
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) {
    return {
      status: "not-applicable",
      object: ref,
      reason: service.spec.type === "ExternalName" ? "an alias of a name outside" : "a Service without ports",
      detail: `Service ${ref.name} has no ports${service.spec.type === "ExternalName" ? `; it stands for ${service.spec.externalName}, which is traffic out of the namespace` : ""}.`,
      evidence: [{ ref, pointer: "/spec/ports" }],
    };
  }
  const behind = workloadsBehind(context, service);
  const found = [
    ...judgeTarget(context, service, behind),
    ...ports.flatMap((port, i) =>
      judgeServicePort(context, { service, port, pointer: `/spec/ports/${i}`, behind, isMeshed }),
    ),
  ];
  return answer(ref, `Service ${ref.name}`, found, `ports ${ports.map((p) => p.port).join(", ")} are approved`, [
    { ref, pointer: "/spec/ports", found: ports.map((p) => `${p.port}/${p.protocol ?? "TCP"}`).join(", ") },
  ]);
}

function judgeWorkload(
  context: EvaluationContext,
  workload: Workload,
  services: readonly Service[],
  isMeshed: boolean,
): Result {
  const found: PortFinding[] = [];
  const names = [workload.ref.name];
  const offered = new Set(
    services
      .filter((service) => workloadsBehind(context, service).includes(workload))
      .flatMap((service) => (service.spec.ports ?? []).flatMap((port) => targetsOf(port, [workload]).numbers)),
  );
  for (const variant of workload.variants) {
    for (const { container, pointer } of allContainers(variant.spec)) {
      const at = (rest: string, value: string): EvidencePointer[] => [
        { ref: variant.source.ref, pointer: `${variant.source.pointer}${pointer}${rest}`, found: value },
      ];
      for (const [i, { containerPort, protocol = "TCP" }] of (container.ports ?? []).entries()) {
        const words = insecureProtocol(containerPort);
        if (words === null || (offered.has(containerPort) && containerPort !== SSH)) continue;
        if (isMeshed && protocol === "TCP" && containerPort !== SSH) continue;
        const approval = findPortApproval(context, {
          namespace: workload.namespace,
          names,
          port: containerPort,
          transport: protocol,
        });
        if (approval?.entry.safeguards !== undefined || (approval !== null && containerPort === SSH)) continue;
        found.push({
          grade: "fail",
          text: `container ${container.name} listens on ${containerPort} (${words}) without an approval that names what protects it`,
          evidence: at(`/ports/${i}/containerPort`, String(containerPort)),
        });
      }
      const image = container.image ?? "";
      if (!DASHBOARD_IMAGE.test(image) || isOnRegister(context, workload)) continue;
      found.push({
        grade: "fail",
        text: `container ${container.name} is an administration dashboard (${image}) that is not on the register`,
        evidence: at("/image", image),
      });
    }
  }
  return answer(
    workload.ref,
    `${workload.ref.kind} ${workload.ref.name}`,
    found,
    "declares no insecure port beyond those of its Services",
    workload.variants.map((variant) => ({ ref: variant.source.ref, pointer: `${variant.source.pointer}/containers` })),
  );
}

function isOnRegister(context: EvaluationContext, workload: Workload): boolean {
  return (context.registers?.servicePorts ?? []).some(
    (entry) =>
      entry.service === workload.ref.name &&
      findPortApproval(context, {
        namespace: workload.namespace,
        names: [workload.ref.name],
        port: entry.port,
        transport: entry.transport,
      }) !== null,
  );
}

/** Ranges of more ports than this are too broad as such, which another control says. */
const BROAD = 100;
function judgePolicy(context: EvaluationContext, policy: NetworkPolicy, isMeshed: boolean): Result {
  const ref = { ...refOf(policy), namespace: namespaceOf(policy) };
  const found = (["ingress", "egress"] as const).flatMap((side) =>
    (policy.spec[side] ?? []).flatMap((rule, r) =>
      (rule.ports ?? []).flatMap((entry, p): PortFinding[] => {
        const { port, endPort, protocol = "TCP" } = entry;
        if (typeof port !== "number" || (endPort ?? port) - port > BROAD) return [];
        return insecureWithin(port, endPort ?? port).flatMap((number): PortFinding[] => {
          const approval = findPortApproval(context, {
            namespace: ref.namespace,
            names: [ref.name],
            port: number,
            transport: protocol,
          });
          if (approval?.entry.safeguards !== undefined || (approval !== null && number === SSH)) return [];
          if (isMeshed && side === "ingress" && protocol === "TCP" && number !== SSH) return [];
          return [
            {
              grade: "fail",
              text: `allows ${side} on ${number} (${insecureProtocol(number)}) without an approval that names what protects it`,
              evidence: [{ ref, pointer: `/spec/${side}/${r}/ports/${p}`, found: JSON.stringify(entry) }],
            },
          ];
        });
      }),
    ),
  );
  return answer(ref, `NetworkPolicy ${ref.name}`, found, "names no insecure port", [{ ref, pointer: "/spec" }]);
}

/** Gateways with a listener on a listed port: HTTP is accepted where it only redirects. */
function gatewayResults(context: EvaluationContext, namespace: string): Result[] {
  const unread = findUnreadable(context, ["gateway-gateways", "gateway-httproutes"]);
  const judged = judgeGateways(context, namespace, CATEGORIES);
  const results = judged.flatMap((result): Result[] => {
    const gateway = context.inventory
      .list("gateway-gateways")
      .find((g) => g.metadata.name === result.object.name && namespaceOf(g) === result.object.namespace);
    const listeners = (Array.isArray(gateway?.spec?.listeners) ? gateway.spec.listeners : []) as {
      port?: number;
      protocol?: string;
    }[];
    const listed = listeners.filter(
      ({ port = 0, protocol }) => insecureProtocol(port) !== null && !["HTTPS", "TLS"].includes(protocol ?? ""),
    );
    if (listed.length === 0) return [];
    const others = listed.filter(({ protocol }) => protocol !== "HTTP");
    if (others.length > 0)
      return [
        {
          ...result,
          status: "fail",
          reason: `a listener on port ${others.map(({ port }) => port).join(", ")}`,
          detail: `Gateway ${result.object.name} listens on ${others.map(({ port = 0, protocol }) => `${port} (${insecureProtocol(port)}, ${protocol})`).join(", ")}.`,
          evidence: [{ ref: result.object, pointer: "/spec/listeners" }],
        },
      ];
    return [result];
  });
  // Who may not read Gateways does not see that there is none.
  return unread === null ? results : [...results, { ...unread, object: namespaceRef(namespace) }];
}

function answer(
  ref: Result["object"],
  words: string,
  found: readonly PortFinding[],
  good: string,
  evidence: EvidencePointer[],
): Result {
  const fails = found.filter(({ grade }) => grade === "fail");
  const shown = fails.length > 0 ? fails : found;
  const isLow = fails.length > 0 && fails.every(({ severity }) => severity === "low");
  return {
    status: fails.length > 0 ? "fail" : found.length > 0 ? "unknown" : "pass",
    object: ref,
    ...(isLow ? { severity: "low" as const } : {}),
    reason: shortReason(shown[0]?.text ?? good),
    detail:
      found.length > 0
        ? `${words}: ${found.map(({ text }) => text).join("; ")}.`
        : `${words}: ${good}. A process may listen on ports that it does not declare.`,
    evidence: found.length > 0 ? found.flatMap((f) => f.evidence) : evidence,
  };
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const { kind, namespace = "default", name } = result.object;
  const risk =
    "Clients that still use the port lose their connection. Find them first, in the flow logs or the register of flows.";
  const summary =
    "Move the service to its TLS port, or have the port approved with the measure that protects it and add it to the register.";
  if (kind === "NetworkPolicy") {
    const policy = findObject(context.inventory, "networkpolicies", name, namespace);
    if (policy === undefined) return { summary, risk };
    return {
      summary: `${summary} The patch takes the insecure ports out of the policy; a rule that would be left without a port goes as a whole.`,
      manifest: renderPatch({ spec: withoutInsecurePorts(policy) }),
      apply: `kubectl -n ${shellQuote(namespace)} patch networkpolicy ${shellQuote(name)} --type merge --patch-file patch.yaml`,
      risk,
    };
  }
  if (kind === "Service") {
    const service = findObject(context.inventory, "services", name, namespace);
    const isUseless =
      service !== undefined &&
      judgeTarget(context, service, workloadsBehind(context, service)).some(({ grade }) => grade === "fail");
    if (isUseless)
      return {
        summary: `Service ${name} leads nowhere: delete it, or correct its selector.`,
        apply: `kubectl -n ${shellQuote(namespace)} delete service ${shellQuote(name)}`,
        risk: "None, as long as nothing is meant to answer under its name.",
      };
  }
  return {
    summary: `${summary} A port that is not needed is taken out of the ${kind === "Service" ? "Service and its policies" : "container and its configuration"}.`,
    risk,
  };
}

function withoutInsecurePorts(policy: NetworkPolicy): Record<string, unknown> {
  const clean = <R extends { ports?: NonNullable<NonNullable<NetworkPolicy["spec"]["ingress"]>[number]["ports"]> }>(
    rules: readonly R[],
  ): R[] =>
    rules.flatMap((rule) => {
      if (rule.ports === undefined || rule.ports.length === 0) return [rule];
      const ports = rule.ports.filter(
        ({ port, endPort }) =>
          typeof port !== "number" ||
          (endPort ?? port) - port > BROAD ||
          insecureWithin(port, endPort ?? port).length === 0,
      );
      // A rule without ports would allow all of them.
      return ports.length === 0 ? [] : [{ ...rule, ports }];
    });
  const { ingress, egress } = policy.spec;
  // Without policyTypes an empty egress list would no longer restrict egress.
  const policyTypes = policy.spec.policyTypes ?? ((egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"]);
  return {
    policyTypes,
    ...(ingress === undefined ? {} : { ingress: clean(ingress) }),
    ...(egress === undefined ? {} : { egress: clean(egress) }),
  };
}
