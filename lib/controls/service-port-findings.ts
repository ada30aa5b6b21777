/**
 * Ports of Services: whether each leads anywhere, what it speaks by its number, what encrypts it, and whether it was approved.
 *
 * A port counts by its own number and by the container ports behind it. `appProtocol` and a mesh that refuses plain text make a plain
 * port an encrypted one; a mesh does not touch UDP. Port 80 of an ingress controller is accepted where every entry point redirects.
 */
import { allContainers, refOf, type Workload } from "@/lib/inventory/inventory";
import type { Service, ServicePort } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { listIn } from "@/lib/inventory/look-ups";
import { judgeGateways } from "./gateways";
import { judgeIngress } from "./ingress-tls";
import { databaseProtocol, findPortApproval, insecureProtocol, SSH } from "./insecure-ports";
import { servesController } from "./load-balancers";
import { nameSome } from "./population";
import type { EvaluationContext, EvidencePointer, Severity } from "./types";

const CATEGORIES = ["cde", "connected-to"] as const;

export interface PortFinding {
  grade: "fail" | "unknown";
  severity?: Severity;
  text: string;
  evidence: EvidencePointer[];
}

/** Whether the Service leads to anything at all. */
export function judgeTarget(context: EvaluationContext, service: Service, behind: readonly Workload[]): PortFinding[] {
  const ref = { ...refOf(service), namespace: namespaceOf(service) };
  if (service.spec.type === "ExternalName" || behind.length > 0) return [];
  if (Object.keys(service.spec.selector ?? {}).length > 0) {
    return [
      {
        grade: "fail",
        severity: "low",
        text: "selects no pod, so nobody needs it or it is broken",
        evidence: [{ ref, pointer: "/spec/selector", found: JSON.stringify(service.spec.selector) }],
      },
    ];
  }
  const readable = context.inventory.readable("endpointslices");
  const slices = listIn(context.inventory, "endpointslices", ref.namespace).filter(
    (slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === ref.name,
  );
  const addresses = slices.flatMap((slice) =>
    (Array.isArray(slice.endpoints) ? (slice.endpoints as { addresses?: string[] }[]) : []).flatMap(
      (e) => e.addresses ?? [],
    ),
  );
  const evidence = [{ ref, pointer: "/spec/selector" }];
  if (addresses.length > 0)
    return [
      {
        grade: "unknown",
        text: `has no selector; somebody writes its endpoints (${nameSome(addresses, 3)}), and what listens there is not in the snapshot`,
        evidence,
      },
    ];
  if (!readable.known)
    return [
      { grade: "unknown", text: `has no selector, and its endpoints were not read: ${readable.message}`, evidence },
    ];
  return [
    { grade: "fail", severity: "low", text: "has neither a selector nor endpoints, so it leads nowhere", evidence },
  ];
}

interface PortQuestion {
  service: Service;
  port: ServicePort;
  pointer: string;
  behind: readonly Workload[];
  isMeshed: boolean;
}
const ENCRYPTED = /^(https|tls|wss|grpcs|ldaps|smtps|imaps|pop3s|kubernetes\.io\/wss)$/i;
const NAMED_TLS = /^(https|tls|grpcs|wss)([-_.]|$)/i;

/** Everything that is to be said of one port of a Service. */
export function judgeServicePort(context: EvaluationContext, question: PortQuestion): PortFinding[] {
  const { service, port, pointer, behind, isMeshed } = question;
  const ref = { ...refOf(service), namespace: namespaceOf(service) };
  const transport = port.protocol ?? "TCP";
  const evidence = [
    { ref, pointer, found: `${port.port}/${transport}${port.appProtocol === undefined ? "" : ` ${port.appProtocol}`}` },
  ];
  const targets = targetsOf(port, behind);
  const listed = [port.port, ...targets.numbers].find((number) => insecureProtocol(number) !== null);
  const approval = findPortApproval(context, {
    namespace: ref.namespace,
    names: [ref.name, ...behind.map((workload) => workload.ref.name)],
    port: port.port,
    transport,
  });
  const found: PortFinding[] = [];
  const isEncrypted = ENCRYPTED.test(port.appProtocol ?? "") || (isMeshed && transport === "TCP");
  if (listed !== undefined && !(isEncrypted && listed !== SSH)) {
    const words = `port ${port.port}${listed === port.port ? "" : ` (to ${listed})`} is ${insecureProtocol(listed)}`;
    const redirect = listed === 80 && servesController(context, service) ? entryPointsRedirect(context) : null;
    if (approval?.entry.safeguards !== undefined || (approval !== null && listed === SSH) || redirect === "pass") {
      // Accepted.
    } else if (redirect === "unknown")
      found.push({
        grade: "unknown",
        text: `${words}, and whether every entry point behind it redirects to TLS is not known`,
        evidence,
      });
    else if (NAMED_TLS.test(port.name ?? "") || NAMED_TLS.test(String(port.targetPort ?? "")))
      found.push({
        grade: "unknown",
        text: `${words} by number and TLS by name; set appProtocol to say which`,
        evidence,
      });
    else
      found.push({
        grade: "fail",
        text:
          approval === null
            ? `${words}, and no approval names what protects it`
            : `${words}, and its approval names nothing that protects it`,
        evidence,
      });
  }
  if (approval === null && found.length === 0) {
    const database = databaseProtocol(port.port);
    found.push({
      grade: "unknown",
      text: `port ${port.port} ${database === null ? "" : `(${database}) `}is not on the register of services and ports, so its need is not stated`,
      evidence,
    });
  }
  if (targets.problem !== null) found.push({ ...targets.problem, evidence });
  return found;
}

/** The container ports that the Service's port leads to, and what is odd about them. */
export function targetsOf(
  port: ServicePort,
  behind: readonly Workload[],
): { numbers: number[]; problem: Omit<PortFinding, "evidence"> | null } {
  const target = port.targetPort ?? port.port;
  const declared = behind.flatMap((workload) =>
    workload.variants.flatMap((variant) =>
      allContainers(variant.spec).flatMap(({ container }) => container.ports ?? []),
    ),
  );
  const numbers =
    typeof target === "number" ? [target] : declared.filter((p) => p.name === target).map((p) => p.containerPort);
  if (behind.length === 0) return { numbers, problem: null };
  if (typeof target === "string" && numbers.length === 0)
    return {
      numbers,
      problem: {
        grade: "fail",
        severity: "low",
        text: `port ${port.port} leads to a container port called ${target}, which no container declares`,
      },
    };
  if (declared.length === 0)
    return {
      numbers,
      problem: {
        grade: "unknown",
        text: `its pods declare no ports, so nothing shows that anything listens on ${target}`,
      },
    };
  if (numbers.some((number) => declared.some((p) => p.containerPort === number))) return { numbers, problem: null };
  return {
    numbers,
    problem: {
      grade: "fail",
      severity: "low",
      text: `port ${port.port} leads to ${target}, which no container declares (they declare ${nameSome(
        declared.map((p) => String(p.containerPort)),
        4,
      )})`,
    },
  };
}

/** What tls-ingress-everywhere would say of all the Ingresses and Gateways that a controller may serve. */
function entryPointsRedirect(context: EvaluationContext): "pass" | "fail" | "unknown" {
  const statuses = [
    ...context.inventory.list("ingresses").map((ingress) => judgeIngress(ingress, context.inventory.provider).status),
    ...context.scope
      .inCategory(...CATEGORIES)
      .flatMap((namespace) => judgeGateways(context, namespace, CATEGORIES).map((r) => r.status)),
  ];
  if (statuses.includes("fail")) return "fail";
  return statuses.includes("pass") && !statuses.includes("unknown") ? "pass" : "unknown";
}
