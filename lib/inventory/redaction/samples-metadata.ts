/** Metadata of the redaction tests' samples, with the places where secrets lie. Used by tests only. */
export const meta = (name: string, namespace?: string) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  uid: "11111111-2222-4333-8444-555555555555",
  resourceVersion: "123456",
  generation: 3,
  creationTimestamp: "2026-01-02T03:04:05Z",
  labels: { app: "label-value" },
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": '{"spec":"applied-secret"}',
    "example.com/note": "annotation-secret",
    "linkerd.io/inject": "enabled",
  },
  managedFields: [{ manager: "kubectl", fieldsV1: { "f:metadata": "managed-secret" } }],
  ownerReferences: [
    {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "owner",
      uid: "11111111-2222-4333-8444-666666666666",
      controller: true,
      blockOwnerDeletion: true,
    },
  ],
  selfLink: "self-link-secret",
});
