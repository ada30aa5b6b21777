/**
 * Each CDE workload has its own service account and the default account is unused.
 *
 * Reads: spec.serviceAccountName of workloads, the label that names their application, bindings that name the accounts, and
 * whether a token is mounted. CDE namespaces.
 * Pass: the account is named, is not `default`, and is used by one workload, or by several of one application (canary and stable);
 * and the namespace's default account has no binding.
 * Fail: the default account is used, the account is shared by unrelated workloads, or the default account is bound to a role.
 * Unknown: pods were not read, an object is invalid, no scope is declared; or the answer hangs on bindings or ServiceAccounts that
 * were not read.
 * Not applicable: a workload without token whose account has no binding may use any account, because it never uses it; static
 * pods, which have none; no workload in the namespace.
 *
 * The Jobs of a CronJob have one root owner and count as one workload.
 */
import { type Inventory, refOf, type Workload } from "@/lib/inventory/inventory";
import type { RoleBinding } from "@/lib/inventory/kinds";
import { accountReach, bindingNamespaceOf, matchingSubject, serviceAccountIdentity } from "@/lib/rbac/subjects";
import { renderManifest, renderPatch } from "./manifest";
import { findUnreadable, nameSome } from "./population";
import { CDE_PODS, GRANTS, script, selectNamespaces, shellQuote } from "./prelude";
import type { Control, EvaluationContext, Remediation, Result } from "./types";
import {
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

const CATEGORIES = ["cde"] as const;
const BINDING_SECTIONS = ["rolebindings", "clusterrolebindings"] as const;
/** Labels by which people and charts name the application that a workload belongs to, the recommended one first. */
const APP_LABELS = ["app.kubernetes.io/name", "app", "k8s-app"];

export const podDedicatedServiceAccount: Control = {
  id: "pod-dedicated-service-account",
  title: "Each CDE workload has its own service account and the default account is unused",
  severity: "medium",
  requirements: [
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale:
        "Permissions can only be the least that a workload needs when its account belongs to that workload alone.",
    },
    {
      requirement: "8.6.1",
      kind: "primary",
      rationale:
        "An account that everything shares cannot be watched or withdrawn for one system when a person uses it.",
    },
    {
      requirement: "8.2.2",
      kind: "supporting",
      rationale: "An account shared by unrelated workloads is a shared identity: the log cannot tell who acted.",
    },
  ],
  judges: "workload",
  sections: [...WORKLOAD_SECTIONS, "serviceaccounts", ...BINDING_SECTIONS],
  rule: {
    reads:
      "serviceAccountName of every workload in CDE namespaces, application labels, automounting, and bindings to the accounts.",
    pass: "A named account other than default, used by one workload or one application only; no binding names the namespace's default account.",
    fail: "The default account is used, the account is shared by unrelated workloads, or the default account is bound to a role.",
    unknown:
      "Pods could not be listed, an object is invalid, the scope is not declared, or bindings or ServiceAccounts decide and were not read.",
    notApplicable:
      "Workloads that mount no token and whose account has no binding; static pods; namespaces without a workload.",
    why: "The service account is the only identity that a pod has towards the Kubernetes API.",
    cannotSee: "Identities that a workload has elsewhere, for example in a database or at a cloud provider.",
  },
  evaluate,
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      CDE_PODS,
      `cdepods | jq -rs 'group_by(.metadata.namespace+"/"+(.spec.serviceAccountName//"default"))[]|[.[0].metadata.namespace,(.[0].spec.serviceAccountName//"default"),(map((.metadata.ownerReferences//[{name:.metadata.name}])[0].name)|unique|join(","))]|@tsv'`,
      GRANTS,
      `grants | jq -r --argjson cde "$CDE" 'select(.subject.kind=="ServiceAccount" and .subject.name=="default")|select(.subject.namespace as $n|$cde|index($n))|"default account of \\(.subject.namespace) is bound by \\(.bind) \\(.binding)"'`,
    ),
    expect: "One application per account, no line with the account default, and no binding of a default account.",
    needs: [],
  }),
  remediate,
};

function evaluate(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const bindings = findUnreadable(context, BINDING_SECTIONS);
  const accounts = findUnreadable(context, ["serviceaccounts"]);
  const index = indexAccounts(inventory);
  const results = judgeWorkloads(context, CATEGORIES, (workload) =>
    judge(inventory, index, workload, bindings, accounts),
  );
  if (!scope.declared || bindings !== null) return results;
  // The default account exists in every namespace; a right of it reaches every pod that forgets to name an account.
  for (const namespace of scope.inCategory(...CATEGORIES)) {
    const bound = index.bindingsOf(namespace, "default");
    if (bound.length === 0) continue;
    results.push({
      status: "fail",
      object: { apiVersion: "v1", kind: "ServiceAccount", namespace, name: "default" },
      reason: `default account is bound by ${nameSome(
        bound.map((binding) => binding.metadata.name),
        2,
      )}`,
      detail: `ServiceAccount default of namespace ${namespace} is a subject of ${bound.map((binding) => `${binding.kind} ${binding.metadata.name} (${binding.roleRef.kind} ${binding.roleRef.name})`).join(", ")}. Every pod that names no account gets these rights.`,
      evidence: bound.map((binding) => ({
        ref: refOf(binding),
        pointer: `/subjects/${matchingSubject(binding.subjects, serviceAccountIdentity({ namespace, name: "default" }), bindingNamespaceOf(binding))}`,
        found: "default",
      })),
    });
  }
  return results;
}

function judge(
  inventory: Inventory,
  index: AccountIndex,
  workload: Workload,
  bindings: Result | null,
  accounts: Result | null,
): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const evidence = workload.variants.map((variant) =>
    specEvidence(variant, "/serviceAccountName", variant.spec.serviceAccountName),
  );
  if (workload.isStatic) {
    return {
      status: "not-applicable",
      reason: "static pod: has no service account",
      detail: `${subject} is a static pod of the kubelet, and static pods cannot have a service account.`,
      evidence,
    };
  }
  const names = accountNames(workload);
  const sharers = names.map((name) => ({ name, others: unrelatedUsers(index, workload, name) }));
  const usesDefault = names.includes("default");
  const shared = sharers.filter(({ others }) => others.length > 0);
  if (!usesDefault && shared.length === 0) {
    return {
      status: "pass",
      reason: `own service account ${nameSome(names, 2)}`,
      detail: `${subject} uses ServiceAccount ${names.join(", ")}, and no workload of another application of namespace ${workload.namespace} uses it.`,
      evidence,
    };
  }
  const words = [
    ...(usesDefault ? ["it uses the namespace's default account"] : []),
    ...shared
      .filter(({ name }) => name !== "default")
      .map(
        ({ name, others }) =>
          `ServiceAccount ${name} is also used by ${nameSome(others.map((other) => wordsOf(other.ref)))}`,
      ),
  ];
  const mounts = mountsToken(inventory, workload, accounts !== null);
  const isBound =
    bindings === null ? names.some((name) => index.bindingsOf(workload.namespace, name).length > 0) : null;
  if (mounts === false && isBound === false) {
    return {
      status: "not-applicable",
      reason: "no token and no binding: the account is not used",
      detail: `${subject}: ${words.join("; ")}, but no token is mounted and no role is bound to the account, so it gives the workload nothing.`,
      evidence,
    };
  }
  if (mounts !== true && isBound !== true) {
    const missing = bindings ?? accounts;
    return {
      status: "unknown",
      reason: missing?.reason ?? "whether the account is used is not known",
      detail: `${subject}: ${words.join("; ")}. That is harmless only without a token and without bindings. ${missing?.detail ?? ""}`,
      evidence,
    };
  }
  return {
    status: "fail",
    reason: usesDefault
      ? "uses the default service account"
      : `shares ServiceAccount ${nameSome(
          shared.map(({ name }) => name),
          2,
        )}`,
    detail: `${subject}: ${words.join("; ")}.`,
    evidence,
  };
}

/** The API fills in `default` where a template names none. */
function accountNames(workload: Workload): string[] {
  return distinct(workload.variants.map((variant) => variant.spec.serviceAccountName || "default"));
}

/** Who uses which account, and which bindings name it: walked once, because a large cluster has thousands of both. */
interface AccountIndex {
  usersOf(namespace: string, account: string): readonly Workload[];
  bindingsOf(namespace: string, account: string): readonly RoleBinding[];
}

function indexAccounts(inventory: Inventory): AccountIndex {
  const users = new Map<string, Workload[]>();
  const bindings = new Map<string, RoleBinding[]>();
  const add = <T>(index: Map<string, T[]>, key: string, item: T) => {
    const list = index.get(key);
    if (list === undefined) index.set(key, [item]);
    else if (!list.includes(item)) list.push(item);
  };
  for (const workload of inventory.workloads) {
    if (workload.isStatic) continue;
    for (const name of accountNames(workload)) add(users, `${workload.namespace}/${name}`, workload);
  }
  // Bindings that name the account itself; grants to groups that hold every account are judged by other controls.
  for (const binding of [...inventory.list("clusterrolebindings"), ...inventory.list("rolebindings")]) {
    for (const subject of binding.subjects ?? []) {
      const reach = accountReach(subject, bindingNamespaceOf(binding));
      if (reach?.kind === "one") add(bindings, `${reach.account.namespace}/${reach.account.name}`, binding);
    }
  }
  return {
    usersOf: (namespace, account) => users.get(`${namespace}/${account}`) ?? [],
    bindingsOf: (namespace, account) => bindings.get(`${namespace}/${account}`) ?? [],
  };
}

function unrelatedUsers(index: AccountIndex, workload: Workload, account: string): Workload[] {
  const app = applicationOf(workload);
  return index
    .usersOf(workload.namespace, account)
    .filter((other) => other !== workload && (app === null || applicationOf(other) !== app));
}

function applicationOf(workload: Workload): string | null {
  for (const label of APP_LABELS) {
    const value = workload.labels[label];
    if (value) return value;
  }
  return null;
}

/** Null when it depends on ServiceAccounts that were not read. */
function mountsToken(inventory: Inventory, workload: Workload, accountsUnknown: boolean): boolean | null {
  let answer: boolean | null = false;
  for (const { spec } of workload.variants) {
    const hasVolume = spec.volumes?.some((volume) =>
      volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
    );
    if (hasVolume || spec.automountServiceAccountToken === true) return true;
    if (spec.automountServiceAccountToken === false) continue;
    if (accountsUnknown) answer = null;
    else if (
      inventory.serviceAccount(workload.namespace, spec.serviceAccountName || "default")
        ?.automountServiceAccountToken !== false
    )
      return true;
  }
  return answer;
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const workload = findWorkload(context, result);
  const risk =
    "The new account has no permissions; a workload that calls the Kubernetes API needs its Role and RoleBinding first.";
  if (workload === undefined) {
    return {
      summary: `Take the default account of namespace ${result.object.namespace ?? ""} out of the bindings named, and bind the accounts of the workloads that need the rights instead.`,
      risk: "Pods that rely on the default account's rights are refused by the API from then on.",
    };
  }
  const namespace = workload.namespace;
  const name = workload.ref.name;
  const account = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
    automountServiceAccountToken: false,
  };
  const path = templatePath(workload.ref);
  const summary = `Give ${wordsOf(workload.ref)} a service account of its own and, only if it calls the Kubernetes API, a Role with just the rights that it uses.`;
  const apply = `kubectl -n ${shellQuote(namespace)} apply -f serviceaccount.yaml`;
  if (path === null) {
    return {
      summary: `${summary} Then name the account in its manifest and create it again.`,
      manifest: renderManifest(account),
      apply,
      risk,
    };
  }
  const patch = renderPatch(
    path.reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), { serviceAccountName: name }),
  );
  return {
    summary,
    manifest: renderManifest(account),
    apply: `${apply} && kubectl -n ${shellQuote(namespace)} patch ${workload.ref.kind.toLowerCase()} ${shellQuote(name)} -p ${shellQuote(patch.trimEnd())}`,
    risk,
  };
}
