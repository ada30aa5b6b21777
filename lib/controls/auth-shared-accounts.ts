/**
 * auth-shared-accounts: shared and default accounts are disabled or exceptional and traceable.
 *
 * Reads: bindings to names that installers and providers give out (kubernetes-admin, kubeadmin, admin, root, masterclient,
 *   clusterAdmin, clusterUser); activity of 90 days by them; the records of their uses; the imported list of Secrets for OpenShift's
 *   kubeadmin; the provider's records of local accounts and of the cluster's creator; the dashboard's service account.
 * Pass: none is bound, or it is approved as break-glass; every use in 90 days has a record with a named person; no default account
 *   is on.
 * Fail: one is bound without being break-glass, or used without a record; a default account is on; one user name from many
 *   addresses on a day (medium); a dashboard with every right, which is everybody's identity who opens it (critical).
 * Unknown: no complete events of 90 days (the bindings are still decided); on OpenShift without the list of Secrets, on AKS and EKS
 *   without the provider's record.
 * Not applicable: never.
 * Traps: kubeadm's kubernetes-admin is bound through a group, so that only its use shows; the creator of an EKS cluster is a hidden
 *   administrator unless that was switched off.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import { grantsOf } from "@/lib/rbac/grants";
import { isUnlimited } from "@/lib/rbac/rules";
import { describeSubject, subjectMatches } from "@/lib/rbac/subjects";
import { serviceAccountIdentity } from "@/lib/rbac/subjects";
import { type ActiveUser, activityOf, unrecordedDays } from "./activity";
import { describeApproval, findApproval } from "./approved";
import { RBAC_SECTIONS } from "./cde-rights";
import { renderManifest } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, nameSome, RBAC_KINDS } from "./population";
import { GRANTS, script } from "./prelude";
import { shortReason } from "./short-reason";
import { recentSecrets } from "./static-credentials";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

const ID = "auth-shared-accounts";
const PERIOD_DAYS = 90;
/** Names that stand for nobody in particular. */
const SHARED =
  /^(kubernetes-admin|kubernetes-super-admin|kubeadmin|kube:admin|admin|root|masterclient|clusterAdmin|clusterUser)$/;
/** More addresses than this on one day point to several people behind one name. */
const ADDRESSES_A_DAY = 5;
const DASHBOARD =
  /(^|\/)(kubernetesui\/dashboard|kubernetes-dashboard|kubernetesui\/dashboard-(api|web|auth))([:@/-]|$)/;

export const authSharedAccounts: Control = {
  id: ID,
  title: "Shared and default accounts are disabled or exceptional and traceable",
  severity: "high",
  requirements: [
    {
      requirement: "8.2.2",
      kind: "primary",
      rationale: "Shared accounts are for exceptions only, each use approved and tied to a person.",
    },
    {
      requirement: "2.2.2",
      kind: "primary",
      rationale:
        "Accounts that an installer or provider creates are default accounts, to be disabled unless they are needed.",
    },
    {
      requirement: "8.2.1",
      kind: "primary",
      rationale: "What is done under a shared name can't be tied to one person.",
    },
  ],
  judges: "subject",
  sections: [...RBAC_SECTIONS, ...WORKLOAD_SECTIONS],
  rule: {
    reads:
      "Bindings to shared names, 90 days of activity by them with the records of their uses, the list of Secrets, the provider's records, and the dashboard's rights.",
    pass: "No shared name is bound, or only approved as break-glass; every use in 90 days has a record with a named person; no default account is on.",
    fail: "A shared name is bound or used otherwise, or a default account is on; many addresses of one name on a day are medium, a dashboard with every right is critical.",
    unknown:
      "RBAC could not be read, no complete events of 90 days are imported, or the provider's record or the list of Secrets is missing where the platform has default accounts.",
    notApplicable: "Never.",
    why: "When several people use one name, the audit log shows that name and not who it was.",
    cannotSee:
      "People who share a personal account from one address, and shared accounts of management planes that are not imported.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, RBAC_SECTIONS);
    const results = [
      ...(unreadable === null ? [...boundNames(context), ...dashboards(context)] : [unreadable]),
      ...usesOf(context),
      ...defaultAccounts(context),
      ...invalidResults(context, RBAC_KINDS),
    ];
    if (results.some(({ status }) => status !== "pass")) return results;
    const activity = activityOf(context);
    return [
      ...results,
      {
        ...clusterResult(
          "pass",
          "no shared account in use",
          `No binding names a shared account that isn't approved as break-glass, and in ${activity?.completeDays ?? 0} days of events every use of one is recorded. Source: ${activity?.sources ?? ""}.`,
        ),
        evidence: activity?.evidence ?? [],
      },
    ];
  },
  verify: () => ({
    command: script(
      GRANTS,
      `grants | jq -r 'select(.subject.kind=="User" and (.subject.name|test("${SHARED.source}")))|[.binding,.role,.subject.name]|@tsv'`,
      "kubectl -n kube-system get secret kubeadmin --ignore-not-found -o name",
    ),
    expect:
      "No lines, or only names of the list of approved access for break-glass. In the audit log of 90 days each use of such a name has a record.",
    needs: [],
  }),
  remediate(context, result) {
    const risk =
      "Whoever works under the shared name is locked out until they have access of their own; keep one sealed credential for emergencies.";
    const { object } = result;
    if (result.part === "binding") {
      const grants = grantsOf(context.inventory).filter(({ subjects }) =>
        subjects.some(({ kind, name }) => kind === "User" && name === object.name),
      );
      return {
        summary: `Take ${object.name} out of the bindings that name it, and bind the people who need the rights by a group of the identity provider.`,
        manifest: renderManifest(
          ...grants.map((grant) => ({
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: grant.binding.kind,
            metadata: {
              name: grant.binding.metadata.name,
              ...(grant.namespace === null ? {} : { namespace: grant.namespace }),
            },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: grant.roleRef.kind, name: grant.roleRef.name },
            subjects: grant.subjects.filter(({ kind, name }) => kind !== "User" || name !== object.name),
          })),
        ),
        apply: "kubectl apply -f without-shared-account.yaml",
        risk,
      };
    }
    if (result.part === "dashboard") {
      return {
        summary: `Take every right from ${object.namespace}/${object.name}; let people sign in to the dashboard with their own token, or remove it.`,
        apply:
          "kubectl get clusterrolebindings -o json | jq -r '.items[]|select(.roleRef.name==\"cluster-admin\")|.metadata.name'",
        risk: "The dashboard shows nothing until people bring their own rights.",
      };
    }
    return {
      summary: `Switch off ${object.name} where it is not needed (OpenShift: delete Secret kubeadmin; AKS: az aks update --disable-local-accounts; EKS: remove the creator's access entry); else seal its credential, and write a record with a named person for each use.`,
      apply: "see the summary: the command depends on the platform",
      risk,
    };
  },
};

function userRef(name: string): ResourceRef {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "User", name };
}

function boundNames(context: EvaluationContext): Result[] {
  const found = new Map<string, { evidence: EvidencePointer[]; bindings: string[]; namespaces: (string | null)[] }>();
  for (const grant of grantsOf(context.inventory)) {
    grant.subjects.forEach((subject, index) => {
      if (subject.kind !== "User" || !SHARED.test(subject.name)) return;
      const entry = found.get(subject.name) ?? { evidence: [], bindings: [], namespaces: [] };
      entry.evidence.push({ ref: grant.bindingRef, pointer: `/subjects/${index}`, found: describeSubject(subject) });
      entry.bindings.push(
        `${grant.binding.kind} ${grant.binding.metadata.name} → ${grant.roleRef.kind} ${grant.roleRef.name}`,
      );
      entry.namespaces.push(grant.namespace);
      found.set(subject.name, entry);
    });
  }
  return [...found].map(([name, { evidence, bindings, namespaces }]): Result => {
    const answers = namespaces.map((namespace) =>
      findApproval(context, { control: ID, subject: { kind: "User", name }, namespace }),
    );
    const isBreakGlass = answers.every((answer) => answer.state === "approved" && answer.entry.isBreakGlass);
    const words = [...new Set(answers.map(describeApproval))].join("; ");
    const base = { object: userRef(name), part: "binding", evidence };
    return isBreakGlass
      ? {
          ...base,
          status: "pass",
          reason: shortReason("bound as approved break-glass"),
          detail: `${name} is bound by ${nameSome(bindings)}: ${words}.`,
        }
      : {
          ...base,
          status: "fail",
          reason: shortReason(`shared name ${name} is bound`),
          detail: `${name} stands for nobody in particular and is bound by ${nameSome(bindings)}: ${words}${answers.some(({ state }) => state === "approved") ? ", which is not for break-glass" : ""}.`,
        };
  });
}

function usesOf(context: EvaluationContext): Result[] {
  const activity = activityOf(context);
  const shared = new Set((context.inventory.facts.authenticationRecord?.sharedAccounts ?? []).map(({ name }) => name));
  const results: Result[] = [];
  for (const user of activity?.users.values() ?? []) {
    if (SHARED.test(user.username) || shared.has(user.username))
      results.push(...useOf(context, user, activity?.evidence ?? []));
    else if (user.kind === "person" && user.sourceAddresses.length > ADDRESSES_A_DAY * Math.max(1, user.days.length)) {
      results.push({
        status: "fail",
        severity: "medium",
        object: userRef(user.username),
        part: "addresses",
        reason: shortReason(`${user.sourceAddresses.length} addresses on ${user.days.length} days`),
        detail: `${user.username} came from ${user.sourceAddresses.length} addresses on ${user.days.length} ${user.days.length === 1 ? "day" : "days"} (${nameSome(user.sourceAddresses)}): a sign that several people share the name. Ask whose it is.`,
        evidence: activity?.evidence ?? [],
      });
    }
  }
  if (activity === null || activity.completeDays < PERIOD_DAYS) {
    const why =
      activity === null
        ? "no audit events are imported"
        : `the imported events are complete for ${activity.completeDays} days up to now (${activity.sources})`;
    results.push({
      ...clusterResult(
        "unknown",
        `no complete audit events of ${PERIOD_DAYS} days`,
        `Whether shared accounts were used isn't known: ${why}. It becomes known with the activity of every API server over ${PERIOD_DAYS} days.`,
      ),
      part: "uses",
      evidence: activity?.evidence ?? [],
    });
  }
  return results;
}

function useOf(context: EvaluationContext, user: ActiveUser, evidence: EvidencePointer[]): Result[] {
  const days = unrecordedDays(context, user, PERIOD_DAYS);
  const isRecent = Date.parse(context.asOf) - Date.parse(user.lastAt) <= PERIOD_DAYS * 86_400_000;
  if (!isRecent) return [];
  const base = { object: userRef(user.username), part: "uses", evidence };
  return days.length === 0
    ? [
        {
          ...base,
          status: "pass",
          reason: shortReason(`every use of ${user.username} is recorded`),
          detail: `${user.username} was used on ${nameSome(user.days)}; a record names the person each time.`,
        },
      ]
    : [
        {
          ...base,
          status: "fail",
          reason: shortReason(
            `${user.username} was used on ${days.length} ${days.length === 1 ? "day" : "days"} without a record`,
          ),
          detail: `${user.username} was used on ${nameSome(days, 10)}, and no record of that time names the person behind it. Last at ${user.lastAt}.`,
        },
      ];
}

function defaultAccounts(context: EvaluationContext): Result[] {
  const { inventory } = context;
  const { provider, facts } = inventory;
  const results: Result[] = [];
  const on = (name: string, detail: string, pointer: string): Result => ({
    status: "fail",
    object: { apiVersion: "ringfence.dev/v1", kind: "Account", name },
    reason: shortReason(`default account ${name} is on`),
    detail,
    evidence: [{ ref: CLUSTER_REF, pointer, found: name }],
  });
  const unknown = (reason: string, detail: string): Result => ({
    ...clusterResult("unknown", reason, detail),
    part: "default accounts",
  });

  const record = facts.authenticationRecord;
  for (const [i, account] of (record?.sharedAccounts ?? []).entries()) {
    if (!account.isEnabled) continue;
    results.push(
      on(
        account.name,
        `${record?.origin.name} says that ${account.name} is enabled.`,
        `/facts/authenticationRecord/sharedAccounts/${i}`,
      ),
    );
  }
  if (provider === "aks" && record?.sharedAccounts === undefined) {
    results.push(
      unknown(
        "whether local accounts are off is not known",
        "AKS has local accounts unless they are disabled. It becomes known when the provider's record of authentication is imported with sharedAccounts.",
      ),
    );
  }
  if (provider === "eks") {
    const mapping = facts.iamMapping;
    if (mapping?.creatorIsAdmin === true) {
      results.push(
        on(
          "cluster creator",
          `${mapping.origin.name} says that whoever made the cluster is its administrator, which no access entry or binding shows.`,
          "/facts/iamMapping/creatorIsAdmin",
        ),
      );
    } else if (mapping === undefined || mapping.creatorIsAdmin === null) {
      results.push(
        unknown(
          "whether the cluster's creator is a hidden administrator is not known",
          "The creator of an EKS cluster is its administrator unless bootstrapClusterCreatorAdminPermissions is false. It becomes known when the provider's mapping of identities is imported.",
        ),
      );
    }
  }
  const secrets = recentSecrets(context);
  const index =
    secrets?.secrets.findIndex(({ namespace, name }) => namespace === "kube-system" && name === "kubeadmin") ?? -1;
  if (index >= 0) {
    results.push(
      on(
        "kubeadmin",
        "Secret kubeadmin of kube-system is there, so that everybody who knows the installer's password is an administrator.",
        `/facts/secretInventory/secrets/${index}`,
      ),
    );
  } else if (provider === "openshift" && secrets === null) {
    results.push(
      unknown(
        "whether Secret kubeadmin is there is not known",
        "OpenShift's installer makes the user kubeadmin, whose password is in Secret kubeadmin of kube-system. It becomes known when the list of Secrets is imported.",
      ),
    );
  }
  return results;
}

/** Whoever opens the dashboard acts as its account, unless it asks for their own token. */
function dashboards(context: EvaluationContext): Result[] {
  const { inventory } = context;
  const seen = new Set<string>();
  return inventory.workloads.flatMap((workload) =>
    workload.variants.flatMap(({ spec }): Result[] => {
      const isDashboard =
        /^kubernetes-dashboard(-api|-web|-kong)?$/.test(workload.ref.name) ||
        spec.containers.some(({ image = "" }) => DASHBOARD.test(image));
      if (!isDashboard) return [];
      const account = { namespace: workload.namespace, name: spec.serviceAccountName ?? "default" };
      const key = `${account.namespace}/${account.name}`;
      if (seen.has(key)) return [];
      const identity = serviceAccountIdentity(account);
      const grant = grantsOf(inventory).find(
        (candidate) =>
          candidate.namespace === null &&
          candidate.rules.some(({ rule }) => isUnlimited(rule)) &&
          candidate.subjects.some((subject) => subjectMatches(subject, identity, "")),
      );
      if (grant === undefined) return [];
      seen.add(key);
      return [
        {
          status: "fail",
          severity: "critical",
          object: { apiVersion: "v1", kind: "ServiceAccount", ...account },
          part: "dashboard",
          reason: shortReason(`the dashboard's account has every right`),
          detail: `${workload.ref.kind} ${key.split("/")[0]}/${workload.ref.name} is a dashboard whose ServiceAccount ${key} has every right through ${grant.binding.kind} ${grant.binding.metadata.name}: whoever reaches the dashboard may act under that one name.`,
          evidence: [
            { ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name },
            { ref: workload.ref, pointer: "", found: refOf(grant.binding).name },
          ],
        },
      ];
    }),
  );
}
