/**
 * The certificates in use on paths into and inside the scope, from every source that the agent has without reading a Secret.
 *
 * | source | says |
 * | --- | --- |
 * | Ingress tls, Gateway listeners, OpenShift Routes, Istio Gateways | which Secret serves which hosts |
 * | cert-manager Certificate | names, key and dates of its Secret, issuer, and whether renewal works |
 * | imported certificates | everything that the bytes say, and where they were found |
 * | node collector | certificates of the control plane and kubelets as files |
 *
 * One certificate found in several places is one item; a Secret that nothing else speaks of is an item without facts. The same
 * Secret may have been imported before and after a renewal: the newest import counts. What a listener shows for a host is not taken
 * for what the Secret behind it holds, unless the import says so: a CDN may stand between.
 */
import { allContainers, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { CertificateLocation, CertificateRecord } from "@/lib/inventory/imported-exposure";
import type { NodeCertificate } from "@/lib/inventory/imported-control-plane";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { SectionName } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export const CERTIFICATE_SECTIONS = [
  "ingresses",
  "gateway-gateways",
  "istio-gateways",
  "openshift-routes",
  "certmanager-certificates",
  "certmanager-issuers",
  "certmanager-clusterissuers",
] as const satisfies readonly SectionName[];

/** One place that presents the certificate: an entry point and the hosts for which it does. */
export interface CertificateUse {
  ref: ResourceRef;
  hosts: string[];
  evidence: EvidencePointer;
}

export interface CertificateItem {
  /** What a result is about: the Secret, or the certificate by where it was found. */
  object: ResourceRef;
  locations: CertificateLocation[];
  uses: CertificateUse[];
  record: { value: CertificateRecord; evidence: EvidencePointer } | null;
  managed: CustomObject | null;
  node: { value: NodeCertificate; evidence: EvidencePointer } | null;
  /** True for a Secret that nothing in the snapshot names. */
  isOrphan: boolean;
}

/** Every certificate of the namespaces and of the control plane, in the order of their objects. */
export function certificatesOf(context: EvaluationContext, judged: ReadonlySet<string>): CertificateItem[] {
  const { inventory } = context;
  const uses = usesOf(context, judged);
  const managed = new Map<string, CustomObject>();
  for (const certificate of inventory.list("certmanager-certificates")) {
    const secret = certificate.spec?.secretName;
    if (typeof secret === "string") managed.set(`${namespaceOf(certificate)}/${secret}`, certificate);
  }
  const items = new Map<string, CertificateItem>();
  const bySecret = new Map<string, CertificateItem>();
  for (const { value, evidence } of importedOf(context)) {
    const secrets = value.locations.flatMap((at) => (at.kind === "secret" ? [`${at.namespace}/${at.name}`] : []));
    const isJudged =
      secrets.length < value.locations.length ||
      secrets.some((secret) => judged.has(secret.split("/")[0] ?? "") || uses.has(secret));
    if (!isJudged) continue;
    const item: CertificateItem = {
      object: objectOf(value),
      locations: value.locations,
      uses: secrets.flatMap((secret) => uses.get(secret) ?? []),
      record: { value, evidence },
      managed: secrets.map((secret) => managed.get(secret)).find((one) => one !== undefined) ?? null,
      node: null,
      isOrphan:
        secrets.length === value.locations.length &&
        secrets.every((secret) => !uses.has(secret) && !managed.has(secret) && !isMounted(context, secret)),
    };
    items.set(value.fingerprint, item);
    for (const secret of secrets) bySecret.set(secret, item);
  }
  const named = new Set([
    ...uses.keys(),
    ...[...managed.keys()].filter((secret) => judged.has(secret.split("/")[0] ?? "")),
  ]);
  for (const secret of [...named].sort()) {
    if (bySecret.has(secret)) continue;
    const [namespace = "", name = ""] = secret.split("/");
    items.set(secret, {
      object: { apiVersion: "v1", kind: "Secret", namespace, name },
      locations: [{ kind: "secret", namespace, name }],
      uses: uses.get(secret) ?? [],
      record: null,
      managed: managed.get(secret) ?? null,
      node: null,
      isOrphan: false,
    });
  }
  for (const [i, value] of (inventory.facts.nodeCertificates ?? []).entries()) {
    items.set(`${value.node}:${value.path}`, {
      object: { apiVersion: "ringfence.dev/v1", kind: "Certificate", name: `${value.node}:${value.path}` },
      locations: [{ kind: "file", node: value.node, path: value.path }],
      uses: [],
      record: null,
      managed: null,
      node: {
        value,
        evidence: {
          ref: CLUSTER_REF,
          pointer: `/facts/nodeCertificates/${i}`,
          found: `${value.subject} until ${value.notAfter}`,
        },
      },
      isOrphan: false,
    });
  }
  return [...items.values()];
}

/** Imported certificates by fingerprint; a place that a newer import describes otherwise is not one of the older any more. */
function importedOf(context: EvaluationContext): { value: CertificateRecord; evidence: EvidencePointer }[] {
  const newest = new Map<string, string>();
  const records = (context.inventory.facts.certificates ?? []).map((value, i) => ({ value, i }));
  records.sort((a, b) => (a.value.origin.collectedAt < b.value.origin.collectedAt ? -1 : 1));
  for (const { value } of records) for (const at of value.locations) newest.set(placeOf(at), value.fingerprint);
  const merged = new Map<string, { value: CertificateRecord; evidence: EvidencePointer }>();
  for (const { value, i } of records) {
    const here = value.locations.filter((at) => newest.get(placeOf(at)) === value.fingerprint);
    if (here.length === 0) continue;
    const known = merged.get(value.fingerprint)?.value.locations ?? [];
    const others = known.filter((at) => !here.some((one) => placeOf(one) === placeOf(at)));
    merged.set(value.fingerprint, {
      value: { ...value, locations: [...others, ...here] },
      evidence: {
        ref: CLUSTER_REF,
        pointer: `/facts/certificates/${i}`,
        found: `${value.subject}, SHA-256 ${value.fingerprint.slice(0, 16)}…, until ${value.notAfter}`,
      },
    });
  }
  return [...merged.values()];
}

/** `Secret ns/name`, `pay.example.com:443`: a place in words. */
export function placeOf(at: CertificateLocation): string {
  switch (at.kind) {
    case "secret":
      return `Secret ${at.namespace}/${at.name}`;
    case "listener":
      return `${at.host}:${at.port}`;
    case "file":
      return `${at.node}:${at.path}`;
    case "elsewhere":
      return at.name;
  }
}
function objectOf({ locations }: CertificateRecord): ResourceRef {
  const secret = locations.find((at) => at.kind === "secret");
  if (secret !== undefined) return { apiVersion: "v1", kind: "Secret", namespace: secret.namespace, name: secret.name };
  const [first] = locations;
  return {
    apiVersion: "ringfence.dev/v1",
    kind: "Certificate",
    name: first === undefined ? "certificate" : placeOf(first),
  };
}

interface Listener {
  hostname?: string;
  protocol?: string;
  tls?: { mode?: string; certificateRefs?: { kind?: string; namespace?: string; name?: string }[] };
}
/** Secret (`namespace/name`) → the entry points of judged namespaces that present it. */
function usesOf({ inventory }: EvaluationContext, judged: ReadonlySet<string>): Map<string, CertificateUse[]> {
  const uses = new Map<string, CertificateUse[]>();
  const add = (namespace: string, name: string | undefined, use: CertificateUse): void => {
    if (name === undefined || name === "") return;
    const key = `${namespace}/${name}`;
    uses.set(key, [...(uses.get(key) ?? []), use]);
  };
  for (const ingress of inventory.list("ingresses")) {
    const namespace = namespaceOf(ingress);
    if (!judged.has(namespace)) continue;
    const ref = { ...refOf(ingress), namespace };
    (ingress.spec.tls ?? []).forEach(({ secretName, hosts = [] }, i) => {
      add(namespace, secretName, { ref, hosts, evidence: { ref, pointer: `/spec/tls/${i}`, found: secretName ?? "" } });
    });
  }
  for (const gateway of inventory.list("gateway-gateways")) {
    const namespace = namespaceOf(gateway);
    if (!judged.has(namespace)) continue;
    const ref = { ...refOf(gateway), namespace };
    const listeners = (Array.isArray(gateway.spec?.listeners) ? gateway.spec.listeners : []) as Listener[];
    listeners.forEach(({ hostname, tls }, i) => {
      for (const certificate of tls?.certificateRefs ?? []) {
        if ((certificate.kind ?? "Secret") !== "Secret") continue;
        const evidence = { ref, pointer: `/spec/listeners/${i}/tls`, found: certificate.name ?? "" };
        add(certificate.namespace ?? namespace, certificate.name, { ref, hosts: hostname ? [hostname] : [], evidence });
      }
    });
  }
  for (const gateway of inventory.list("istio-gateways")) {
    const namespace = namespaceOf(gateway);
    if (!judged.has(namespace)) continue;
    const ref = { ...refOf(gateway), namespace };
    const servers = (Array.isArray(gateway.spec?.servers) ? gateway.spec.servers : []) as {
      hosts?: string[];
      tls?: { credentialName?: string };
    }[];
    servers.forEach(({ hosts = [], tls }, i) => {
      // A host may be written `namespace/host`; `*` stands for any.
      const names = hosts.map((host) => host.slice(host.indexOf("/") + 1)).filter((host) => host !== "*");
      const evidence = { ref, pointer: `/spec/servers/${i}/tls`, found: tls?.credentialName ?? "" };
      add(namespace, tls?.credentialName, { ref, hosts: names, evidence });
    });
  }
  for (const route of inventory.list("openshift-routes")) {
    const namespace = namespaceOf(route);
    if (!judged.has(namespace)) continue;
    const ref = { ...refOf(route), namespace };
    const { host, tls } = (route.spec ?? {}) as { host?: string; tls?: { externalCertificate?: { name?: string } } };
    const name = tls?.externalCertificate?.name;
    add(namespace, name, {
      ref,
      hosts: host === undefined ? [] : [host],
      evidence: { ref, pointer: "/spec/tls/externalCertificate", found: name ?? "" },
    });
  }
  return uses;
}

/** Whether a workload of its namespace mounts the Secret or takes environment from it. */
function isMounted({ inventory }: EvaluationContext, secret: string): boolean {
  const [namespace = "", name = ""] = secret.split("/");
  return inventory
    .workloadsIn(namespace)
    .some(({ variants }) =>
      variants.some(
        ({ spec }) =>
          (spec.volumes ?? []).some(
            (volume) =>
              volume.secret?.secretName === name ||
              (volume.projected?.sources ?? []).some((source) => source.secret?.name === name),
          ) ||
          allContainers(spec).some(
            ({ container }) =>
              (container.env ?? []).some((env) => env.valueFrom?.secretKeyRef?.name === name) ||
              (container.envFrom ?? []).some((from) => from.secretRef?.name === name),
          ),
      ),
    );
}

/** Whether any workload of the namespaces mounts a Secret, in which a certificate may lie that nothing else shows. */
export function mountsSecrets({ inventory }: EvaluationContext, judged: ReadonlySet<string>): boolean {
  return inventory.workloads.some(
    ({ namespace, variants }) =>
      judged.has(namespace) &&
      variants.some(({ spec }) => (spec.volumes ?? []).some((volume) => volume.secret !== undefined)),
  );
}
