/** What every object of a generated cluster carries, as the API server writes it: metadata, identifiers, `managedFields`. */

export type Json = Record<string, unknown>;

export const TIME = "2026-11-20T08:00:00Z";

export function meta(kind: string, name: string, namespace: string | undefined, extra: Json = {}): Json {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: uidOf(`${kind}/${namespace ?? ""}/${name}`),
    resourceVersion: String(100_000 + (hash(`${kind}${namespace}${name}`) % 900_000)),
    creationTimestamp: TIME,
    ...extra,
    managedFields: [managed("kubectl-client-side-apply", kind), managed("kube-controller-manager", kind)],
  };
}

/** As large as the API server makes them: about as long as the object itself. */
function managed(manager: string, kind: string): Json {
  const container = {
    ".": {},
    "f:args": {},
    "f:env": {
      ".": {},
      'k:{"name":"DATABASE_URL"}': { ".": {}, "f:name": {}, "f:valueFrom": { ".": {}, "f:secretKeyRef": {} } },
    },
    "f:image": {},
    "f:imagePullPolicy": {},
    "f:name": {},
    "f:ports": {
      ".": {},
      'k:{"containerPort":8443,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {} },
    },
    "f:readinessProbe": {
      ".": {},
      "f:failureThreshold": {},
      "f:httpGet": { ".": {}, "f:path": {}, "f:port": {}, "f:scheme": {} },
      "f:periodSeconds": {},
    },
    "f:resources": {
      ".": {},
      "f:limits": { ".": {}, "f:cpu": {}, "f:memory": {} },
      "f:requests": { ".": {}, "f:cpu": {}, "f:memory": {} },
    },
    "f:securityContext": {
      ".": {},
      "f:allowPrivilegeEscalation": {},
      "f:capabilities": { ".": {}, "f:drop": {} },
      "f:readOnlyRootFilesystem": {},
    },
    "f:terminationMessagePath": {},
    "f:terminationMessagePolicy": {},
    "f:volumeMounts": { ".": {}, 'k:{"mountPath":"/tmp"}': { ".": {}, "f:mountPath": {}, "f:name": {} } },
  };
  const hasTemplate = kind === "Pod" || kind === "Deployment" || kind === "ReplicaSet";
  return {
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    manager,
    operation: "Update",
    time: TIME,
    fieldsV1: {
      "f:metadata": { "f:annotations": { ".": {} }, "f:labels": { ".": {}, "f:app": {}, "f:team": {}, "f:tier": {} } },
      "f:spec": hasTemplate
        ? {
            "f:containers": { 'k:{"name":"app"}': container },
            "f:dnsPolicy": {},
            "f:restartPolicy": {},
            "f:securityContext": {},
            "f:volumes": { ".": {}, 'k:{"name":"tmp"}': { ".": {}, "f:emptyDir": {}, "f:name": {} } },
          }
        : {},
    },
  };
}

export function hash(text: string): number {
  let h = 2_166_136_261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619) >>> 0;
  return h;
}
export function uidOf(text: string): string {
  const part = (n: number) => hash(`${n}${text}`).toString(16).padStart(8, "0");
  const hex = part(1) + part(2) + part(3) + part(4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
