/**
 * What ends TLS before the judged namespaces, and what its own settings say about the floor.
 *
 * | listener | settings | default |
 * | --- | --- | --- |
 * | ingress-nginx | ConfigMap of its namespace: ssl-protocols, ssl-ciphers | TLS 1.2 and 1.3, AEAD ciphers, since 1.0 |
 * | NGINX, HAProxy and other controllers | the same ConfigMap keys, if both are set | not known here |
 * | AWS load balancer | annotation with the security policy | differs by controller and flag |
 * | Istio Gateway | server.tls.minProtocolVersion, cipherSuites | TLS 1.2 since 1.20 at the latest |
 * | Gateway API, OpenShift Route, other Ingress classes | not collected | handshakes decide |
 */
import { allContainers, type Inventory, type ResourceRef, refOf, type Workload } from "@/lib/inventory/inventory";
import type { Ingress } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { type Floor, isWeakCipher, judgeAwsPolicy, judgeCipherList, oldProtocols } from "./protocol-floor";
import type { EvaluationContext, EvidencePointer } from "./types";

export interface TlsListener {
  ref: ResourceRef;
  words: string;
  hosts: string[];
  /** What its settings and defaults say. */
  settings: Floor;
  /** A setting of one object that lowers the floor of a controller whose own settings count elsewhere. */
  isOverride: boolean;
}

const NGINX_CIPHERS = "nginx.ingress.kubernetes.io/ssl-ciphers";
const ALB_POLICY = "alb.ingress.kubernetes.io/ssl-policy";
const ELB_POLICY = "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy";
const ELB_CERTIFICATE = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";

/** Every TLS listener before a judged namespace. */
export function tlsListeners(context: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  return [
    ...ingressListeners(context, judged),
    ...gatewayListeners(context, judged),
    ...istioListeners(context, judged),
    ...routeListeners(context, judged),
    ...serviceListeners(context, judged),
  ];
}

const unknown = (text: string, evidence: EvidencePointer[] = []): Floor => ({ status: "unknown", text, evidence });

function ingressListeners(context: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  const ingresses = context.inventory
    .list("ingresses")
    .filter((ingress) => judged.has(namespaceOf(ingress)) && endsTls(ingress));
  const controllers = nginxControllers(context);
  const served = controllers.length > 0 ? ingresses.filter(isOfNginx) : [];
  const out: TlsListener[] = controllers.flatMap((controller) =>
    served.length === 0
      ? []
      : [
          {
            ref: controller.ref,
            words: `ingress controller ${controller.ref.namespace}/${controller.ref.name}`,
            hosts: [...new Set(served.flatMap(tlsHosts))],
            settings: nginxSettings(context, controller),
            isOverride: false,
          },
        ],
  );
  for (const ingress of ingresses) {
    const ref = { ...refOf(ingress), namespace: namespaceOf(ingress) };
    const base = { ref, words: `Ingress ${ref.namespace}/${ref.name}`, hosts: tlsHosts(ingress) };
    const ciphers = ingress.metadata.annotations?.[NGINX_CIPHERS];
    if (served.includes(ingress)) {
      if (ciphers !== undefined)
        out.push({
          ...base,
          settings: cipherFloor(ciphers, annotation(ref, NGINX_CIPHERS, ciphers)),
          isOverride: true,
        });
      continue;
    }
    out.push({ ...base, settings: albSettings(ingress, ref), isOverride: false });
  }
  return out;
}

function annotation(ref: ResourceRef, key: string, found?: string): EvidencePointer[] {
  return [
    { ref, pointer: `/metadata/annotations/${key.replaceAll("/", "~1")}`, ...(found === undefined ? {} : { found }) },
  ];
}
function classOf(ingress: Ingress): string {
  return ingress.spec.ingressClassName ?? ingress.metadata.annotations?.["kubernetes.io/ingress.class"] ?? "";
}
/** True when an NGINX controller may serve the Ingress: its class says so, or it names none. */
export function isOfNginx(ingress: Ingress): boolean {
  return classOf(ingress) === "" || /nginx/.test(classOf(ingress));
}
function endsTls(ingress: Ingress): boolean {
  return (
    (ingress.spec.tls ?? []).length > 0 ||
    ingress.metadata.annotations?.["alb.ingress.kubernetes.io/certificate-arn"] !== undefined
  );
}
function tlsHosts(ingress: Ingress): string[] {
  const named = (ingress.spec.tls ?? []).flatMap(({ hosts = [] }) => hosts);
  return named.length > 0 ? named : (ingress.spec.rules ?? []).flatMap(({ host }) => (host ? [host] : []));
}

/** Workloads that run ingress-nginx' controller. */
export function nginxControllers({ inventory }: EvaluationContext): readonly Workload[] {
  let found = controllers.get(inventory);
  if (found === undefined) {
    found = inventory.workloads.filter((workload) => nginxImage(workload) !== null);
    controllers.set(inventory, found);
  }
  return found;
}
const controllers = new WeakMap<Inventory, readonly Workload[]>();

/** The image of ingress-nginx' controller in the workload; null for anything else. */
function nginxImage(workload: Workload): string | null {
  for (const { spec } of workload.variants) {
    const image = allContainers(spec).find(({ container }) =>
      /(?:^|\/)ingress-nginx\/controller(?:-chroot)?[:@]/.test(container.image ?? ""),
    );
    if (image !== undefined) return image.container.image ?? "";
  }
  return null;
}

function nginxSettings(context: EvaluationContext, controller: Workload): Floor {
  const { inventory } = context;
  const readable = inventory.readable("configmaps");
  if (!readable.known)
    return unknown(
      "the controller's ConfigMap was not collected: grant the agent to read ConfigMaps (only TLS settings leave), or import handshakes",
    );
  const maps = inventory.list("configmaps").filter((map) => namespaceOf(map) === controller.ref.namespace);
  const floors: Floor[] = maps.flatMap((map) => {
    const settings = (map.settings ?? {}) as Record<string, string>;
    const keys = Array.isArray(map.keys) ? (map.keys as string[]) : [];
    const ref = { ...refOf(map), namespace: namespaceOf(map) };
    const at = (key: string): EvidencePointer[] => [
      { ref, pointer: `/settings/${key}`, found: settings[key] ?? "(not kept)" },
    ];
    return ["ssl-protocols", "ssl-ciphers"].flatMap((key): Floor[] => {
      if (!keys.includes(key)) return [];
      const value = settings[key];
      if (value === undefined)
        return [unknown(`ConfigMap ${ref.name} sets ${key} to something that is no list`, at(key))];
      if (key === "ssl-ciphers") return [cipherFloor(value, at(key))];
      const old = oldProtocols(value);
      return [
        old.length > 0
          ? { status: "fail", text: `ConfigMap ${ref.name} allows ${old.join(", ")}`, evidence: at(key) }
          : { status: "pass", text: `ConfigMap ${ref.name} allows ${value} only`, evidence: at(key) },
      ];
    });
  });
  const worst = floors.find(({ status }) => status === "fail") ?? floors.find(({ status }) => status === "unknown");
  if (worst !== undefined) return worst;
  const image = nginxImage(controller) ?? "";
  const version = /:v?(\d+)\.(\d+)/.exec(image);
  const evidence = [{ ref: controller.ref, pointer: "", found: image }, ...floors.flatMap((floor) => floor.evidence)];
  if (version === null)
    return unknown(`which version ${image} is cannot be told, so its defaults are not known`, evidence);
  if (Number(version[1]) < 1)
    return unknown(`the defaults of ingress-nginx ${version[1]}.${version[2]} are not known here`, evidence);
  return {
    status: "pass",
    text: `ingress-nginx ${version[1]}.${version[2]} offers TLS 1.2 and 1.3 with AEAD ciphers unless told otherwise${floors.length > 0 ? ", and its ConfigMap keeps to that" : ""}`,
    evidence,
  };
}

function cipherFloor(list: string, evidence: EvidencePointer[]): Floor {
  const { weak, groups } = judgeCipherList(list);
  if (weak.length > 0) return { status: "fail", text: `allows weak ciphers: ${weak.slice(0, 3).join(", ")}`, evidence };
  if (groups.length > 0)
    return unknown(
      `names groups of ciphers (${groups.slice(0, 3).join(", ")}), whose members depend on the library`,
      evidence,
    );
  return { status: "pass", text: "lists strong ciphers only", evidence };
}

function albSettings(ingress: Ingress, ref: ResourceRef): Floor {
  const policy = ingress.metadata.annotations?.[ALB_POLICY];
  if (policy === undefined && classOf(ingress) !== "alb")
    return unknown(
      `the settings of ${classOf(ingress) === "" ? "the controller that serves it" : `class ${classOf(ingress)}`} are not collected; import handshakes with its hosts`,
    );
  if (policy === undefined)
    return unknown(
      `${ALB_POLICY} is not set, and the default depends on the controller's version and flags`,
      annotation(ref, ALB_POLICY),
    );
  return policyFloor(policy, annotation(ref, ALB_POLICY, policy));
}
function policyFloor(policy: string, evidence: EvidencePointer[]): Floor {
  const status = judgeAwsPolicy(policy);
  const text = {
    pass: `security policy ${policy} begins at TLS 1.2 with strong ciphers`,
    fail: `security policy ${policy} allows TLS before 1.2 or CBC with SHA-1`,
    unknown: `what security policy ${policy} allows is not known`,
  };
  return { status, text: text[status], evidence };
}

function gatewayListeners({ inventory }: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  return inventory.list("gateway-gateways").flatMap((gateway): TlsListener[] => {
    const namespace = namespaceOf(gateway);
    if (!judged.has(namespace)) return [];
    const ref = { ...refOf(gateway), namespace };
    const listeners = (Array.isArray(gateway.spec?.listeners) ? gateway.spec.listeners : []) as {
      protocol?: string;
      hostname?: string;
      tls?: { mode?: string };
    }[];
    const tls = listeners.filter(
      ({ protocol, tls: how }) => ["HTTPS", "TLS"].includes(protocol ?? "") && how?.mode !== "Passthrough",
    );
    if (tls.length === 0) return [];
    return [
      {
        ref,
        words: `Gateway ${namespace}/${ref.name}`,
        hosts: [...new Set(tls.flatMap(({ hostname }) => (hostname ? [hostname] : [])))],
        settings: unknown("the TLS policy of its controller is not collected; import handshakes with its hosts", [
          { ref, pointer: "/spec/listeners" },
        ]),
        isOverride: false,
      },
    ];
  });
}

interface IstioServer {
  hosts?: string[];
  tls?: { mode?: string; minProtocolVersion?: string; cipherSuites?: string[] };
}
function istioListeners(context: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  return context.inventory.list("istio-gateways").flatMap((gateway): TlsListener[] => {
    const namespace = namespaceOf(gateway);
    if (!judged.has(namespace)) return [];
    const ref = { ...refOf(gateway), namespace };
    const servers = (Array.isArray(gateway.spec?.servers) ? gateway.spec.servers : []) as IstioServer[];
    const ending = servers
      .map((server, i) => ({ server, i }))
      .filter(({ server }) => /^(SIMPLE|MUTUAL|OPTIONAL_MUTUAL)$/.test(server.tls?.mode ?? ""));
    if (ending.length === 0) return [];
    const floors = ending.map(({ server, i }) =>
      istioFloor(context, server, [{ ref, pointer: `/spec/servers/${i}/tls`, found: JSON.stringify(server.tls) }]),
    );
    const settings =
      floors.find(({ status }) => status === "fail") ?? floors.find(({ status }) => status === "unknown") ?? floors[0];
    return [
      {
        ref,
        words: `Istio Gateway ${namespace}/${ref.name}`,
        hosts: [
          ...new Set(
            ending.flatMap(({ server }) => (server.hosts ?? []).map((host) => host.slice(host.indexOf("/") + 1))),
          ),
        ].filter((host) => host !== "*"),
        settings: settings ?? unknown("it has no server that ends TLS"),
        isOverride: false,
      },
    ];
  });
}
function istioFloor(context: EvaluationContext, { tls = {} }: IstioServer, evidence: EvidencePointer[]): Floor {
  const { minProtocolVersion = "TLS_AUTO", cipherSuites = [] } = tls;
  if (/^TLSV1_[01]$/.test(minProtocolVersion))
    return { status: "fail", text: `minProtocolVersion is ${minProtocolVersion}`, evidence };
  const weak = cipherSuites.filter(isWeakCipher);
  if (weak.length > 0) return { status: "fail", text: `allows weak ciphers: ${weak.slice(0, 3).join(", ")}`, evidence };
  if (/^TLSV1_[23]$/.test(minProtocolVersion))
    return { status: "pass", text: `minProtocolVersion is ${minProtocolVersion}`, evidence };
  const versions = context.inventory.workloads.flatMap((workload) =>
    workload.variants.flatMap(({ spec }) =>
      allContainers(spec).flatMap(({ container }) => {
        const found = /istio\/(?:proxyv2|pilot)(?:-[a-z]+)?:(\d+)\.(\d+)/.exec(container.image ?? "");
        return found === null ? [] : [Number(found[1]) * 1000 + Number(found[2])];
      }),
    ),
  );
  if (versions.length === 0 || Math.min(...versions) < 1020)
    return unknown(
      "minProtocolVersion is not set, and the default of this version of Istio is not known here",
      evidence,
    );
  return { status: "pass", text: "minProtocolVersion is not set, and Istio begins at TLS 1.2", evidence };
}

function routeListeners({ inventory }: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  return inventory.list("openshift-routes").flatMap((route): TlsListener[] => {
    const namespace = namespaceOf(route);
    const { host, tls } = (route.spec ?? {}) as { host?: string; tls?: { termination?: string } };
    if (!judged.has(namespace) || tls?.termination === undefined || tls.termination === "passthrough") return [];
    const ref = { ...refOf(route), namespace };
    return [
      {
        ref,
        words: `Route ${namespace}/${ref.name}`,
        hosts: host === undefined ? [] : [host],
        settings: unknown(
          "the tlsSecurityProfile of its IngressController is not collected; import a handshake with its host",
          [{ ref, pointer: "/spec/tls" }],
        ),
        isOverride: false,
      },
    ];
  });
}

function serviceListeners({ inventory }: EvaluationContext, judged: ReadonlySet<string>): TlsListener[] {
  return inventory.list("services").flatMap((service): TlsListener[] => {
    const namespace = namespaceOf(service);
    const annotations = service.metadata.annotations ?? {};
    if (!judged.has(namespace) || service.spec.type !== "LoadBalancer" || annotations[ELB_CERTIFICATE] === undefined)
      return [];
    const ref = { ...refOf(service), namespace };
    const policy = annotations[ELB_POLICY];
    return [
      {
        ref,
        words: `Service ${namespace}/${ref.name}`,
        hosts: (service.status?.loadBalancer?.ingress ?? []).flatMap(({ hostname, ip }) => hostname ?? ip ?? []),
        settings:
          policy === undefined
            ? unknown(
                `${ELB_POLICY} is not set, and the default depends on the controller`,
                annotation(ref, ELB_POLICY),
              )
            : policyFloor(policy, annotation(ref, ELB_POLICY, policy)),
        isOverride: false,
      },
    ];
  });
}
