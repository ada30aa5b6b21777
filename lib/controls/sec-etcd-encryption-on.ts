/**
 * sec-etcd-encryption-on: Secrets are encrypted at rest by the API server.
 *
 * Reads: the flag --encryption-provider-config of every API server; through which transformer Secrets were written (the API
 *   server's metrics); the provider's record; OpenShift's APIServer spec.encryption.type.
 * Pass: the flag is set on every API server; or the provider's record says that Secrets are encrypted; or OpenShift's type is an
 *   encrypting one; or, where flags aren't visible, every write of Secrets went through an encrypting transformer.
 * Fail: the flag is missing on a visible API server; OpenShift's type is identity or absent; the record says that it is off;
 *   Secrets are written in plain text (transformer identity), whatever the flag says.
 * Unknown: the control plane isn't visible and there is neither record nor metrics; a control-plane node shows no API server.
 *   Never a pass by assumption: a provider's disk encryption is not this.
 * Not applicable: a cluster without CDE namespace.
 * This protects credentials and keys in Secrets. It doesn't meet 3.5.1 for card numbers, which don't belong into Secrets.
 */
import { componentFlags } from "@/lib/inventory/flags";
import { refOf } from "@/lib/inventory/inventory";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { shortReason } from "./short-reason";

const FLAG = "encryption-provider-config";
const OPENSHIFT_TYPES = ["aescbc", "aesgcm", "KMS"];

export const secEtcdEncryptionOn: Control = {
  id: "sec-etcd-encryption-on",
  title: "Secrets are encrypted at rest by the API server",
  severity: "critical",
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
      "The API servers' flag --encryption-provider-config, their metrics on how Secrets are written, the provider's record, OpenShift's APIServer.",
    pass: "The flag is set on every API server, or the provider's record, OpenShift's type or the metrics show that Secrets are encrypted.",
    fail: "The flag is missing on an API server, the record or type says it is off, or Secrets are written in plain text.",
    unknown:
      "The control plane is not visible and no record or metric settles it, or a control-plane node shows no API server.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "Whoever gets a copy of etcd or its backup reads every Secret that the API server stored in plain text.",
    cannotSee:
      "Order and strength of the providers in the file, and whether older Secrets were written again: other controls ask that. Disk encryption of a provider is not this.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      FLAGS,
      `flags kube-apiserver | grep -E -- '--${FLAG}' || echo 'not visible or not set'`,
      `kubectl get --raw /metrics | grep -E 'apiserver_storage_transformation_operations_total.*resource="?secrets' || true`,
      "# EKS: aws eks describe-cluster --name NAME --query cluster.encryptionConfig",
      '# GKE: gcloud container clusters describe NAME --format="value(databaseEncryption)"',
      "# AKS: az aks show --name NAME --resource-group GROUP --query securityProfile.azureKeyVaultKms",
      "# OpenShift: kubectl get apiserver cluster -o jsonpath='{.spec.encryption.type}'",
    ),
    expect: `--${FLAG} once for every API server pod. In the metrics no to_storage line with the prefix identity. On managed planes the provider's record instead.`,
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
            extraArgs: [{ name: FLAG, value: "/etc/kubernetes/enc/config.yaml" }],
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

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const { encryptionRecord, encryptionTransformers } = inventory.facts;
  const writes = (encryptionTransformers ?? []).filter(
    ({ resource, operation, count }) => resource === "secrets" && operation === "to_storage" && count > 0,
  );
  const plain = writes.filter(({ prefix }) => prefix === "identity");
  const metrics: EvidencePointer[] = writes.map(({ prefix, count }) => ({
    ref: CLUSTER_REF,
    pointer: "/facts/encryptionTransformers",
    found: `to_storage secrets ${prefix}: ${count}`,
  }));
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    evidence: [...evidence, ...metrics],
  });
  if (plain.length > 0) {
    return answer(
      "fail",
      "the API server writes Secrets in plain text",
      `The API server's metrics count ${plain.reduce((sum, { count }) => sum + count, 0)} writes of Secrets through the transformer identity, which stores them as they are: the first provider for secrets is identity.`,
      [],
    );
  }
  const flags = componentFlags(inventory, "kube-apiserver");
  if (flags.visible) {
    const evidence = flags.instances.map((instance): EvidencePointer => {
      const setting = instance.flags.get(FLAG);
      return setting === undefined
        ? { ref: instance.ref, pointer: `${instance.pointer}/command` }
        : { ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" };
    });
    const without = flags.instances.filter((instance) => {
      const setting = instance.flags.get(FLAG);
      return setting === undefined || setting.value === "" || setting.value === "true";
    });
    const names = nameSome(without.map((instance) => instance.ref.name));
    if (without.length > 0) {
      return answer(
        "fail",
        `--${FLAG} is missing on ${names}`,
        `${names} ${without.length === 1 ? "runs" : "run"} without --${FLAG}, so Secrets that ${without.length === 1 ? "it writes" : "they write"} lie in etcd in plain text.`,
        evidence,
      );
    }
    if (flags.hiddenNodes.length > 0) {
      return answer(
        "unknown",
        `no API server visible on ${nameSome(flags.hiddenNodes, 2)}`,
        `The flag is set on ${flags.instances.length} API servers, but ${nameSome(flags.hiddenNodes)} ${flags.hiddenNodes.length === 1 ? "is a control-plane node that shows" : "are control-plane nodes that show"} none.`,
        evidence,
      );
    }
    return answer(
      "pass",
      `--${FLAG} is set on ${flags.instances.length === 1 ? "the API server" : `all ${flags.instances.length} API servers`}`,
      `Every visible API server names an encryption configuration. What the file says (order of providers, resources, key) is the question of other controls.`,
      evidence,
    );
  }
  if (encryptionRecord !== undefined) {
    const { origin, isSecretEncryptionOn, key, found } = encryptionRecord;
    const evidence = [{ ref: CLUSTER_REF, pointer: "/facts/encryptionRecord", found }];
    const source = `Source: ${origin.name}, read ${origin.collectedAt}.`;
    return isSecretEncryptionOn
      ? answer(
          "pass",
          `the provider encrypts Secrets${key === null ? "" : ` with a ${key} key`}`,
          `The provider's record says that Secrets are encrypted (${found}). ${source}`,
          evidence,
        )
      : answer(
          "fail",
          "the provider's record says that Secrets are not encrypted",
          `The provider's record says that encryption of Secrets is off (${found}). The encryption of its disks is not the same. ${source}`,
          evidence,
        );
  }
  if (inventory.provider === "openshift") return judgeOpenShift(context, answer);
  if (writes.length > 0) {
    return answer(
      "pass",
      "every write of Secrets goes through an encrypting transformer",
      `Flags aren't visible (${flags.reason}). The API server's metrics show writes of Secrets only through ${nameSome(writes.map(({ prefix }) => prefix))}.`,
      [],
    );
  }
  return answer(
    "unknown",
    "API server flags are not visible",
    `${flags.reason}. It becomes known when the provider's record is imported, or when the agent may read the API server's /metrics and Secrets have been written.`,
    [],
  );
}

function judgeOpenShift(
  context: EvaluationContext,
  answer: (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]) => Result,
): Result {
  const { inventory } = context;
  const readable = inventory.readable("openshift-apiservers");
  const object = inventory.list("openshift-apiservers").find((candidate) => candidate.metadata.name === "cluster");
  if (!readable.known || object === undefined) {
    return answer(
      "unknown",
      "OpenShift's APIServer object was not read",
      `${readable.known ? "The snapshot holds no APIServer cluster" : readable.message}. It says whether Secrets are encrypted.`,
      [],
    );
  }
  const encryption = object.spec?.encryption as { type?: unknown } | undefined;
  const type = typeof encryption?.type === "string" ? encryption.type : "";
  const evidence: EvidencePointer[] = [
    { ref: refOf(object), pointer: "/spec/encryption/type", ...(type === "" ? {} : { found: type }) },
  ];
  if (OPENSHIFT_TYPES.some((known) => known.toLowerCase() === type.toLowerCase())) {
    return answer(
      "pass",
      `OpenShift encrypts with ${type}`,
      `APIServer cluster has spec.encryption.type ${type}.`,
      evidence,
    );
  }
  if (type === "" || type === "identity") {
    return answer(
      "fail",
      "OpenShift's encryption type is identity",
      `APIServer cluster has ${type === "" ? "no spec.encryption.type" : "spec.encryption.type identity"}, so Secrets lie in etcd in plain text.`,
      evidence,
    );
  }
  return answer(
    "unknown",
    `encryption type ${type} is not known`,
    `APIServer cluster has spec.encryption.type ${type}, which this release doesn't know.`,
    evidence,
  );
}
