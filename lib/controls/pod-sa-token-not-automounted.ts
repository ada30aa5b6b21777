/**
 * CDE pods get an API token only when they need it.
 *
 * Reads: spec.automountServiceAccountToken of the pod, else of its ServiceAccount, else true; projected serviceAccountToken
 * volumes and their audience; what RBAC grants the account; the organization's register of workloads that need the API.
 * CDE and connected-to namespaces.
 * Pass: no API token is mounted; or the account is on the register and holds only the permissions listed there.
 * Fail: a token is mounted and the account has no permission (a pointless credential), is not on the register with an approval that
 * holds today, or holds more.
 * Unknown: pods or ServiceAccounts were not read; RBAC was not read for an account that is on the register; an object is invalid;
 * no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * The pod's value wins over the account's. A token volume that is written by hand mounts a token even when automount is off. A
 * token for another audience (a vault, a cloud's identity service) is no credential for the API. Static pods cannot have one.
 * What every authenticated user may do (discovery) is not counted as a need.
 */
import { componentFlags } from "@/lib/inventory/flags";
import type { Inventory, PodVariant, Workload } from "@/lib/inventory/inventory";
import type { PolicyRule } from "@/lib/inventory/kinds";
import { isApprovedAt } from "@/lib/inventory/registers";
import { covers } from "@/lib/rbac/covers";
import { isBootstrapObject } from "@/lib/rbac/bootstrap-roles";
import { type Grant, grantsOfAccount } from "@/lib/rbac/grants";
import { describeRule } from "@/lib/rbac/rules";
import { renderManifest } from "./manifest";
import { findUnreadable, nameSome } from "./population";
import { CDE_PODS, script, selectNamespaces, shellQuote } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  containerListEvidence,
  distinct,
  findWorkload,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  templatePath,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
const RBAC_SECTIONS = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"] as const;

export const podSaTokenNotAutomounted: Control = {
  id: "pod-sa-token-not-automounted",
  title: "CDE pods get an API token only when they need it",
  severity: "medium",
  requirements: [
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale:
        "A mounted API token is access to the cluster; least privilege for an application that never calls the API is to have none.",
    },
    {
      requirement: "8.6.1",
      kind: "primary",
      rationale: "A token in a container's file system can be taken out and used by a person as that system account.",
    },
    {
      requirement: "2.2.4",
      kind: "supporting",
      rationale: "Access to the API is a function that most workloads do not need and that can be switched off.",
    },
  ],
  judges: "workload",
  sections: [...WORKLOAD_SECTIONS, "serviceaccounts", ...RBAC_SECTIONS],
  rule: {
    reads:
      "automountServiceAccountToken of pods and ServiceAccounts, projected token volumes, RBAC grants of the account, and the register of workloads that need the API; CDE and connected-to namespaces.",
    pass: "No API token is mounted, or the account is registered and holds only the registered permissions.",
    fail: "An API token is mounted for an account without any permission, without an entry in the register, or with more than the entry says.",
    unknown:
      "Pods or ServiceAccounts could not be listed, RBAC could not be read for a registered account, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "The admission plug-in ServiceAccount mounts a token unless the pod, or else its account, says no.",
    cannotSee:
      "Tokens that a program asks for itself through the TokenRequest API, and long-lived tokens in Secrets, which other controls judge.",
  },
  evaluate: (context) => {
    const unreadable = findUnreadable(context, ["serviceaccounts"]);
    const rbac = findUnreadable(context, RBAC_SECTIONS);
    return judgeWorkloads(context, CATEGORIES, (workload) => judge(context, workload, unreadable, rbac));
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      CDE_PODS,
      `SA=$(kubectl get sa -A -o json | jq -c '[.items[]|{key:"\\(.metadata.namespace)/\\(.metadata.name)",value:.automountServiceAccountToken}]|from_entries')`,
      `cdepods | jq -r --argjson sa "$SA" 'select(.metadata.annotations["kubernetes.io/config.mirror"]|not)|"\\(.metadata.namespace)/\\(.spec.serviceAccountName//"default")" as $a|([.spec.automountServiceAccountToken,$sa[$a]]|map(select(.!=null))|.[0]) as $auto|([.spec.volumes[]?.projected.sources[]?.serviceAccountToken|select(.!=null)|select((.audience//"")|.=="" or test("kubernetes[.]default"))]|length) as $volumes|select($auto!=false or $volumes>0)|"\\(.metadata.namespace)/\\(.metadata.name) account=\\($a) automount=\\($auto) tokenVolumes=\\($volumes)"'`,
    ),
    expect: "Only workloads that are approved to call the Kubernetes API. Each line is a pod with an API token.",
    needs: [],
  }),
  remediate: (context, result) => {
    const remediation = remediateWorkload(
      context,
      result,
      {
        summary:
          "Switch automounting off in the pod template (and on the ServiceAccount for its other pods). If the workload needs the API, register it with the permissions that it uses.",
        risk: "A program that calls the Kubernetes API is refused without its token; look for its service account in the audit log first.",
      },
      (spec) => ({
        spec: {
          automountServiceAccountToken: false,
          // A token volume that somebody wrote by hand stays until it is taken out by name.
          ...patchForTokenVolumes(spec.volumes ?? [], apiAudiences(context.inventory)),
        },
      }),
    );
    const workload = findWorkload(context, result);
    if (workload === undefined || remediation.manifest !== undefined || templatePath(workload.ref) !== null)
      return remediation;
    const account = accountOf(workload.variants[0]);
    return {
      ...remediation,
      manifest: renderManifest({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: account, namespace: workload.namespace },
        automountServiceAccountToken: false,
      }),
      apply: `kubectl -n ${shellQuote(workload.namespace)} apply -f serviceaccount.yaml`,
    };
  },
};

/** The service account of a spec; the API fills in `default`. */
function accountOf(variant: PodVariant | undefined): string {
  return variant?.spec.serviceAccountName || "default";
}

interface Token {
  words: string;
  evidence: EvidencePointer;
}

function judge(
  context: EvaluationContext,
  workload: Workload,
  unreadable: Result | null,
  rbac: Result | null,
): Verdict {
  const { inventory } = context;
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (workload.isStatic) {
    return {
      status: "pass",
      reason: "static pod: has no service account",
      detail: `${subject} is a static pod of the kubelet, and static pods cannot have a service account or its token.`,
      evidence: containerListEvidence(workload),
    };
  }
  const tokens = workload.variants.flatMap((variant) =>
    tokensOf(inventory, workload.namespace, variant, unreadable !== null),
  );
  if (tokens.length === 0) {
    const open = workload.variants.filter((variant) => variant.spec.automountServiceAccountToken === undefined);
    if (unreadable !== null && open.length > 0) {
      return {
        status: "unknown",
        reason: unreadable.reason,
        detail: `${subject} leaves automounting to its ServiceAccount. ${unreadable.detail}`,
        evidence: open.map((variant) => specEvidence(variant, "/automountServiceAccountToken")),
      };
    }
    return {
      status: "pass",
      reason: "no API token is mounted",
      detail: `${subject}: automounting is off and no volume brings a token for the Kubernetes API.`,
      evidence: workload.variants.map((variant) =>
        specEvidence(variant, "/automountServiceAccountToken", variant.spec.automountServiceAccountToken?.toString()),
      ),
    };
  }
  const accounts = distinct(workload.variants.map(accountOf));
  const mounted = `${subject} has a token of ${accounts.map((name) => `ServiceAccount ${name}`).join(" and ")}: ${distinct(tokens.map((token) => token.words)).join("; ")}.`;
  const evidence = tokens.map((token) => token.evidence);
  const registered = accounts.map((name) =>
    context.registers?.apiClients?.find(
      (client) =>
        client.namespace === workload.namespace && client.serviceAccount === name && isApprovedAt(client, context.asOf),
    ),
  );
  const isListed = registered.every((entry) => entry !== undefined);
  if (rbac !== null) {
    return isListed
      ? {
          status: "unknown",
          reason: rbac.reason,
          detail: `${mounted} It is registered, but what it may do is not known. ${rbac.detail}`,
          evidence,
        }
      : {
          status: "fail",
          reason: "API token mounted, not registered as needed",
          detail: `${mounted} The workload is not on the register of those that need the API; what the account may do could not be read.`,
          evidence,
        };
  }
  const granted = accounts.flatMap((name) => grantedRules(inventory, workload.namespace, name));
  if (granted.length === 0) {
    return {
      status: "fail",
      reason: "API token mounted for an account without permissions",
      detail: `${mounted} No role is granted to it, so the credential serves nothing but an intruder.`,
      evidence,
    };
  }
  const rights = `It may: ${nameSome(distinct(granted.map(describeRule)), 4)}.`;
  if (!isListed) {
    return {
      status: "fail",
      reason: "API token mounted, not registered as needed",
      detail: `${mounted} The workload is not on the register of those that need the API. ${rights}`,
      evidence,
    };
  }
  const { uncovered } = covers(
    registered.flatMap((entry) => entry?.permissions ?? []),
    granted,
  );
  if (uncovered.length > 0) {
    return {
      status: "fail",
      reason: "account holds more than the register approves",
      detail: `${mounted} Beyond the register it may: ${nameSome(distinct(uncovered.map(describeRule)), 5)}.`,
      evidence,
    };
  }
  return {
    status: "pass",
    reason: "registered, with approved permissions only",
    detail: `${mounted} The register approves it, and all its permissions. ${rights}`,
    evidence,
  };
}

/** Tokens for the Kubernetes API that a variant mounts, by automounting or by a volume. */
function tokensOf(inventory: Inventory, namespace: string, variant: PodVariant, accountsUnknown: boolean): Token[] {
  const tokens: Token[] = [];
  const audiences = apiAudiences(inventory);
  const own = variant.spec.automountServiceAccountToken;
  const name = accountOf(variant);
  const account = inventory.serviceAccount(namespace, name);
  if (own === true) {
    tokens.push({
      words: "the pod asks for automounting",
      evidence: specEvidence(variant, "/automountServiceAccountToken", "true"),
    });
  } else if (own === undefined && !accountsUnknown && account?.automountServiceAccountToken !== false) {
    const accountWords =
      account === undefined
        ? `ServiceAccount ${name} is not among the objects`
        : `ServiceAccount ${name} says ${account.automountServiceAccountToken ?? "nothing"}`;
    tokens.push({
      words: `neither the pod nor the account switches automounting off (${accountWords})`,
      evidence: specEvidence(variant, "/automountServiceAccountToken"),
    });
  }
  (variant.spec.volumes ?? []).forEach((volume, i) => {
    volume.projected?.sources?.forEach((source, j) => {
      if (source.serviceAccountToken === undefined || !isApiAudience(source.serviceAccountToken.audience, audiences))
        return;
      const at = `/volumes/${i}/projected/sources/${j}/serviceAccountToken`;
      // The volume that automounting itself adds repeats what was said above, unless the setting was changed since.
      if (volume.name.startsWith("kube-api-access") && tokens.length > 0) return;
      tokens.push({ words: `volume ${volume.name} brings one`, evidence: specEvidence(variant, at, volume.name) });
    });
  });
  return tokens;
}

/**
 * No audience means the API server's own. Its usual name is kubernetes.default.svc, and others stand in its flags; tokens for any
 * other audience are refused by an API server that does not list it.
 */
function isApiAudience(audience: string | undefined, own: ReadonlySet<string>): boolean {
  if (audience === undefined || audience === "" || own.has(audience)) return true;
  return /^(?:https:\/\/)?kubernetes\.default(?:\.|$)/.test(audience);
}

/** The audiences that visible API servers take tokens for: --api-audiences, else the issuers of service account tokens. */
function apiAudiences(inventory: Inventory): ReadonlySet<string> {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) return new Set();
  return new Set(
    flags.instances.flatMap(
      (instance) =>
        (instance.flags.get("api-audiences") ?? instance.flags.get("service-account-issuer"))?.values.flatMap((value) =>
          value.split(","),
        ) ?? [],
    ),
  );
}

/** What bindings anywhere give the account itself or all accounts, without what every authenticated user has. */
function grantedRules(inventory: Inventory, namespace: string, name: string): PolicyRule[] {
  return grantsOfAccount(inventory, { namespace, name })
    .filter((grant) => !isForEveryAccount(grant))
    .flatMap((grant) => grant.rules.map(({ rule }) => rule));
}
/** A default binding of Kubernetes to a group: discovery, and the keys of the issuer of tokens. */
function isForEveryAccount({ binding, roleRef, subjects }: Grant): boolean {
  const isDefault = isBootstrapObject(binding) && [binding.metadata.name, roleRef.name].every(isOfKubernetes);
  return isDefault && subjects.every(({ kind, name }) => kind === "Group" && isOfKubernetes(name));
}
function isOfKubernetes(name: string): boolean {
  return name.startsWith("system:");
}

function patchForTokenVolumes(
  volumes: NonNullable<PodVariant["spec"]["volumes"]>,
  audiences: ReadonlySet<string>,
): Record<string, unknown> {
  const byHand = volumes.filter(
    (volume) =>
      !volume.name.startsWith("kube-api-access") &&
      volume.projected?.sources?.length === 1 &&
      volume.projected.sources.every(
        (s) => s.serviceAccountToken !== undefined && isApiAudience(s.serviceAccountToken.audience, audiences),
      ),
  );
  return byHand.length === 0 ? {} : { volumes: byHand.map(({ name }) => ({ name, projected: null, emptyDir: {} })) };
}
