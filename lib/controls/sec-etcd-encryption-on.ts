/**
 * sec-etcd-encryption-on: Secrets are encrypted at rest by the API server.
 *
 * Reads: the flag --encryption-provider-config of every API server; its file and the k3s setting secrets-encryption, where the node
 *   collector or an import brings them; through which transformer Secrets were written (the API server's metrics); the provider's
 *   record; OpenShift's APIServer spec.encryption.type.
 * Pass: the flag is set on every API server; or the provider's record says that Secrets are encrypted; or OpenShift's type is an
 *   encrypting one; or, where flags aren't visible, the file or setting of every server encrypts, or every write of Secrets went
 *   through an encrypting transformer.
 * Fail: the flag is missing on a visible API server; its file writes Secrets as they are; k3s' setting is off; OpenShift's type is
 *   identity or absent; the record says that it is off; Secrets are written in plain text (transformer identity), whatever else says.
 * Unknown: the control plane isn't visible and nothing of this is known of every server; a control-plane node shows no API server.
 *   Never a pass by assumption: a provider's disk encryption is not this.
 * Not applicable: a cluster without CDE namespace.
 * This protects credentials and keys in Secrets. It doesn't meet 3.5.1 for card numbers, which don't belong into Secrets.
 */
import { ENCRYPTION_FLAG } from "./encryption-files";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster } from "./population";
import { FLAGS, script } from "./prelude";
import { secretEncryption } from "./secret-encryption";
import { shortReason } from "./short-reason";
import type { Control } from "./types";

export const secEtcdEncryptionOn: Control = {
  id: "sec-etcd-encryption-on",
  title: "Secrets are encrypted at rest by the API server",
  severity: "critical",
  revision: 2,
  requirements: [
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale: "Passwords and tokens kept in Secrets are unreadable in storage only if the API server encrypts them.",
    },
    {
      requirement: "3.6.1.2",
      kind: "primary",
      rationale: "Keys that are kept in Secrets have to be stored encrypted with a key of their own.",
    },
    {
      requirement: "3.5.1",
      kind: "supporting",
      rationale: "It is not a way to render stored card numbers unreadable; those don't belong into Secrets.",
    },
    {
      requirement: "3.7.3",
      kind: "supporting",
      rationale: "Keys kept in Secrets are stored safely only in encrypted form.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "The API servers' flag --encryption-provider-config and its file, k3s' secrets-encryption, their metrics on how Secrets are written, the provider's record, OpenShift's APIServer.",
    pass: "The flag is set on every API server, or the record, OpenShift's type, files and settings of every server, or the metrics show that Secrets are encrypted.",
    fail: "The flag is missing on an API server, its file, the record, type or setting says it is off, or Secrets are written in plain text.",
    unknown:
      "The control plane is not visible and nothing settles it for every server, or a control-plane node shows no API server.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "Whoever gets a copy of etcd or its backup reads every Secret that the API server stored in plain text.",
    cannotSee:
      "Order and strength of the providers in the file, and whether older Secrets were written again: other controls ask that. Disk encryption of a provider is not this.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      const { state, reason, detail, evidence } = secretEncryption(context.inventory);
      const status = state === "on" ? "pass" : state === "off" ? "fail" : "unknown";
      return [{ ...clusterResult(status, shortReason(reason), detail), evidence }];
    }),
  verify: () => ({
    command: script(
      FLAGS,
      `flags kube-apiserver | grep -E -- '--${ENCRYPTION_FLAG}' || echo 'not visible or not set'`,
      `kubectl get --raw /metrics | grep -E 'apiserver_storage_transformation_operations_total.*resource="?secrets' || true`,
      "# EKS: aws eks describe-cluster --name NAME --query cluster.encryptionConfig",
      '# GKE: gcloud container clusters describe NAME --format="value(databaseEncryption)"',
      "# AKS: az aks show --name NAME --resource-group GROUP --query securityProfile.azureKeyVaultKms",
      "# OpenShift: kubectl get apiserver cluster -o jsonpath='{.spec.encryption.type}'",
    ),
    expect: `--${ENCRYPTION_FLAG} once for every API server pod. In the metrics no to_storage line with the prefix identity. On managed planes the provider's record instead.`,
    needs: [],
  }),
  remediate(context) {
    const risk =
      "Losing the key makes every Secret unreadable: back it up apart from etcd. The API servers restart; with several, change one after the other.";
    const { provider } = context.inventory;
    if (provider === "eks" || provider === "gke" || provider === "aks" || provider === "openshift") {
      const how = {
        eks: "aws eks associate-encryption-config with a KMS key",
        gke: "gcloud container clusters update NAME --database-encryption-key KEY",
        aks: "az aks update --enable-azure-keyvault-kms with a key of Key Vault",
        openshift: 'oc patch apiserver cluster --type=merge -p \'{"spec":{"encryption":{"type":"aesgcm"}}}\'',
      }[provider];
      return {
        summary: `Switch on encryption of Secrets in the provider: ${how}. Afterwards write every Secret again, so that the old ones are encrypted too.`,
        risk,
      };
    }
    return {
      summary:
        "Put the EncryptionConfiguration on every control-plane node as /etc/kubernetes/enc/config.yaml (mode 0600; a KMS v2 plug-in is better than a local key), give the API server the flag, volume and mount through kubeadm, restart it, then write every Secret again. Make the key with: head -c 32 /dev/urandom | base64",
      manifest: renderManifest(
        {
          apiVersion: "apiserver.config.k8s.io/v1",
          kind: "EncryptionConfiguration",
          resources: [
            {
              resources: ["secrets"],
              providers: [
                { secretbox: { keys: [{ name: "key1", secret: "BASE64_OF_32_RANDOM_BYTES" }] } },
                { identity: {} },
              ],
            },
          ],
        },
        {
          apiVersion: "kubeadm.k8s.io/v1beta4",
          kind: "ClusterConfiguration",
          apiServer: {
            extraArgs: [{ name: ENCRYPTION_FLAG, value: "/etc/kubernetes/enc/config.yaml" }],
            extraVolumes: [
              {
                name: "enc",
                hostPath: "/etc/kubernetes/enc",
                mountPath: "/etc/kubernetes/enc",
                readOnly: true,
                pathType: "DirectoryOrCreate",
              },
            ],
          },
        },
      ),
      apply:
        "kubeadm init phase control-plane apiserver --config kubeadm.yaml  # on each control-plane node; then: kubectl get secrets -A -o json | kubectl replace -f -",
      risk,
    };
  },
};
