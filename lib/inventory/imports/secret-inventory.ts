/** Import of a list of Secrets without their data. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport, MAX_IMPORT_BYTES } from "./types";

/** Prints no value of any Secret but the expiration of bootstrap tokens, which is a date. */
export const SECRET_INVENTORY_COMMAND = String.raw`kubectl get secrets -A -o json | jq '{secrets:[.items[]|{namespace:.metadata.namespace,name:.metadata.name,type:(.type//"Opaque"),createdAt:.metadata.creationTimestamp,owners:[(.metadata.ownerReferences//[])[]|{kind,name}],labels:(.metadata.labels//{}),annotations:((.metadata.annotations//{})|with_entries(select(.key|IN("kubectl.kubernetes.io/last-applied-configuration")|not))|with_entries(if (.key|test("^(kubernetes.io/|cert-manager.io/|reconcile.external-secrets.io/|sealedsecrets.bitnami.com/|ringfence.dev/)")) then . else .value="" end)),keys:((.data//{})|keys),isImmutable:(.immutable//false)}+(if .type=="bootstrap.kubernetes.io/token" then {tokenExpiresAt:(.data.expiration|if . then @base64d else null end)} else {} end)]}'`;

export const secretInventoryImport = documentImport(
  {
    id: "secret-inventory",
    title: "List of Secrets without their data",
    nature: "fact",
    format: "json",
    description:
      "Names, types, ages, owners and labels of the cluster's Secrets. The agent has no right to read Secrets, so a person with that right runs this command; it prints no value but the expiry dates of bootstrap tokens.",
    howToGet: SECRET_INVENTORY_COMMAND,
    controls: ["auth-no-long-lived-tokens", "auth-no-static-credentials", "auth-shared-accounts", "sec-external-store"],
    maxBytes: 32 * MAX_IMPORT_BYTES,
    example: `{
  "secrets": [
    {
      "namespace": "kube-system",
      "name": "bootstrap-token-abcdef",
      "type": "bootstrap.kubernetes.io/token",
      "createdAt": "2026-11-20T09:00:00Z",
      "tokenExpiresAt": "2026-11-21T09:00:00Z"
    },
    {
      "namespace": "cde-processing",
      "name": "ci-token",
      "type": "kubernetes.io/service-account-token",
      "createdAt": "2023-02-01T10:00:00Z",
      "labels": { "kubernetes.io/legacy-token-last-used": "2026-11-19" },
      "annotations": { "kubernetes.io/service-account.name": "ci" },
      "keys": ["ca.crt", "namespace", "token"]
    }
  ]
}
`,
  },
  z.strictObject({
    secrets: z
      .array(
        z.strictObject({
          namespace: label,
          name: label,
          type: label,
          createdAt: time,
          owners: z
            .array(z.strictObject({ kind: label, name: label }))
            .max(50)
            .optional(),
          labels: z.record(label, z.string().max(512)).optional(),
          annotations: z.record(label, z.string().max(4096)).optional(),
          keys: z.array(label).max(2000).optional(),
          isImmutable: z.boolean().optional(),
          /** As it is written in the Secret, so it may be no date; null when it has none. */
          tokenExpiresAt: z.string().max(64).nullable().optional(),
        }),
      )
      .max(100_000),
  }),
  ({ secrets }, origin) => ({ facts: { secretInventory: { origin, secrets } } }),
);
