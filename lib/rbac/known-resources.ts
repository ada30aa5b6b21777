/**
 * Kubernetes' own resources by the names that people use for them (plural, singular, short name, kind), as API discovery of
 * Kubernetes 1.29 to 1.35 lists them; for asking about rights where no API server can be asked.
 */
export interface KnownResource {
  group: string;
  resource: string;
  isNamespaced: boolean;
}

/** Per group: plural:kind[:short names]; `!` before the plural for cluster-scoped. In the order in which groups win. */
const GROUPS: readonly [group: string, resources: string][] = [
  [
    "",
    "bindings:binding !componentstatuses:componentstatus:cs configmaps:configmap:cm endpoints:endpoints:ep events:event:ev limitranges:limitrange:limits !namespaces:namespace:ns !nodes:node:no persistentvolumeclaims:persistentvolumeclaim:pvc !persistentvolumes:persistentvolume:pv pods:pod:po podtemplates:podtemplate replicationcontrollers:replicationcontroller:rc resourcequotas:resourcequota:quota secrets:secret serviceaccounts:serviceaccount:sa services:service:svc",
  ],
  [
    "apps",
    "controllerrevisions:controllerrevision daemonsets:daemonset:ds deployments:deployment:deploy replicasets:replicaset:rs statefulsets:statefulset:sts",
  ],
  ["autoscaling", "horizontalpodautoscalers:horizontalpodautoscaler:hpa"],
  ["batch", "cronjobs:cronjob:cj jobs:job"],
  [
    "certificates.k8s.io",
    "!certificatesigningrequests:certificatesigningrequest:csr !clustertrustbundles:clustertrustbundle podcertificaterequests:podcertificaterequest",
  ],
  [
    "networking.k8s.io",
    "!ingressclasses:ingressclass ingresses:ingress:ing !ipaddresses:ipaddress:ip networkpolicies:networkpolicy:netpol !servicecidrs:servicecidr",
  ],
  ["policy", "poddisruptionbudgets:poddisruptionbudget:pdb"],
  [
    "rbac.authorization.k8s.io",
    "!clusterrolebindings:clusterrolebinding !clusterroles:clusterrole rolebindings:rolebinding roles:role",
  ],
  [
    "storage.k8s.io",
    "!csidrivers:csidriver !csinodes:csinode csistoragecapacities:csistoragecapacity !storageclasses:storageclass:sc !volumeattachments:volumeattachment !volumeattributesclasses:volumeattributesclass:vac",
  ],
  [
    "admissionregistration.k8s.io",
    "!mutatingadmissionpolicies:mutatingadmissionpolicy !mutatingadmissionpolicybindings:mutatingadmissionpolicybinding !mutatingwebhookconfigurations:mutatingwebhookconfiguration !validatingadmissionpolicies:validatingadmissionpolicy !validatingadmissionpolicybindings:validatingadmissionpolicybinding !validatingwebhookconfigurations:validatingwebhookconfiguration",
  ],
  ["apiextensions.k8s.io", "!customresourcedefinitions:customresourcedefinition:crd,crds"],
  ["apiregistration.k8s.io", "!apiservices:apiservice"],
  ["authentication.k8s.io", "!selfsubjectreviews:selfsubjectreview !tokenreviews:tokenreview"],
  [
    "authorization.k8s.io",
    "localsubjectaccessreviews:localsubjectaccessreview !selfsubjectaccessreviews:selfsubjectaccessreview !selfsubjectrulesreviews:selfsubjectrulesreview !subjectaccessreviews:subjectaccessreview",
  ],
  ["coordination.k8s.io", "leases:lease"],
  ["discovery.k8s.io", "endpointslices:endpointslice"],
  ["events.k8s.io", "events:event:ev"],
  ["flowcontrol.apiserver.k8s.io", "!flowschemas:flowschema !prioritylevelconfigurations:prioritylevelconfiguration"],
  ["node.k8s.io", "!runtimeclasses:runtimeclass"],
  [
    "resource.k8s.io",
    "!deviceclasses:deviceclass resourceclaims:resourceclaim resourceclaimtemplates:resourceclaimtemplate !resourceslices:resourceslice",
  ],
  ["scheduling.k8s.io", "!priorityclasses:priorityclass:pc"],
];

const BY_NAME = new Map<string, KnownResource[]>();
for (const [group, resources] of GROUPS) {
  for (const entry of resources.split(" ")) {
    const [plural = "", kind = "", short = ""] = entry.split(":");
    const isNamespaced = !plural.startsWith("!");
    const resource = plural.replace("!", "");
    for (const name of new Set([resource, kind, ...short.split(",").filter((s) => s !== "")])) {
      BY_NAME.set(name, [...(BY_NAME.get(name) ?? []), { group, resource, isNamespaced }]);
    }
  }
}

/** The resource of that name, in any case of letters; with a group only that group's (its beginning is enough). */
export function findKnownResource(name: string, group?: string): KnownResource | null {
  const found = BY_NAME.get(name.toLowerCase()) ?? [];
  if (group === undefined) return found[0] ?? null;
  const wanted = group.toLowerCase();
  return (
    found.find((known) => known.group === wanted) ??
    found.find((known) => known.group !== "" && known.group.startsWith(`${wanted}.`)) ??
    null
  );
}
