/**
 * The ways into the judged namespaces from outside the cluster: which object opens each, and to which workloads it leads.
 *
 * - Services of type LoadBalancer or NodePort, and those that claim externalIPs.
 * - Ingresses, Gateway API routes, OpenShift Routes and Istio VirtualServices, wherever they lie: a route of another namespace may
 *   name a Service of the CDE, and a Service of type ExternalName may pass on to one.
 * - Workloads with a hostPort (or that share the host's network, in the CDE): they listen on their node's address.
 * A VirtualService of the gateway `mesh` only, and a route whose parent is a Service, steer traffic inside and open nothing.
 */
import { allContainers, type Inventory, type ResourceRef, refOf, type Workload } from "@/lib/inventory/inventory";
import type { CustomObject, Ingress, Service } from "@/lib/inventory/kinds";
import { matchesMapSelector } from "@/lib/inventory/selectors";
import type { SectionName } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { findObject } from "@/lib/inventory/look-ups";
import { annotatedFacing, type Facing, serviceFacing } from "./load-balancer-facing";
import type { EvaluationContext, EvidencePointer } from "./types";

export const EXPOSURE_SECTIONS = [
  "services",
  "ingresses",
  "gateway-httproutes",
  "gateway-grpcroutes",
  "gateway-tlsroutes",
  "gateway-tcproutes",
  "openshift-routes",
  "istio-virtualservices",
] as const satisfies readonly SectionName[];

export interface Exposure {
  ref: ResourceRef;
  /** `LoadBalancer Service`, `Ingress`, `hostPort`. */
  means: string;
  facing: Facing;
  /** Judged workloads that it leads to. */
  workloads: readonly Workload[];
  /** Judged namespaces that it leads into. */
  namespaces: string[];
  hosts: string[];
  service?: Service;
  evidence: EvidencePointer[];
}

export interface ServiceName {
  namespace: string;
  name: string;
}

/** Every way into a namespace of `judged`, Services first, each object once. */
export function exposuresOf(context: EvaluationContext, judged: ReadonlySet<string>): Exposure[] {
  return [
    ...serviceExposures(context, judged),
    ...context.inventory.list("ingresses").flatMap((ingress) => ingressExposure(context, judged, ingress)),
    ...GATEWAY_ROUTES.flatMap((section) =>
      context.inventory.list(section).flatMap((route) => routeExposure(context, judged, route)),
    ),
    ...context.inventory.list("openshift-routes").flatMap((route) => openshiftExposure(context, judged, route)),
    ...context.inventory.list("istio-virtualservices").flatMap((vs) => virtualServiceExposure(context, judged, vs)),
    ...hostExposures(context, judged),
  ];
}

const behind = new WeakMap<Inventory, Map<Service, readonly Workload[]>>();

/** The workloads that a Service selects; none for one without a selector. Looked up once per inventory. */
export function workloadsBehind({ inventory }: EvaluationContext, service: Service): readonly Workload[] {
  let found = behind.get(inventory);
  if (found === undefined) {
    found = new Map();
    behind.set(inventory, found);
  }
  let workloads = found.get(service);
  if (workloads === undefined) {
    workloads = inventory
      .workloadsIn(namespaceOf(service))
      .filter((workload) => matchesMapSelector(service.spec.selector, workload.labels));
    found.set(service, workloads);
  }
  return workloads;
}

function serviceExposures(context: EvaluationContext, judged: ReadonlySet<string>): Exposure[] {
  const { inventory } = context;
  return inventory
    .list("services")
    .filter((service) => judged.has(namespaceOf(service)))
    .flatMap((service): Exposure[] => {
      const { type = "ClusterIP", externalIPs = [] } = service.spec;
      const isOpen = type === "LoadBalancer" || type === "NodePort";
      if (!isOpen && externalIPs.length === 0) return [];
      const ref = { ...refOf(service), namespace: namespaceOf(service) };
      return [
        {
          ref,
          means: isOpen ? `${type} Service` : "Service with externalIPs",
          facing:
            type === "LoadBalancer"
              ? serviceFacing(service, inventory.provider)
              : { reach: "unknown", because: "it depends on the addresses of its nodes" },
          workloads: workloadsBehind(context, service),
          namespaces: [ref.namespace],
          hosts: [],
          service,
          evidence: [
            { ref, pointer: "/spec/type", found: type },
            ...(externalIPs.length === 0 ? [] : [{ ref, pointer: "/spec/externalIPs", found: externalIPs.join(", ") }]),
          ],
        },
      ];
    });
}

function ingressExposure(context: EvaluationContext, judged: ReadonlySet<string>, ingress: Ingress): Exposure[] {
  const namespace = namespaceOf(ingress);
  const ref = { ...refOf(ingress), namespace };
  const { rules = [], defaultBackend } = ingress.spec;
  const backends = [...rules.flatMap((rule) => rule.http?.paths.map((path) => path.backend) ?? []), defaultBackend];
  const names = backends.flatMap((backend) =>
    backend?.service === undefined ? [] : [{ namespace, name: backend.service.name }],
  );
  const hosts = rules.flatMap((rule) => (rule.host ? [rule.host] : []));
  return exposure(
    context,
    judged,
    { ref, means: "Ingress", names, hosts, facing: ingressFacing(ingress) },
    "/spec/rules",
  );
}

function ingressFacing(ingress: Ingress): Facing {
  const className =
    ingress.spec.ingressClassName ?? ingress.metadata.annotations?.["kubernetes.io/ingress.class"] ?? "";
  const annotated = annotatedFacing(ingress);
  if (annotated !== null) return annotated;
  if (className === "gce-internal") return { reach: "internal", because: "its class is gce-internal" };
  if (className === "gce") return { reach: "internet", because: "its class is gce" };
  if (className === "alb")
    return { reach: "unknown", because: "without alb.ingress.kubernetes.io/scheme the controller's version decides" };
  return { reach: "unknown", because: "it depends on its controller" };
}

const GATEWAY_ROUTES = ["gateway-httproutes", "gateway-grpcroutes", "gateway-tlsroutes", "gateway-tcproutes"] as const;
const BEHIND_GATEWAY: Facing = {
  reach: "unknown",
  because: "it depends on its gateway",
};

interface RouteSpec {
  parentRefs?: { kind?: string }[];
  hostnames?: string[];
  rules?: { backendRefs?: { kind?: string; namespace?: string; name?: string }[] }[];
}
function routeExposure(context: EvaluationContext, judged: ReadonlySet<string>, route: CustomObject): Exposure[] {
  const { parentRefs = [], hostnames = [], rules = [] } = (route.spec ?? {}) as RouteSpec;
  if (parentRefs.every(({ kind = "Gateway" }) => kind === "Service") && parentRefs.length > 0) return [];
  const namespace = namespaceOf(route);
  const names = rules
    .flatMap(({ backendRefs = [] }) => backendRefs)
    .filter(({ kind = "Service" }) => kind === "Service")
    .map((backend) => ({ namespace: backend.namespace ?? namespace, name: backend.name ?? "" }));
  const ref = { ...refOf(route), namespace };
  return exposure(
    context,
    judged,
    { ref, means: route.kind, names, hosts: hostnames, facing: BEHIND_GATEWAY },
    "/spec/rules",
  );
}

function openshiftExposure(context: EvaluationContext, judged: ReadonlySet<string>, route: CustomObject): Exposure[] {
  const {
    host,
    to,
    alternateBackends = [],
  } = (route.spec ?? {}) as {
    host?: string;
    to?: { name?: string };
    alternateBackends?: { name?: string }[];
  };
  const namespace = namespaceOf(route);
  const names = [to, ...alternateBackends].flatMap((target) =>
    target?.name === undefined ? [] : [{ namespace, name: target.name }],
  );
  const ref = { ...refOf(route), namespace };
  const facing: Facing = { reach: "unknown", because: "it depends on its router" };
  return exposure(
    context,
    judged,
    { ref, means: "Route", names, hosts: host === undefined ? [] : [host], facing },
    "/spec/to",
  );
}

interface VirtualServiceSpec {
  hosts?: string[];
  gateways?: string[];
  http?: Routed[];
  tls?: Routed[];
  tcp?: Routed[];
}
interface Routed {
  match?: { gateways?: string[] }[];
  route?: { destination?: { host?: string } }[];
}
function virtualServiceExposure(
  context: EvaluationContext,
  judged: ReadonlySet<string>,
  virtualService: CustomObject,
): Exposure[] {
  const {
    hosts = [],
    gateways = ["mesh"],
    http = [],
    tls = [],
    tcp = [],
  } = (virtualService.spec ?? {}) as VirtualServiceSpec;
  if (gateways.every((gateway) => gateway === "mesh")) return [];
  const namespace = namespaceOf(virtualService);
  const names = [...http, ...tls, ...tcp]
    .flatMap(({ route = [] }) => route)
    .flatMap(({ destination }) => {
      const name = serviceOfHost(destination?.host ?? "", namespace);
      return name === null ? [] : [name];
    });
  const ref = { ...refOf(virtualService), namespace };
  return exposure(
    context,
    judged,
    { ref, means: "VirtualService", names, hosts, facing: BEHIND_GATEWAY },
    "/spec/gateways",
    gateways.join(", "),
  );
}

/** `app`, `app.cde`, `app.cde.svc`, `app.cde.svc.cluster.local` as a Service; null for a host outside the cluster. */
export function serviceOfHost(host: string, namespace: string): ServiceName | null {
  const [name = "", second, third, ...rest] = host.replace(/\.$/, "").split(".");
  if (name === "" || name === "*") return null;
  if (second === undefined) return { namespace, name };
  if (third === undefined) return { namespace: second, name };
  return third === "svc" && (rest.length === 0 || rest.join(".") === "cluster.local")
    ? { namespace: second, name }
    : null;
}

/** The exposure of a route if it lies in a judged namespace or leads into one. */
function exposure(
  context: EvaluationContext,
  judged: ReadonlySet<string>,
  route: {
    ref: ResourceRef & { namespace: string };
    means: string;
    names: ServiceName[];
    hosts: string[];
    facing: Facing;
  },
  pointer: string,
  found?: string,
): Exposure[] {
  const targets = route.names.map((name) => followExternalName(context, name));
  const judgedTargets = targets.filter(({ namespace }) => judged.has(namespace));
  const namespaces = [...new Set(judgedTargets.map(({ namespace }) => namespace))].sort();
  if (judged.has(route.ref.namespace) && !namespaces.includes(route.ref.namespace)) {
    // A route in the CDE that leads nowhere yet, or out of it, is still a way in that somebody has to answer for.
    if (targets.length === 0) namespaces.push(route.ref.namespace);
  }
  if (namespaces.length === 0) return [];
  const services = new Set(
    judgedTargets.flatMap(({ namespace, name }) => findObject(context.inventory, "services", name, namespace) ?? []),
  );
  const evidence: EvidencePointer = { ref: route.ref, pointer, ...(found === undefined ? {} : { found }) };
  return [
    {
      ref: route.ref,
      means: route.means,
      facing: route.facing,
      workloads: [...new Set([...services].flatMap((service) => workloadsBehind(context, service)))],
      namespaces,
      hosts: route.hosts,
      evidence: [evidence],
    },
  ];
}

/** A Service of type ExternalName that names another Service of the cluster leads there; followed once, as DNS is. */
function followExternalName(context: EvaluationContext, target: ServiceName): ServiceName {
  const service = findObject(context.inventory, "services", target.name, target.namespace);
  if (service?.spec.type !== "ExternalName") return target;
  return serviceOfHost(service.spec.externalName ?? "", target.namespace) ?? target;
}

function hostExposures(context: EvaluationContext, judged: ReadonlySet<string>): Exposure[] {
  return context.inventory.workloads
    .filter((workload) => judged.has(workload.namespace) && !workload.isStatic)
    .flatMap((workload): Exposure[] => {
      const ports = workload.variants.flatMap((variant) =>
        allContainers(variant.spec).flatMap(({ container, pointer }) =>
          (container.ports ?? []).flatMap((port, i): EvidencePointer[] => {
            const onHost = variant.spec.hostNetwork === true ? port.containerPort : port.hostPort;
            if (onHost === undefined || onHost === 0) return [];
            const at = `${variant.source.pointer}${pointer}/ports/${i}`;
            return [{ ref: variant.source.ref, pointer: at, found: String(onHost) }];
          }),
        ),
      );
      const isCde = context.scope.categoryOf(workload.namespace) === "cde";
      const sharing = workload.variants
        .filter((variant) => variant.spec.hostNetwork === true)
        .map((variant) => ({
          ref: variant.source.ref,
          pointer: `${variant.source.pointer}/hostNetwork`,
          found: "true",
        }));
      const hasHostPort = workload.variants.some((variant) =>
        allContainers(variant.spec).some(({ container }) =>
          (container.ports ?? []).some((port) => (port.hostPort ?? 0) > 0),
        ),
      );
      // Node agents of connected-to namespaces share the host's network; what they offer is not the CDE's.
      if (!hasHostPort && !(isCde && sharing.length > 0)) return [];
      return [
        {
          ref: workload.ref,
          means: sharing.length > 0 ? "hostNetwork" : "hostPort",
          facing: { reach: "unknown", because: "it depends on the addresses of its nodes" },
          workloads: [workload],
          namespaces: [workload.namespace],
          hosts: [],
          evidence: [...sharing, ...ports],
        },
      ];
    });
}
