/**
 * Redaction as a projection: what isn't listed for its kind never leaves the cluster.
 *
 * projectObject() runs in the agent and the CLI over what the API answered. parseProjectedObject() runs on the server over what
 * an agent sent; it takes only what a projection could have made, so that an agent of another version, or somebody with its key,
 * can't upload a field that the product has promised never to hold.
 */
import type { KubeObject, PodSpec } from "../kinds";
import { findSection, joinApiVersion, sectionOfKind } from "../sections";
import { findSecret, REDACTED } from "../secret-net";
import type { InvalidObject, SectionName, SectionObjects } from "../snapshot";
import * as builtin from "./builtin";
import type { PodInstance } from "./builtin";
import * as custom from "./custom";
import * as storage from "./storage";
import * as change from "./change";
import * as monitoring from "./monitoring";
import * as exposure from "./exposure";
import * as network from "./network";
import * as access from "./access";
import * as workload from "./workload";
import * as secrets from "./secrets";
import * as nodes from "./nodes";
import { metadata } from "./metadata";
import { podSpec } from "./pod";
import { Cursor, type Form, formOf, isObject, type Shape, ShapeError, text } from "./shape";

export { REDACTED };
export type { PodInstance };
export { isKeptAnnotation, KEPT_ANNOTATIONS } from "./metadata";
export { KEPT_FLAGS } from "./flags";
export type { Form } from "./shape";

type Bodies = { [K in SectionName]: Shape<Omit<SectionObjects[K], keyof KubeObject>> };
const BODIES: Bodies = {
  namespaces: builtin.namespaceBody,
  nodes: builtin.nodeBody,
  persistentvolumes: builtin.persistentVolumeBody,
  pods: builtin.podBody,
  serviceaccounts: builtin.serviceAccountBody,
  services: builtin.serviceBody,
  replicationcontrollers: builtin.templatedBody,
  deployments: builtin.templatedBody,
  statefulsets: builtin.templatedBody,
  daemonsets: builtin.templatedBody,
  replicasets: builtin.templatedBody,
  jobs: builtin.templatedBody,
  cronjobs: builtin.cronJobBody,
  networkpolicies: builtin.networkPolicyBody,
  ingresses: builtin.ingressBody,
  roles: builtin.roleBody,
  clusterroles: builtin.roleBody,
  rolebindings: builtin.roleBindingBody,
  clusterrolebindings: builtin.roleBindingBody,
  validatingwebhookconfigurations: builtin.webhookBody,
  mutatingwebhookconfigurations: builtin.webhookBody,
  validatingadmissionpolicies: custom.admissionPolicyBody,
  validatingadmissionpolicybindings: custom.admissionPolicyBindingBody,
  "kyverno-clusterpolicies": custom.kyvernoPolicyBody,
  "kyverno-policies": custom.kyvernoPolicyBody,
  "gatekeeper-constrainttemplates": custom.constraintTemplateBody,
  "gatekeeper-constraints": custom.constraintBody,
  "istio-peerauthentications": custom.peerAuthenticationBody,
  "istio-destinationrules": custom.destinationRuleBody,
  "gateway-gateways": custom.gatewayBody,
  "gateway-httproutes": custom.httpRouteBody,
  "openshift-routes": custom.openshiftRouteBody,
  "openshift-apiservers": custom.openshiftApiServerBody,
  "openshift-oauths": custom.openshiftOauthBody,
  "cilium-networkpolicies": custom.ciliumPolicyBody,
  "cilium-clusterwidenetworkpolicies": custom.ciliumPolicyBody,
  "calico-networkpolicies": custom.calicoPolicyBody,
  "calico-globalnetworkpolicies": custom.calicoPolicyBody,
  adminnetworkpolicies: custom.adminPolicyBody,
  baselineadminnetworkpolicies: custom.adminPolicyBody,
  clusternetworkpolicies: custom.adminPolicyBody,
  persistentvolumeclaims: storage.persistentVolumeClaimBody,
  storageclasses: storage.storageClassBody,
  volumesnapshots: storage.volumeSnapshotBody,
  "velero-backupstoragelocations": storage.backupStorageLocationBody,
  "velero-schedules": storage.scheduleBody,
  resourcequotas: change.resourceQuotaBody,
  limitranges: change.limitRangeBody,
  "argocd-applications": change.applicationBody,
  "flux-kustomizations": change.kustomizationBody,
  "flux-helmreleases": change.helmReleaseBody,
  leases: monitoring.leaseBody,
  "tetragon-tracingpolicies": monitoring.tracingPolicyBody,
  "tetragon-tracingpoliciesnamespaced": monitoring.tracingPolicyNamespacedBody,
  "openshift-fileintegrities": monitoring.fileIntegrityBody,
  "prometheus-rules": monitoring.prometheusRuleBody,
  "prometheus-alertmanagerconfigs": monitoring.alertmanagerConfigBody,
  endpointslices: exposure.endpointSliceBody,
  apiservices: exposure.apiServiceBody,
  "gateway-tcproutes": exposure.tcpRouteBody,
  "gateway-tlsroutes": exposure.tlsRouteBody,
  "gateway-grpcroutes": exposure.grpcRouteBody,
  "istio-gateways": exposure.istioGatewayBody,
  "istio-virtualservices": exposure.virtualServiceBody,
  "istio-serviceentries": exposure.serviceEntryBody,
  "certmanager-certificates": exposure.certificateBody,
  "certmanager-issuers": exposure.issuerBody,
  "certmanager-clusterissuers": exposure.clusterIssuerBody,
  configmaps: exposure.configMapBody,
  "cilium-cidrgroups": network.ciliumCIDRGroupBody,
  "calico-networksets": network.networkSetBody,
  "calico-globalnetworksets": network.globalNetworkSetBody,
  "calico-tiers": network.tierBody,
  certificatesigningrequests: access.certificateSigningRequestBody,
  runtimeclasses: workload.runtimeClassBody,
  "trivy-vulnerabilityreports": workload.vulnerabilityReportBody,
  "trivy-sbomreports": workload.sbomReportBody,
  "trivy-exposedsecretreports": workload.exposedSecretReportBody,
  policyreports: workload.policyReportBody,
  clusterpolicyreports: workload.clusterPolicyReportBody,
  "kyverno-policyexceptions": workload.policyExceptionBody,
  "kyverno-validatingpolicies": workload.validatingPolicyBody,
  "kyverno-imagevalidatingpolicies": workload.imageValidatingPolicyBody,
  "kyverno-celexceptions": workload.kyvernoCelExceptionBody,
  "gatekeeper-configs": workload.configBody,
  "sigstore-clusterimagepolicies": workload.clusterImagePolicyBody,
  externalsecrets: secrets.externalSecretBody,
  "externalsecret-stores": secrets.secretStoreBody,
  "externalsecret-clusterstores": secrets.clusterSecretStoreBody,
  secretproviderclasses: secrets.secretProviderClassBody,
  "node-reports": nodes.nodeReportBody,
};

/** Which fields the objects of a section can hold in a snapshot, whatever they hold in the cluster. */
export function fieldsOfSection(section: SectionName): Form {
  const body = formOf(BODIES[section]);
  const own = body.kind === "object" ? [...body.fields] : [];
  const any: Form = { kind: "any" };
  return {
    kind: "object",
    fields: new Map([["apiVersion", any], ["kind", any], ["metadata", formOf(metadata)], ...own]),
  };
}

export interface Projection<K extends SectionName> {
  /** Absent when the object isn't valid for its kind; then `problems` says why. */
  object?: SectionObjects[K];
  /** Fields and values that were taken out. */
  dropped: number;
  /** At most one: the first field that is wrong. */
  problems: InvalidObject[];
}

/**
 * Projects a raw object of the Kubernetes API onto the fields of its section.
 *
 * `where` is the file and line, or section and position, that a problem names. Items of a List answer lack apiVersion and kind;
 * they get those of the section's first source. Never throws for bad input.
 */
export function projectObject<K extends SectionName>(
  section: K,
  raw: unknown,
  where: string,
  { keepsIncomplete = false }: { keepsIncomplete?: boolean } = {},
): Projection<K> {
  return run(section, raw, where, new Cursor(false, keepsIncomplete));
}

/**
 * Takes a projected object exactly as projectObject() makes it. A field that isn't listed, a value that should have been
 * redacted or a text that the secret net catches makes it a problem; `secret` then says that the net did.
 */
export function parseProjectedObject<K extends SectionName>(
  section: K,
  value: unknown,
  where: string,
): Projection<K> & { secret: boolean } {
  const at = new Cursor(true);
  const projection = run(section, value, where, at);
  return { ...refuseDropped(projection, at, describe(section, value, where)), secret: at.secretAt !== undefined };
}

/**
 * Reads a projected object that was stored, perhaps by another release: fields that this release doesn't know are left out,
 * one that is wrong makes it a problem. For the worker; what comes in from outside goes through parseProjectedObject().
 */
export function readProjectedObject<K extends SectionName>(section: K, value: unknown, where: string): Projection<K> {
  return run(section, value, where, new Cursor(true));
}

/**
 * A pod template's spec as encoding.ts sends it; `isStatic`: of a control-plane static pod, whose flag values stay.
 * `dropped` above 0 or `secret` means that no projection made it: whoever takes it from outside refuses.
 */
export function readProjectedPodSpec(
  value: unknown,
  isStatic: boolean,
): { spec?: PodSpec; dropped: number; problem?: string; secret: boolean } {
  const at = new Cursor(true);
  at.keepsFlagValues = isStatic;
  try {
    const spec = at.step("spec", podSpec, value);
    return { spec, dropped: at.dropped, secret: at.secretAt !== undefined };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { dropped: at.dropped, problem: error.message, secret: at.secretAt !== undefined };
  }
}

/** A pod instance as encoding.ts sends it. `dropped` above 0: see readProjectedPodSpec(). */
export function readPodInstance(
  value: unknown,
  where: string,
): { object?: PodInstance; dropped: number; problems: InvalidObject[] } {
  const { object, ...rest } = runWith("pods", builtin.podInstanceBody, value, where, new Cursor(true));
  return object === undefined ? rest : { ...rest, object: { ...object, kind: "Pod" } };
}

function run<K extends SectionName>(section: K, raw: unknown, where: string, at: Cursor): Projection<K> {
  return runWith(section, BODIES[section], raw, where, at) as Projection<K>;
}

function runWith<T>(
  section: SectionName,
  body: Shape<T>,
  raw: unknown,
  where: string,
  at: Cursor,
): { object?: KubeObject & T; dropped: number; problems: InvalidObject[] } {
  try {
    if (!isObject(raw)) throw new ShapeError("is not an object");
    const { apiVersion: _, kind: __, metadata: rawMetadata, ...rest } = raw;
    const [source] = findSection(section)?.sources ?? [];
    const apiVersion = text(raw.apiVersion ?? (source === undefined ? "" : joinApiVersion(source)), at);
    const kind = text(raw.kind ?? source?.kind, at);
    checkKind(section, apiVersion, kind, at);
    const meta = at.step("metadata", metadata, rawMetadata);
    if (meta.name === "") at.fail("metadata.name is empty");
    if (section === "pods") at.keepsFlagValues = isControlPlanePod(meta);
    const object = { apiVersion, kind, metadata: meta, ...body(rest, at) } as KubeObject & T;
    const problems = at.defect === undefined ? [] : [{ ...describe(section, raw, where), problem: at.defect }];
    return { object, dropped: at.dropped, problems };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { dropped: at.dropped, problems: [{ ...describe(section, raw, where), problem: error.message }] };
  }
}

function refuseDropped<K extends SectionName>(
  projection: Projection<K>,
  at: Cursor,
  named: InvalidObject,
): Projection<K> {
  if (at.dropped === 0) return projection;
  return { dropped: at.dropped, problems: [{ ...named, problem: droppedProblem(at) }] };
}
function droppedProblem(at: Cursor): string {
  return at.secretAt !== undefined
    ? `${at.secretAt} holds a secret or a card number`
    : "holds fields or values that should have been redacted";
}

function checkKind(section: SectionName, apiVersion: string, kind: string, at: Cursor): void {
  if (sectionOfKind(apiVersion, kind)?.name === section) return;
  at.fail(`is a ${apiVersion} ${kind}, which is not of ${section}`);
}

/**
 * A static pod of the control plane, whose flags are the configuration of the cluster: it lies in kube-system and carries the
 * kubelet's mirror annotation or kubeadm's label for a component. A file on a host may leave out the namespace (no object of a
 * cluster does): then both of kubeadm's labels have to say it.
 */
export function isControlPlanePod(meta: KubeObject["metadata"]): boolean {
  if (meta.namespace === undefined || meta.namespace === "") {
    return CONTROL_PLANE_COMPONENTS.has(meta.labels?.component ?? "") && meta.labels?.tier === "control-plane";
  }
  if (meta.namespace !== "kube-system") return false;
  if (meta.annotations?.["kubernetes.io/config.mirror"] !== undefined) return true;
  return CONTROL_PLANE_COMPONENTS.has(meta.labels?.component ?? "");
}
const CONTROL_PLANE_COMPONENTS = new Set(["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]);

function describe(section: SectionName, raw: unknown, where: string): InvalidObject {
  const [source] = findSection(section)?.sources ?? [];
  const object = isObject(raw) ? raw : {};
  const meta = isObject(object.metadata) ? object.metadata : {};
  const short = (value: unknown, otherwise: string) => {
    if (typeof value !== "string") return otherwise;
    return findSecret(value) === null ? value.slice(0, 253) : REDACTED;
  };
  const named: InvalidObject = {
    apiVersion: short(object.apiVersion, source === undefined ? "" : joinApiVersion(source)),
    kind: short(object.kind, source?.kind ?? ""),
    name: short(meta.name, ""),
    where,
    problem: "",
  };
  if (typeof meta.namespace === "string") named.namespace = short(meta.namespace, "");
  return named;
}
