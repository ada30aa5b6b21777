/**
 * sec-external-store: CDE credentials come from an external secret store with its own audit log.
 *
 * Reads: ExternalSecrets, SecretStores and ClusterSecretStores with their status, SecretProviderClasses, pods that mount secrets by
 *   CSI or through Vault's injector; an imported list of Secrets (names, types, owners, ages: never data), because the agent has no
 *   right to list Secrets. Secrets that the register says hold no credential are left out.
 * Pass: every Secret of type Opaque or basic-auth in the namespace is filled by a healthy, fresh ExternalSecret or by CSI; or there
 *   is none, because pods get their credentials by CSI or an injector.
 * Fail: such a Secret was made by hand or by another controller (low); an ExternalSecret or its store is unhealthy, stopped
 *   refreshing, or hands out values of its own (medium).
 * Unknown: no list of Secrets was imported; a kind could not be read; an operator whose state isn't read fills the Secret.
 * Not applicable: no Secret of these types in the namespace; no CDE namespace.
 * Traps: an installed store doesn't mean that a team uses it. A synced Secret is still a Kubernetes Secret: encryption at rest and
 *   rights on Secrets are asked by other controls. No requirement asks for an external store by name.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { SecretMetadata } from "@/lib/inventory/imported-access";
import { isApprovedAt } from "@/lib/inventory/registers";
import { type SyncState, syncStates } from "./external-secrets";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Result,
  type Severity,
} from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

const SECTIONS = [
  "externalsecrets",
  "externalsecret-stores",
  "externalsecret-clusterstores",
  "secretproviderclasses",
] as const;
const KINDS = ["ExternalSecret", "SecretStore", "ClusterSecretStore", "SecretProviderClass"];
const JUDGED_TYPES: ReadonlySet<string> = new Set(["Opaque", "", "kubernetes.io/basic-auth"]);
/** Operators that fill a Secret from an external store and whose objects are not read. */
const OTHER_OPERATORS: ReadonlySet<string> = new Set([
  "VaultStaticSecret",
  "VaultDynamicSecret",
  "HCPVaultSecretsApp",
  "AzureKeyVaultSecret",
  "OnePasswordItem",
  "BitwardenSecret",
  "InfisicalSecret",
  "DopplerSecret",
]);
const CSI_DRIVER = "secrets-store.csi.k8s.io";
const CSI_LABEL = "secrets-store.csi.k8s.io/managed";
const INJECTOR = "vault.hashicorp.com/agent-inject";

export const secExternalStore: Control = {
  id: "sec-external-store",
  title: "CDE credentials come from an external secret store with its own audit log",
  severity: "low",
  requirements: [
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale:
        "A store with access control and an audit log of its own keeps authentication factors out of manifests.",
    },
    {
      requirement: "3.6.1",
      kind: "supporting",
      rationale: "Keys kept in a store lie in fewer places and with fewer people.",
    },
    {
      requirement: "3.7.2",
      kind: "supporting",
      rationale: "A store hands keys out over a protected connection and records it.",
    },
    {
      requirement: "8.6.3",
      kind: "supporting",
      rationale: "A Secret that follows its store changes when the credential is changed there.",
    },
  ],
  judges: "namespace",
  sections: [...WORKLOAD_SECTIONS, ...SECTIONS],
  rule: {
    reads:
      "ExternalSecrets and their stores, SecretProviderClasses, pods with CSI or injected secrets, an imported list of Secrets without data.",
    pass: "Every Opaque or basic-auth Secret comes from a healthy external store, or pods get their credentials without a Secret.",
    fail: "A Secret made by hand or by another controller, or an unhealthy, stale or invented source.",
    unknown:
      "No list of Secrets was imported, a kind could not be read, or an operator whose state isn't read fills the Secret.",
    notApplicable: "No Opaque or basic-auth Secret in the namespace, or no CDE namespace.",
    why: "A store outside of the cluster records who read a credential and can change it in one place.",
    cannotSee:
      "Whether the store's audit log is kept and read, and who else may read the store. A synced Secret is still a Kubernetes Secret. No requirement asks for an external store by name.",
  },
  evaluate: (context) =>
    judgeNamespaces(context, ["cde"], (namespace) => [
      judge(context, namespace),
      ...invalidResults(context, KINDS, [namespace]),
    ]),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get secrets -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select((.type//"Opaque")|IN("Opaque","kubernetes.io/basic-auth"))|select(any(.metadata.ownerReferences[]?;.kind=="ExternalSecret")|not)|select((.metadata.labels//{})["${CSI_LABEL}"]!="true")|"by hand: \\(.metadata.namespace)/\\(.metadata.name)"'`,
      `kubectl get externalsecrets.external-secrets.io -A -o json 2>/dev/null | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select(any(.status.conditions[]?;.type=="Ready" and .status=="True")|not)|"not ready: \\(.metadata.namespace)/\\(.metadata.name) \\(.status.refreshTime//"never refreshed")"'`,
    ),
    expect:
      "No output. The first command needs list on secrets, prints names only, and shows Secrets that no ExternalSecret owns; the second shows ExternalSecrets that are not ready.",
    needs: [],
  }),
  remediate: (context, result) => {
    const store = context.inventory.list("externalsecret-clusterstores")[0]?.metadata.name;
    const namespace = result.object.name;
    return {
      summary: `Put the value into the store, make an ExternalSecret in ${namespace} that ${store === undefined ? "asks it" : `asks ClusterSecretStore ${store}`} (spec.secretStoreRef, spec.data with the remote key, target.name the Secret's name, target.creationPolicy Owner), delete the Secret that was made by hand, and change the credential, because it was outside of the store. Then import the list of Secrets again. Where a store or an ExternalSecret is unhealthy, its condition's message names the reason.`,
      risk: "Between deleting the Secret and the first refresh, pods that start don't find it. An unreachable store leaves the last value in place.",
    };
  },
};

interface Origin {
  text: string;
  evidence: EvidencePointer[];
}

function judge(context: EvaluationContext, namespace: string): Result {
  // An owner that can't be seen is not one that doesn't exist.
  const unreadable = findUnreadable(context, SECTIONS);
  if (unreadable !== null) return { ...unreadable, object: namespaceRef(namespace) };
  const states = syncStates(context, namespace);
  const unhealthy = states.filter(({ problems }) => problems.length > 0);
  const inventory = context.inventory.facts.secretInventory;
  const object = namespaceRef(namespace);
  const evidence = states.flatMap((state) => state.evidence).slice(0, 60);
  const secrets = inventory === undefined ? [] : judgedSecrets(context, inventory.secrets, namespace);
  const origins = secrets.map((secret) => ({ secret, ...originOf(secret, states) }));
  const byHand = origins.filter(({ kind }) => kind === "other");
  if (unhealthy.length > 0 || byHand.length > 0) {
    const problems = [
      ...unhealthy.flatMap((state) => state.problems),
      ...byHand.map(({ secret, words }) => `Secret ${secret.name} ${words}`),
    ];
    const severity: Severity = unhealthy.length > 0 ? "medium" : "low";
    return {
      status: "fail",
      object,
      severity,
      reason: shortReason(
        problems.length === 1 ? (problems[0] ?? "") : `${problems[0]} and ${problems.length - 1} more`,
      ),
      detail: `Namespace ${namespace}: ${nameSome(problems, 10)}.${inventory === undefined ? " No list of Secrets was imported, so there may be more." : ""}`,
      evidence: [...evidence, ...byHand.map(({ secret }) => secretEvidence(secret))].slice(0, 80),
    };
  }
  const bypass = waysAround(context, namespace);
  if (inventory === undefined) {
    return unknown(
      object,
      "which Secrets there are isn't known",
      `Namespace ${namespace} has ${states.length === 0 ? "no ExternalSecret" : `${states.length} healthy ${states.length === 1 ? "ExternalSecret" : "ExternalSecrets"}`}, and the agent may not list Secrets, so nobody knows which Secrets were made by hand. It becomes known when a person who may list them imports their names, types and owners (kind secret-inventory).`,
      evidence,
    );
  }
  if (secrets.length === 0) {
    const base = { object, evidence: [...evidence, ...bypass.evidence] };
    if (bypass.text === "") {
      return {
        ...base,
        status: "not-applicable",
        reason: "no Opaque or basic-auth Secret here",
        detail: `The imported list (${inventory.origin.name}) holds no Secret of type Opaque or basic-auth in namespace ${namespace} that could be a credential.`,
      };
    }
    return {
      ...base,
      status: "pass",
      reason: "credentials come without a Secret",
      detail: `Namespace ${namespace} has no Opaque or basic-auth Secret; ${bypass.text}.`,
    };
  }
  const open = [
    ...states.flatMap(({ unknowns }) => unknowns),
    ...origins.filter(({ kind }) => kind === "unread").map(({ secret, words }) => `Secret ${secret.name} ${words}`),
  ];
  if (open.length > 0) {
    return unknown(
      object,
      open[0] ?? "a source isn't known",
      `Namespace ${namespace}: ${nameSome(open, 10)}. It becomes known when the objects say so.`,
      evidence,
    );
  }
  return {
    status: "pass",
    object,
    reason: `${secrets.length === 1 ? "the Secret comes" : `all ${secrets.length} Secrets come`} from an external store`,
    detail: `Namespace ${namespace}: ${nameSome(
      origins.map(({ secret, words }) => `Secret ${secret.name} ${words}`),
      10,
    )}. Source of the list: ${inventory.origin.name}, read ${inventory.origin.collectedAt}.${bypass.text === "" ? "" : ` Besides, ${bypass.text}.`} Synced Secrets are still Secrets of Kubernetes.`,
    evidence: [...evidence, ...secrets.map(secretEvidence)].slice(0, 80),
  };
}

function unknown(object: ResourceRef, reason: string, detail: string, evidence: EvidencePointer[]): Result {
  return { status: "unknown", object, reason: shortReason(reason), detail, evidence };
}

function judgedSecrets(
  context: EvaluationContext,
  secrets: readonly SecretMetadata[],
  namespace: string,
): SecretMetadata[] {
  const harmless = (context.registers?.nonCredentials ?? []).filter(
    (entry) => entry.namespace === namespace && entry.key === undefined && isApprovedAt(entry, context.asOf),
  );
  return secrets.filter(
    (secret) =>
      secret.namespace === namespace &&
      JUDGED_TYPES.has(secret.type) &&
      !harmless.some((entry) => entry.secret === secret.name),
  );
}

function originOf(
  secret: SecretMetadata,
  states: readonly SyncState[],
): { kind: "store" | "unread" | "other"; words: string } {
  const owners = secret.owners ?? [];
  const state = states.find(
    ({ object, secretName }) =>
      owners.some((owner) => owner.kind === "ExternalSecret" && owner.name === object.metadata.name) ||
      (secretName === secret.name && fills(object)),
  );
  if (state !== undefined) return { kind: "store", words: `is filled by ExternalSecret ${state.object.metadata.name}` };
  if (secret.labels?.[CSI_LABEL] === "true")
    return { kind: "store", words: "is synced by the secrets store CSI driver" };
  const operator = owners.find(({ kind }) => OTHER_OPERATORS.has(kind));
  if (operator !== undefined) {
    return { kind: "unread", words: `is filled by ${operator.kind} ${operator.name}, whose state is not read` };
  }
  const stale = owners.find(({ kind }) => kind === "ExternalSecret");
  if (stale !== undefined)
    return { kind: "other", words: `is owned by ExternalSecret ${stale.name}, which doesn't exist` };
  const [owner] = owners;
  return owner === undefined
    ? { kind: "other", words: "was made by hand" }
    : { kind: "other", words: `is made by ${owner.kind} ${owner.name}, not by an external store` };
}

/** Orphan and Merge fill a Secret without owning it. */
function fills(object: SyncState["object"]): boolean {
  const target = (object.spec?.target ?? {}) as { creationPolicy?: string };
  return target.creationPolicy !== "None";
}

function secretEvidence(secret: SecretMetadata): EvidencePointer {
  const owners = (secret.owners ?? []).map(({ kind, name }) => `${kind}/${name}`).join(", ");
  return {
    ref: CLUSTER_REF,
    pointer: "/facts/secretInventory",
    found: `Secret ${secret.namespace}/${secret.name} (${secret.type}, made ${secret.createdAt}), ${owners === "" ? "no owner" : owners}`,
  };
}

/** Pods that get credentials without a Secret: mounted by CSI, or written by an injected sidecar. */
function waysAround(context: EvaluationContext, namespace: string): Origin {
  const found: Origin = { text: "", evidence: [] };
  const names: string[] = [];
  for (const workload of context.inventory.workloadsIn(namespace)) {
    for (const variant of workload.variants) {
      const index = (variant.spec.volumes ?? []).findIndex(({ csi }) => csi?.driver === CSI_DRIVER);
      const isInjected = variant.annotations[INJECTOR] === "true";
      if (index < 0 && !isInjected) continue;
      names.push(`${workload.ref.kind} ${workload.ref.name}`);
      found.evidence.push(
        index >= 0
          ? {
              ref: variant.source.ref,
              pointer: `${variant.source.pointer}/volumes/${index}/csi/driver`,
              found: CSI_DRIVER,
            }
          : { ref: variant.source.ref, pointer: "", found: `${INJECTOR}: true` },
      );
    }
  }
  const classes = context.inventory
    .list("secretproviderclasses")
    .filter(({ metadata }) => metadata.namespace === namespace);
  found.evidence.push(...classes.map((object): EvidencePointer => ({ ref: refOf(object), pointer: "/spec/provider" })));
  const unique = [...new Set(names)];
  if (unique.length > 0)
    found.text = `${nameSome(unique)} ${unique.length === 1 ? "gets its" : "get their"} credentials by CSI or an injector`;
  return found;
}
