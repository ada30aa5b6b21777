/**
 * rbac-unused-access: unused, dangling and inactive access is removed.
 *
 * Reads: bindings that have effect in CDE or connected-to namespaces or in the whole cluster; roles and service accounts that they
 *   name; activity of 90 days; the identity provider's users and groups; the register of approved access.
 * Pass: every bound person, and every enabled member of a bound group, was active within 90 days; no binding names a role or
 *   service account that is missing; sensitive rights were used, or their approval is on record.
 * Fail: a person inactive for 90 days; one whose account at the identity provider is disabled and who is still bound; a dangling
 *   binding; a sensitive right that nobody used in 90 days (low).
 * Unknown: RBAC could not be read, no scope is declared, there are no complete events of 90 days (dangling bindings are still
 *   decided), the members of a group are not supplied, or (in manifests) a named role or account is not among the files.
 * Not applicable: no CDE or connected-to namespace.
 * Left out: approved break-glass, which is meant to be unused; Kubernetes' default bindings, which name accounts of controllers
 *   that may not run.
 * Traps: activity is by user name, so a group is judged by its members; whoever may create the missing role gives its rights to
 *   everybody whom the dangling binding names.
 */
import type { Subject } from "@/lib/inventory/kinds";
import { POWERS } from "@/lib/rbac/escalation";
import { type Grant, grantsOf } from "@/lib/rbac/grants";
import { isBootstrapObject } from "@/lib/rbac/bootstrap-roles";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { type Right, rightOfRule } from "@/lib/rbac/rights";
import { isApprovedAt } from "@/lib/inventory/registers";
import { accountReach, describeSubject } from "@/lib/rbac/subjects";
import { type Activity, type ActiveUser, activityOf } from "./activity";
import { describeApproval, findApproval } from "./approved";
import { RBAC_SECTIONS } from "./cde-rights";
import { type ManifestObject, renderManifest } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome, RBAC_KINDS } from "./population";
import { GRANTS, script } from "./prelude";
import { shortReason } from "./short-reason";
import { bindingEvidence, type SubjectInScope, subjectsInScope } from "./subjects-in-scope";
import { daysBetween } from "./support-calendar";
import type { Control, EvaluationContext, Result } from "./types";

const ID = "rbac-unused-access";
const PERIOD_DAYS = 90;

/** What a right is called in a result, and any of which shows that it was used. */
const SENSITIVE: readonly { text: string; rights: readonly Right[] }[] = [
  { text: "read Secrets", rights: [{ group: "", resource: "secrets", verbs: ["get", "list", "watch"] }] },
  {
    text: "enter pods",
    rights: ["exec", "attach", "portforward"].map((subresource) => ({
      group: "",
      resource: "pods",
      subresource,
      verbs: ["get", "create"],
    })),
  },
  ...POWERS.filter(({ grade }) => grade === "full").map(({ id, needs }) => ({
    text: id.replaceAll("-", " "),
    rights: needs[0] ?? [],
  })),
];

export const rbacUnusedAccess: Control = {
  id: ID,
  title: "Unused, dangling and inactive access is removed",
  severity: "medium",
  requirements: [
    {
      requirement: "8.2.6",
      kind: "primary",
      rationale: "Accounts that nobody used in 90 days are to be removed or disabled; events show which those are.",
    },
    {
      requirement: "7.2.4",
      kind: "primary",
      rationale: "Reviews are to remove what is no longer appropriate, which unused rights and dangling bindings are.",
    },
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "Rights that a subject never uses are more than its work needs.",
    },
    {
      requirement: "8.2.5",
      kind: "supporting",
      rationale: "A leaver who is still bound has access that was not revoked.",
    },
    {
      requirement: "8.2.7",
      kind: "supporting",
      rationale: "Accounts of third parties that stay bound between their visits show up as inactive.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS, "serviceaccounts"],
  rule: {
    reads:
      "Bindings with effect in CDE or connected-to namespaces or cluster-wide, what they name, 90 days of activity, and the identity provider's users and groups.",
    pass: "Every bound person and enabled group member was active within 90 days, no binding dangles, and sensitive rights were used or are approved.",
    fail: "A bound person was inactive for 90 days or has a disabled account, a binding names a missing role or account, or a sensitive right was never used (low).",
    unknown:
      "No complete events of 90 days are imported (dangling bindings are still decided), a group's members are not supplied, or RBAC could not be read.",
    notApplicable: "The cluster has no CDE or connected-to namespace.",
    why: "Access that nobody uses is access that nobody misses when it is taken, and nobody notices when it is abused.",
    cannotSee: "Rights that are used once a year, and activity outside the cluster's API.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, ["namespaces", ...RBAC_SECTIONS]);
    return judgeCluster(context, ["cde", "connected-to"], () => {
      if (unreadable !== null) return [unreadable];
      const dangling = danglingOf(context);
      const activity = activityOf(context);
      const isComplete = activity !== null && activity.completeDays >= PERIOD_DAYS;
      const people = subjectsInScope(context).filter(
        ({ isPerson, subject }) => isPerson && !subject.name.startsWith("system:"),
      );
      const judged = people.flatMap((entry) => judgePerson(context, entry, isComplete ? activity : null));
      const results = [...dangling, ...judged, ...invalidResults(context, RBAC_KINDS)];
      if (!isComplete) {
        const why =
          activity === null
            ? "no audit events are imported"
            : `the imported events are complete for ${activity.completeDays} days up to now (${activity.sources})`;
        results.push({
          ...clusterResult(
            "unknown",
            `no complete audit events of ${PERIOD_DAYS} days`,
            `Who was active isn't known: ${why}. It becomes known with the activity of every API server over ${PERIOD_DAYS} days.`,
          ),
          part: "activity",
          evidence: activity?.evidence ?? [],
        });
      }
      if (results.length > 0) return results;
      return [
        {
          ...clusterResult(
            "pass",
            "no dangling binding, nobody inactive",
            `No binding in scope names a missing role or account, and no person is bound there by name or group. Source: ${activity?.sources ?? ""}.`,
          ),
          evidence: activity?.evidence ?? [],
        },
      ];
    });
  },
  verify: () => ({
    command: script(
      GRANTS,
      "grants | jq -r 'select(.missingRole)|[.bind,.ns,.binding,.role]|@tsv'",
      `SA=$(kubectl get serviceaccounts -A -o json | jq -c '[.items[]|"\\(.metadata.namespace)/\\(.metadata.name)"]')`,
      `grants | jq -r --argjson sa "$SA" 'select(.subject.kind=="ServiceAccount" and (.binding|startswith("system:")|not))|select("\\(.subject.namespace//.ns)/\\(.subject.name)" as $n|$sa|index($n)|not)|[.bind,.ns,.binding,"no account",(.subject.namespace//.ns)+"/"+.subject.name]|@tsv'`,
      "# audit.log: 90 days of audit events of every API server, as JSON lines",
      `jq -r 'select((.user.username//"system:")|startswith("system:")|not)|[.user.username,(.requestReceivedTimestamp//"")]|@tsv' audit.log | sort | awk -F'\\t' '{l[$1]=$2} END{for(u in l)print u"\\t"l[u]}'`,
    ),
    expect:
      "No line of the first two commands; and in the last each person who is bound, with a time of the last 90 days.",
    needs: ["audit.log"],
  }),
  remediate(context, result) {
    const { object } = result;
    const grants = grantsOf(context.inventory);
    if (result.part === "dangling") {
      const grant = grants.find(
        ({ bindingRef }) =>
          bindingRef.kind === object.kind &&
          bindingRef.name === object.name &&
          bindingRef.namespace === object.namespace,
      );
      const summary = `Delete what ${object.kind} ${object.name} says about something that isn't there.`;
      const risk =
        "If the role or account is about to come back (a restore, a rollout), its binding has to come back with it.";
      const kept =
        grant === undefined || grant.roleState === "missing"
          ? []
          : grant.subjects.filter((s) => !isMissing(context, grant, s));
      if (grant === undefined || kept.length === 0) {
        return {
          summary,
          apply: `kubectl delete ${object.kind.toLowerCase()} ${object.name}${object.namespace === undefined ? "" : ` -n ${object.namespace}`}`,
          risk,
        };
      }
      return {
        summary,
        manifest: renderManifest(bindingWith(grant, kept)),
        apply: "kubectl apply -f binding.yaml",
        risk,
      };
    }
    const risk = "Somebody who comes back needs the access again; give it by a group of the identity provider.";
    if (result.part === "rights") {
      return {
        summary: `Take the rights that ${object.name} never used out of its role, or have them approved and enter them in the list of approved access.`,
        risk,
      };
    }
    if (object.kind !== "User") {
      return {
        summary: `Take the members that are named out of ${object.kind} ${object.name} at the identity provider.`,
        risk,
      };
    }
    const bound = grants.filter(({ subjects }) =>
      subjects.some(({ kind, name }) => kind === "User" && name === object.name),
    );
    return {
      summary: `Take ${object.name} out of the bindings that name it.`,
      manifest: renderManifest(
        ...bound.map((grant) =>
          bindingWith(
            grant,
            grant.subjects.filter(({ kind, name }) => kind !== "User" || name !== object.name),
          ),
        ),
      ),
      apply: "kubectl apply -f without-inactive.yaml",
      risk,
    };
  },
};

function bindingWith({ binding, namespace }: Grant, subjects: readonly Subject[]): ManifestObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: binding.kind,
    metadata: { name: binding.metadata.name, ...(namespace === null ? {} : { namespace }) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: binding.roleRef.kind, name: binding.roleRef.name },
    subjects,
  };
}

/** Bindings in scope to a role or to service accounts that don't exist. */
function danglingOf(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const isManifest = inventory.snapshot.source === "manifests";
  return grantsOf(inventory).flatMap((grant): Result[] => {
    const category = grant.namespace === null ? "cde" : scope.categoryOf(grant.namespace);
    if (category !== "cde" && category !== "connected-to") return [];
    if (isBootstrapObject(grant.binding) && grant.binding.metadata.name.startsWith("system:")) return [];
    if (
      grant.subjects.every((subject) => isPlatformSubject(grant, subject, inventory.provider)) &&
      grant.subjects.length > 0
    )
      return [];
    const base = { object: grant.bindingRef, part: "dangling" };
    const where = `${grant.binding.kind} ${grant.binding.metadata.name}`;
    if (grant.roleState === "missing") {
      const role = `${grant.roleRef.kind} ${grant.roleRef.name}`;
      const evidence = [{ ref: grant.bindingRef, pointer: "/roleRef", found: role }];
      return [
        isManifest
          ? {
              ...base,
              status: "unknown",
              reason: shortReason(`${role} is not among the files`),
              detail: `${where} names ${role}, which is not among the files; whether it exists where they are applied isn't known. Add the role.`,
              evidence,
            }
          : {
              ...base,
              status: "fail",
              reason: shortReason(`${role} does not exist`),
              detail: `${where} names ${role}, which does not exist. Whoever creates a role of that name gives its rights to ${nameSome(grant.subjects.map((s) => describeSubject(s, grant.namespace ?? ""))) || "nobody yet"}.`,
              evidence,
            },
      ];
    }
    if (isManifest || !inventory.readable("serviceaccounts").known) return [];
    const missing = grant.subjects.filter((subject) => isMissing(context, grant, subject));
    if (missing.length === 0) return [];
    const names = nameSome(missing.map((s) => describeSubject(s, grant.namespace ?? "")));
    return [
      {
        ...base,
        status: "fail",
        reason: shortReason(`${names} ${missing.length === 1 ? "does" : "do"} not exist`),
        detail: `${where} gives ${grant.roleRef.kind} ${grant.roleRef.name} to ${names}, which ${missing.length === 1 ? "does" : "do"} not exist. Whoever creates an account of that name takes the rights.`,
        evidence: missing.map((subject) => ({
          ref: grant.bindingRef,
          pointer: `/subjects/${grant.subjects.indexOf(subject)}`,
          found: describeSubject(subject, grant.namespace ?? ""),
        })),
      },
    ];
  });
}

function isMissing({ inventory }: EvaluationContext, grant: Grant, subject: Subject): boolean {
  const reach = accountReach(subject, grant.namespace ?? "");
  if (reach?.kind !== "one") return false;
  return inventory.serviceAccount(reach.account.namespace, reach.account.name) === undefined;
}

/** `activity` is null while events aren't complete: then only what the identity provider says is decided. */
function judgePerson(context: EvaluationContext, entry: SubjectInScope, activity: Activity | null): Result[] {
  const { ref, subject, text } = entry;
  const directory = context.inventory.facts.identityDirectory;
  const evidence = [...bindingEvidence(entry), ...(activity?.evidence ?? [])];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail,
    evidence,
  });
  const breakGlass = (context.registers?.approvedAccess ?? []).find(
    (approved) =>
      approved.isBreakGlass &&
      approved.subject.kind === subject.kind &&
      approved.subject.name === subject.name &&
      isApprovedAt(approved, context.asOf),
  );
  if (breakGlass !== undefined) {
    return [
      answer(
        "pass",
        "break-glass, meant to be unused",
        `${text} is break-glass, approved by ${breakGlass.approvedBy} at ${breakGlass.approvedAt}; that it is unused is how it should be.`,
      ),
    ];
  }
  if (subject.kind === "User") {
    const known = directory?.users.find(({ name }) => name === subject.name);
    if (known?.isEnabled === false) {
      return [
        answer(
          "fail",
          "account disabled, still bound",
          `The identity provider has disabled ${subject.name} (${directory?.origin.name}), and bindings still name it.`,
        ),
      ];
    }
    if (activity === null) return [];
    const user = activity.users.get(subject.name);
    const idle = idleDays(context, user);
    if (idle !== null && idle <= PERIOD_DAYS) {
      return [
        answer("pass", `active ${idle} days ago`, `${text} was last active at ${user?.lastAt}.`),
        ...unusedRights(context, entry, user === undefined ? [] : [user]),
      ];
    }
    return [
      answer(
        "fail",
        idle === null ? `no activity in ${activity.completeDays} days` : `inactive for ${idle} days`,
        `${text} ${user === undefined ? `does not appear in ${activity.completeDays} days of events` : `was last active at ${user.lastAt}`}. Source: ${activity.sources}.`,
      ),
    ];
  }
  const group = directory?.groups.find(({ name }) => name === subject.name);
  if (group === undefined) {
    return [
      answer(
        "unknown",
        "the group's members are not supplied",
        `Events show users, not groups: who is in ${text} is known to the identity provider. It becomes known when its users and groups are imported.`,
      ),
    ];
  }
  if (activity === null) return [];
  const enabled = group.members.filter(
    (name) => directory?.users.find((user) => user.name === name)?.isEnabled !== false,
  );
  const inactive = enabled.filter((name) => {
    const idle = idleDays(context, activity.users.get(name));
    return idle === null || idle > PERIOD_DAYS;
  });
  if (inactive.length > 0) {
    return [
      answer(
        "fail",
        `${inactive.length} of ${enabled.length} members inactive: ${inactive[0]}`,
        `Of the ${enabled.length} enabled members of ${text}, ${nameSome(inactive, 10)} ${inactive.length === 1 ? "was" : "were"} not active within ${PERIOD_DAYS} days. Source: ${activity.sources}.`,
      ),
    ];
  }
  const users = enabled.flatMap((name) => activity.users.get(name) ?? []);
  return [
    answer(
      "pass",
      enabled.length === 0 ? "the group has no enabled member" : `all ${enabled.length} members were active`,
      `Enabled members of ${text}: ${nameSome(enabled) || "none"}; each was active within ${PERIOD_DAYS} days.`,
    ),
    ...(users.length === 0 ? [] : unusedRights(context, entry, users)),
  ];
}

function idleDays({ asOf }: EvaluationContext, user: ActiveUser | undefined): number | null {
  return user === undefined ? null : Math.max(0, daysBetween(user.lastAt, asOf));
}

/** Sensitive rights that none of the users made a request of. Nothing is said where requests weren't counted. */
function unusedRights(context: EvaluationContext, entry: SubjectInScope, users: readonly ActiveUser[]): Result[] {
  if (users.some(({ uses }) => uses.length === 0)) return [];
  const unused = SENSITIVE.filter(({ rights }) => {
    const isHeld = entry.grants.some(({ grant }) =>
      rights.some(
        (right) =>
          (grant.namespace === null || right.isClusterScoped !== true) &&
          grant.rules.some(({ rule }) => rightOfRule(rule, right) !== null),
      ),
    );
    return isHeld && !users.some(({ uses }) => uses.some((use) => rights.some((right) => isUseOf(use, right))));
  });
  if (unused.length === 0) return [];
  const { subject, text } = entry;
  const answers = entry.grants.map(({ grant }) =>
    findApproval(context, { control: ID, subject, namespace: grant.namespace }),
  );
  const isApproved = answers.every(({ state }) => state === "approved");
  const names = nameSome(
    unused.map(({ text: what }) => what),
    20,
  );
  return [
    {
      status: isApproved ? "pass" : "fail",
      object: entry.ref,
      part: "rights",
      ...(isApproved ? {} : { severity: "low" as const }),
      reason: shortReason(isApproved ? "unused rights are approved" : `never used: ${names}`),
      detail: `${text} holds rights that nobody used in ${PERIOD_DAYS} days: ${names}${isApproved ? `; ${[...new Set(answers.map(describeApproval))].join("; ")}` : ""}.`,
      evidence: bindingEvidence(entry),
    },
  ];
}

function isUseOf(use: ActiveUser["uses"][number], { group, resource, subresource, verbs }: Right): boolean {
  const [base = use.resource, sub] = use.resource.split("/");
  return (
    use.apiGroup === group &&
    base === resource &&
    (subresource === "*" ? sub !== undefined : sub === subresource) &&
    verbs.includes(use.verb)
  );
}
