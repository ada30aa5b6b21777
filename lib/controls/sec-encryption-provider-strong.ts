/**
 * sec-encryption-provider-strong: The encryption provider is strong, first in order, covers the right resources and its key is rotated.
 *
 * Reads: the imported EncryptionConfiguration of every API server (provider names, key names and resources, never a key), the register
 *   of keys with their cryptoperiods; on managed planes the provider's record of the KMS key.
 * Pass: Secrets are written by kms v2, secretbox, aescbc (with a note) or aesgcm whose key is rotated by itself, and the key is younger
 *   than its cryptoperiod; on a managed plane the KMS key is the customer's and its material is younger, or rotated by itself.
 * Fail: identity writes Secrets, no entry names them, or the API server has no configuration; kms v1; aesgcm without rotation by
 *   itself; the key is older than its cryptoperiod; a local key although the register says that Secrets hold keys for account data
 *   (it lies in clear on the same host): high. identity left as a fallback for more than 30 days: low.
 * Unknown: a file isn't imported; the key isn't in the register, so its age isn't known; no record of a managed plane.
 * Not applicable: no CDE namespace; the provider answers for it by the responsibility matrix.
 * Earlier entries win over later ones for the same resource, wildcards too. A name such as key-20260507 gives an age by convention only.
 */
import { endOf, startOf } from "@/lib/inventory/registers";
import type { EncryptionProvider, ImportedEncryptionConfig } from "@/lib/inventory/imported-control-plane";
import { refOf } from "@/lib/inventory/inventory";
import { type FlagProblem, worstSeverity } from "./control-plane";
import { encryptionFiles, providersFor, writeKeyOf } from "./encryption-files";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster } from "./population";
import { script } from "./prelude";
import { describeOrigin, newestOf, providerAnswer } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Result,
  type Severity,
} from "./types";

const ID = "sec-encryption-provider-strong";
const FALLBACK_DAYS = 30;
const DAY_MS = 86_400_000;

export const secEncryptionProviderStrong: Control = {
  id: ID,
  title: "The encryption provider is strong, first in order, covers the right resources and its key is rotated",
  severity: "high",
  requirements: [
    {
      requirement: "3.6.1.2",
      kind: "primary",
      rationale: "Keys that Secrets hold have to be encrypted with a key that is stored apart from them.",
    },
    {
      requirement: "3.7.4",
      kind: "primary",
      rationale: "The key that encrypts Secrets has a cryptoperiod, after which it has to be changed.",
    },
    {
      requirement: "3.7.5",
      kind: "supporting",
      rationale: "A key that is retired leaves the configuration once nothing is encrypted with it.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "Passwords in Secrets are unreadable in storage only under a provider that encrypts.",
    },
    {
      requirement: "12.3.3",
      kind: "supporting",
      rationale: "The provider and its algorithm belong into the yearly review of cryptography.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "The imported encryption configuration of every API server, the register of keys, the provider's record of the KMS key.",
    pass: "Secrets are written by a strong provider, and its key is younger than its cryptoperiod.",
    fail: "identity or kms v1 writes, Secrets aren't named, aesgcm without rotation, an old key, a local key for account data keys.",
    unknown: "A file, the key's age, or the record of a managed plane is missing.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "A configuration that exists may still store Secrets in plain text, or under a key that everybody who left still knows.",
    cannotSee: "Who can read the key on the host, and how a KMS guards it.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      "# as root on each control-plane node; prints names only. Never paste the file itself as evidence.",
      `yq -o json . /etc/kubernetes/enc/config.yaml | jq -c '.resources[]|{resources,providers:[.providers[]|to_entries[]|{(.key):(.value.name // [(.value.keys//[])[].name])}]}'`,
    ),
    expect:
      "For secrets kms (apiVersion v2), secretbox, aescbc or aesgcm stands first and identity not before it; the key's name is in the key inventory with a date inside its cryptoperiod.",
    needs: ["yq"],
  }),
  remediate: (_, result) => ({
    summary: `Put a kms v2 provider first (a new key for it), keep the old one behind it until every Secret was written again, then take the old one and identity away; enter the key with its date and cryptoperiod into the register. ${result.detail}`,
    manifest: renderManifest({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [
        {
          resources: ["secrets"],
          providers: [
            {
              kms: { apiVersion: "v2", name: "NAME_OF_THE_PLUGIN", endpoint: "unix:///var/run/kmsplugin/socket.sock" },
            },
            { identity: {} },
          ],
        },
      ],
    }),
    apply:
      "write it to the file of --encryption-provider-config on every control-plane node (mode 0600), restart the API servers one after the other, then write every Secret again",
    risk: "Every API server needs the new provider before the first one writes with it, else the others can't read what it wrote. Losing the key loses every Secret.",
  }),
};

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const { files, without, unknown, hidden } = encryptionFiles(inventory);
  if (hidden !== null && files.length === 0) return judgeRecord(context, hidden);
  const problems: FlagProblem[] = without.map((name) => ({
    status: "fail",
    words: `${name} runs without an encryption configuration`,
    evidence: { ref: CLUSTER_REF, pointer: "/facts" },
  }));
  const notes: string[] = [];
  const passes: string[] = [];
  for (const { config, index } of files) {
    const found = judgeFile(context, config, index);
    problems.push(...found.problems);
    notes.push(...found.notes);
    if (found.words !== null) passes.push(found.words);
  }
  for (const name of unknown) {
    problems.push({
      status: "unknown",
      words: `the encryption configuration of ${name} isn't imported`,
      evidence: { ref: CLUSTER_REF, pointer: "/facts/encryptionConfigs" },
    });
  }
  const remarks = notes.length === 0 ? "" : ` ${[...new Set(notes)].join(" ")}`;
  const fails = problems.filter(({ status }) => status === "fail");
  const shown = fails.length > 0 ? fails : problems;
  if (shown.length > 0) {
    const words = [...new Set(shown.map((problem) => problem.words))];
    return {
      ...clusterResult(
        fails.length > 0 ? "fail" : "unknown",
        shortReason(words[0] ?? ""),
        `${[...new Set(problems.map((problem) => problem.words))].join("; ")}.${fails.length > 0 ? "" : " It becomes known when the node collector or an upload brings the files, and the register names the keys."}${remarks}`,
      ),
      ...(fails.length > 0
        ? {
            severity: worstSeverity(
              fails.map(({ severity }) => severity),
              "high",
            ),
          }
        : {}),
      evidence: shown.map(({ evidence }) => evidence),
    };
  }
  const evidence = files.map(
    ({ index }): EvidencePointer => ({
      ref: CLUSTER_REF,
      pointer: `/facts/encryptionConfigs/${index}/resources`,
      found: passes.join("; "),
    }),
  );
  return {
    ...clusterResult("pass", shortReason(passes[0] ?? ""), `${[...new Set(passes)].join("; ")}.${remarks}`),
    evidence,
  };
}

function judgeFile(
  context: EvaluationContext,
  config: ImportedEncryptionConfig,
  index: number,
): { problems: FlagProblem[]; notes: string[]; words: string | null } {
  const problems: FlagProblem[] = [];
  const notes: string[] = [];
  const at: EvidencePointer = { ref: CLUSTER_REF, pointer: `/facts/encryptionConfigs/${index}/resources` };
  const add = (status: FlagProblem["status"], words: string, severity?: Severity): void => {
    const evidence = { ...at, found: words };
    problems.push({
      status,
      words: `${config.instance}: ${words}`,
      evidence,
      ...(severity === undefined ? {} : { severity }),
    });
  };
  const providers = providersFor(config, "secrets");
  const [first] = providers ?? [];
  if (providers === null || first === undefined) {
    add("fail", "no entry names secrets, so they are stored as they are");
    return { problems, notes, words: null };
  }
  if (first.type === "identity") {
    add(
      "fail",
      providers.length === 1
        ? "identity is the only provider of secrets"
        : "identity is the first provider of secrets and writes them in plain text",
    );
    return { problems, notes, words: null };
  }
  const key = writeKeyOf(first);
  const entry = (context.registers?.encryptionKeys ?? []).find((candidate) => candidate.key === key);
  const isLocal = first.type !== "kms";
  if (first.type === "kms" && first.kmsVersion !== "v2")
    add("fail", "kms v1 is deprecated and off by default since 1.29");
  if (first.type === "aesgcm" && entry?.isRotatedAutomatically !== true) {
    add("fail", "aesgcm without rotation by itself, which it needs about every 200000 writes");
  }
  if (first.type === "aescbc") notes.push("aescbc is accepted; kms v2 or secretbox would be better.");
  if (isLocal && entry?.protectsAccountDataKeys === true) {
    add("fail", "a local key lies in clear on the same host, although Secrets hold keys for account data");
  }
  if (key === null || entry === undefined)
    add("unknown", `the age of the key ${key ?? "without a name"} isn't known; it is not in the register of keys`);
  else {
    const until = startOf(entry.createdAt) + entry.cryptoperiodDays * DAY_MS;
    if (Date.parse(context.asOf) >= until) {
      add("fail", `the key ${entry.key} is older than its cryptoperiod of ${entry.cryptoperiodDays} days`);
    }
    const hasFallback = providers.some((provider, i) => i > 0 && provider.type === "identity");
    if (hasFallback && daysBetween(entry.createdAt, context.asOf) > FALLBACK_DAYS) {
      add(
        "fail",
        `identity is still a fallback ${daysBetween(entry.createdAt, context.asOf)} days after the key was made`,
        "low",
      );
    }
  }
  const uncovered = ["configmaps"].filter(
    (resource) => (providersFor(config, resource)?.[0]?.type ?? "identity") === "identity",
  );
  if (uncovered.length > 0)
    notes.push(`Not encrypted: ${uncovered.join(", ")}; that is right only if they hold no credentials.`);
  return { problems, notes, words: `${config.instance}: secrets are written by ${wordsOf(first)}` };
}

function wordsOf(provider: EncryptionProvider): string {
  const type = provider.type === "kms" ? `kms ${provider.kmsVersion ?? "v1"}` : provider.type;
  return `${type} with ${writeKeyOf(provider) ?? "a key without a name"}`;
}

/** A plane that nobody sees into: OpenShift's own setting, else the provider's record of the KMS key. */
function judgeRecord(context: EvaluationContext, hidden: string): Result {
  const { facts, provider } = context.inventory;
  const openshift = provider === "openshift" ? judgeOpenShift(context) : null;
  if (openshift !== null) return openshift;
  const record = facts.encryptionRecord;
  if (record !== undefined && !record.isSecretEncryptionOn) {
    return {
      ...clusterResult(
        "fail",
        "the provider's record says that Secrets are not encrypted",
        `${record.found}. ${describeOrigin(record.origin)}`,
      ),
      evidence: [{ ref: CLUSTER_REF, pointer: "/facts/encryptionRecord", found: record.found }],
    };
  }
  const key = newestOf(facts.keyRecords ?? [], context.asOf);
  if (key === null) {
    return providerAnswer(
      context,
      ID,
      hidden,
      "when the provider's record of the KMS key that encrypts Secrets is imported, or the encryption configuration of the hosts",
    );
  }
  const entry = (context.registers?.encryptionKeys ?? []).find((candidate) => candidate.key === key.key);
  const age = daysBetween(key.materialCreatedAt, context.asOf);
  const evidence: EvidencePointer[] = [
    {
      ref: CLUSTER_REF,
      pointer: `/facts/keyRecords/${(facts.keyRecords ?? []).indexOf(key)}`,
      found: `${key.key}: made ${key.materialCreatedAt}, automatic rotation ${key.isAutomaticRotationOn ? "on" : "off"}`,
    },
  ];
  const limit = entry?.cryptoperiodDays ?? (key.isAutomaticRotationOn ? key.rotationPeriodDays : undefined);
  if (limit === undefined) {
    const detail = `The material of ${key.key} is ${age} days old; no cryptoperiod is registered for it, and the record doesn't say how often it is rotated. ${describeOrigin(key.origin)}`;
    return { ...clusterResult("unknown", shortReason(`no cryptoperiod is known for ${key.key}`), detail), evidence };
  }
  const detail = `The material of ${key.key} is ${age} days old; at most ${limit} are allowed. Automatic rotation is ${key.isAutomaticRotationOn ? "on" : "off"}. ${describeOrigin(key.origin)}`;
  const isOld = Date.parse(context.asOf) >= endOf(key.materialCreatedAt) + limit * DAY_MS;
  return {
    ...clusterResult(
      isOld ? "fail" : "pass",
      shortReason(
        isOld ? `the KMS key is ${age} days old, ${limit} are allowed` : `the KMS key is ${age} of ${limit} days old`,
      ),
      detail,
    ),
    evidence,
  };
}

/** OpenShift's operator makes a new key by itself every week. */
function judgeOpenShift({ inventory }: EvaluationContext): Result | null {
  const object = inventory.list("openshift-apiservers").find(({ metadata }) => metadata.name === "cluster");
  if (!inventory.readable("openshift-apiservers").known || object === undefined) return null;
  const type = (object.spec?.encryption as { type?: string } | undefined)?.type ?? "";
  const isOn = ["aescbc", "aesgcm", "kms"].includes(type.toLowerCase());
  if (!isOn && type !== "" && type !== "identity") return null;
  return {
    ...clusterResult(
      isOn ? "pass" : "fail",
      isOn
        ? `OpenShift encrypts with ${type} and changes the key by itself`
        : "OpenShift's encryption type is identity",
      isOn
        ? `APIServer cluster has spec.encryption.type ${type}; the operator makes a new key every week and writes everything again.`
        : "APIServer cluster has no encrypting spec.encryption.type, so Secrets are stored as they are.",
    ),
    evidence: [{ ref: refOf(object), pointer: "/spec/encryption", ...(type === "" ? {} : { found: type }) }],
  };
}
