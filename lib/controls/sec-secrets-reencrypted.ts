/**
 * sec-secrets-reencrypted: Existing Secrets are stored as ciphertext with the current key.
 *
 * Reads: counts of how the values of Secrets begin in etcd (provider and key name, never a value), or the record of a job that wrote
 *   every Secret again; the key that writes (imported encryption configuration, or the API server's metrics); the register of keys.
 * Pass: every counted value carries the prefix of encryption and the name of the key that writes, and the count was made after that key;
 *   or a rewrite without failures ended after the key was made.
 * Fail: a value in plain text, or under another key; a rewrite that could not write some; an API server that encrypts nothing.
 * Unknown: no count and no rewrite that is recent enough; the current key, or when it was made, isn't known; fewer values were counted than the API server
 *   stores.
 * Not applicable: no CDE namespace; a cluster without Secrets; the provider answers for it by the responsibility matrix.
 * Values are stored as protobuf with the Secret's bytes inside, not as JSON and not in base64. Looking at one Secret proves one Secret.
 */
import { startOf } from "@/lib/inventory/registers";
import type { SecretRewrite, StoredSecretCounts } from "@/lib/inventory/imported-control-plane";
import { encryptionFiles, providersFor, writeKeyOf } from "./encryption-files";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { script } from "./prelude";
import { describeOrigin, newestOf, providerAnswer } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const ID = "sec-secrets-reencrypted";
/** A count is whole when it has at least this part of what the API server says it stores; Secrets come and go meanwhile. */
const WHOLE = 0.9;

export const secSecretsReencrypted: Control = {
  id: ID,
  title: "Existing Secrets are stored as ciphertext with the current key",
  severity: "high",
  requirements: [
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale:
        "A password that was written before encryption was switched on stays readable in storage until it is written again.",
    },
    {
      requirement: "3.6.1.2",
      kind: "primary",
      rationale: "Keys in Secrets are stored encrypted only if each of them was written under the key.",
    },
    {
      requirement: "3.7.5",
      kind: "supporting",
      rationale: "A retired key can be destroyed only when nothing is stored under it any more.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "Counts of how values of Secrets begin in etcd, or the record of a rewrite; the key that writes, and when it was made.",
    pass: "Every counted value is encrypted under the key that writes, or a whole rewrite ended after the key was made.",
    fail: "A value in plain text or under another key, a rewrite with failures, or an API server that encrypts nothing.",
    unknown: "No count and no rewrite, the current key isn't known, or the count isn't whole.",
    notApplicable: "No CDE namespace, no Secrets, or the provider answers for it by the responsibility matrix.",
    why: "Switching encryption on changes nothing that is already stored.",
    cannotSee: "Copies of etcd in older backups.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      "# as root on a control-plane node; prints counts and never a value",
      'E="etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key"',
      `$E get /registry/secrets/ --prefix --keys-only | sed '/^$/d' | while read -r k; do $E get "$k" --print-value-only </dev/null | head -c 100 | tr -d '\\0' | grep -aoE -m1 '^k8s:enc:[a-z]+:v[0-9]:[^:]+:' || echo PLAIN; done | sort | uniq -c`,
    ),
    expect:
      "One line, with the provider and the key that writes; no PLAIN. With --etcd-prefix the path begins otherwise.",
    needs: ["etcdctl"],
  }),
  remediate: (_, result) => ({
    summary: `Write every Secret again: kubectl get secrets -A -o json | kubectl replace -f -  (again for those that conflict), or a StorageVersionMigration. Then count again and import the count. ${result.detail}`,
    risk: "Every Secret gets a new version; controllers that watch them react. Do it when the API servers have all the new key.",
  }),
};

interface WriteKey {
  /** `provider:key`, as counts name it; several when API servers differ. */
  names: string[];
  /** When the newest of them was made; null when the register doesn't say. */
  createdAt: string | null;
}

function judge(context: EvaluationContext): Result {
  const { facts } = context.inventory;
  const stored = facts.storedObjects?.find(({ resource }) => resource === "secrets")?.count;
  if (stored === 0) {
    return clusterResult(
      "not-applicable",
      "the cluster holds no Secret",
      "The API server's metrics count no stored Secret.",
    );
  }
  const { without, hidden } = encryptionFiles(context.inventory);
  if (without.length > 0) {
    const names = nameSome(without);
    return {
      ...clusterResult(
        "fail",
        shortReason(`${names} encrypts nothing`),
        `${names} runs without an encryption configuration, so Secrets are stored as they are.`,
      ),
      evidence: [{ ref: CLUSTER_REF, pointer: "/facts" }],
    };
  }
  const key = writeKey(context);
  const counts = newestOf(facts.storedSecrets ?? [], context.asOf);
  if (counts !== null) return judgeCounts(context, counts, key, stored);
  const rewrite = newestOf(facts.secretRewrites ?? [], context.asOf, 3660);
  if (rewrite !== null) return judgeRewrite(context, rewrite, key);
  return providerAnswer(
    context,
    ID,
    hidden ?? "nobody has counted how Secrets are stored, and no rewrite is recorded",
    "when the counts of etcd's prefixes, or the record of a rewrite, are imported",
  );
}

function writeKey(context: EvaluationContext): WriteKey {
  const { files } = encryptionFiles(context.inventory);
  const names = new Set<string>();
  for (const { config } of files) {
    const [first] = providersFor(config, "secrets") ?? [];
    const key = first === undefined ? null : writeKeyOf(first);
    if (first !== undefined && key !== null) names.add(`${first.type}:${key}`);
  }
  if (names.size === 0) {
    // `k8s:enc:aescbc:v1:key1:` is what writes went through since the API server started.
    for (const { operation, resource, prefix, count } of context.inventory.facts.encryptionTransformers ?? []) {
      const parts = /^k8s:enc:([a-z]+):v\d:([^:]+)(?::|$)/.exec(prefix);
      if (operation === "to_storage" && resource === "secrets" && count > 0 && parts !== null)
        names.add(`${parts[1]}:${parts[2]}`);
    }
  }
  const registered = (context.registers?.encryptionKeys ?? []).filter(({ key }) =>
    [...names].some((name) => name.endsWith(`:${key}`)),
  );
  const createdAt =
    registered
      .map((entry) => entry.createdAt)
      .sort()
      .at(-1) ?? null;
  return { names: [...names].sort(), createdAt };
}

function judgeCounts(
  context: EvaluationContext,
  counted: StoredSecretCounts,
  key: WriteKey,
  stored: number | undefined,
): Result {
  const index = (context.inventory.facts.storedSecrets ?? []).indexOf(counted);
  const words = counted.counts.map(
    ({ provider, key: name, count }) => `${provider}${name === undefined ? "" : `:${name}`} ${count}`,
  );
  const evidence: EvidencePointer[] = [
    { ref: CLUSTER_REF, pointer: `/facts/storedSecrets/${index}/counts`, found: words.join(", ") },
  ];
  const source = `Counted below ${counted.prefix}: ${words.join(", ")}. ${describeOrigin(counted.origin)}`;
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    ...clusterResult(status, shortReason(reason), `${detail} ${source}`),
    evidence,
  });
  const used = counted.counts.filter(({ count }) => count > 0);
  const total = used.reduce((sum, { count }) => sum + count, 0);
  const plain = used.filter(({ provider }) => provider === "plain").reduce((sum, { count }) => sum + count, 0);
  if (plain > 0)
    return answer(
      "fail",
      `${plain} of ${total} Secrets are stored in plain text`,
      `${plain} values carry no prefix of encryption.`,
    );
  if (total === 0)
    return answer("unknown", "no value was counted", "Nothing was counted; with --etcd-prefix the path is another.");
  if (key.names.length === 0)
    return answer(
      "unknown",
      "the key that writes isn't known",
      "Neither the encryption configuration nor the metrics name the key that writes.",
    );
  if (key.createdAt !== null && Date.parse(counted.origin.collectedAt) < startOf(key.createdAt)) {
    return answer("unknown", "counted before the current key was made", `The current key was made ${key.createdAt}.`);
  }
  const retired = used.filter(({ provider, key: name }) => !key.names.includes(`${provider}:${name ?? ""}`));
  if (retired.length > 0) {
    const names = nameSome(
      retired.map(({ provider, key: name }) => `${provider}:${name ?? ""}`),
      2,
    );
    const sum = retired.reduce((all, { count }) => all + count, 0);
    return answer(
      "fail",
      `${sum} of ${total} Secrets are under ${names}, not the current key`,
      `The key that writes is ${key.names.join(", ")}.`,
    );
  }
  if (key.names.length > 1)
    return answer(
      "unknown",
      `API servers write with different keys: ${key.names.join(", ")}`,
      "The API servers' configurations differ, so the current key is not one.",
    );
  if (stored !== undefined && total < stored * WHOLE) {
    return answer("unknown", `${total} values were counted, ${stored} Secrets are stored`, "The count isn't whole.");
  }
  return answer(
    "pass",
    `all ${total} Secrets are under ${key.names.join(", ")}`,
    "Every counted value is encrypted under the key that writes.",
  );
}

function judgeRewrite(context: EvaluationContext, rewrite: SecretRewrite, key: WriteKey): Result {
  const index = (context.inventory.facts.secretRewrites ?? []).indexOf(rewrite);
  const found = `${rewrite.total} written from ${rewrite.startedAt} to ${rewrite.finishedAt}, ${rewrite.failed} failed`;
  const evidence: EvidencePointer[] = [{ ref: CLUSTER_REF, pointer: `/facts/secretRewrites/${index}`, found }];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    ...clusterResult(status, shortReason(reason), `${detail} ${found}. ${describeOrigin(rewrite.origin)}`),
    evidence,
  });
  if (rewrite.failed > 0)
    return answer("fail", `${rewrite.failed} Secrets could not be written again`, "The rewrite left some behind.");
  if (key.createdAt === null)
    return answer(
      "unknown",
      "when the current key was made isn't known",
      "The register of keys doesn't name the key that writes.",
    );
  if (Date.parse(rewrite.startedAt) < startOf(key.createdAt)) {
    return answer(
      "fail",
      "no rewrite since the current key was made",
      `The current key was made ${key.createdAt}, after the last rewrite began.`,
    );
  }
  return answer(
    "pass",
    "every Secret was written again under the current key",
    `The current key was made ${key.createdAt}.`,
  );
}
