/**
 * auth-mfa-evidence: logins that reach the CDE carry proof of multi-factor authentication.
 *
 * Reads: claim rules of every API server's imported authentication configuration; the identity provider's imported policies; the
 *   people and groups that are bound in the CDE or in the whole cluster; ways past the identity provider: files of credentials,
 *   certificates and service accounts in people's hands, the provider's open local accounts.
 * Pass: the configuration of every API server demands amr or acr of every issuer, or a policy that demands a second factor covers
 *   every bound person and group without unapproved exclusions; and no way past is open.
 * Fail: a way past is open; a policy leaves somebody out without approval, or demands nothing of bound people.
 * Unknown: neither claim rules nor policies (of the last 90 days) are imported, or they don't cover everybody, or the ways past are not known.
 * Not applicable: no CDE namespace.
 * Traps: Kubernetes never sees the second factor, only what the token claims; values of amr differ by provider; accounts that use
 *   only phishing-resistant factors need no second one (8.4.2). Management planes that change the cluster need their own policy.
 */
import { componentFlags } from "@/lib/inventory/flags";
import type { ClaimRule } from "@/lib/inventory/imported-access";
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { standsForPeople } from "@/lib/rbac/subjects";
import { activityOf } from "./activity";
import { humanCredentialSigns, SIGN_IN_DAYS } from "./human-credentials";
import { clusterResult, findUnreadable, judgeCluster, nameSome } from "./population";
import { script } from "./prelude";
import { renderManifest } from "./manifest";
import { RBAC_SECTIONS } from "./cde-rights";
import { isRecent } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { judgeStaticFiles } from "./static-credentials";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const ID = "auth-mfa-evidence";

export const authMfaEvidence: Control = {
  id: ID,
  title: "Logins that reach the CDE carry proof of multi-factor authentication",
  severity: "critical",
  requirements: [
    {
      requirement: "8.4.1",
      kind: "primary",
      rationale: "Whoever administers the cluster administers the CDE, and has to prove more than one factor for it.",
    },
    {
      requirement: "8.4.2",
      kind: "primary",
      rationale: "Access to the cluster's API is access into the CDE, for administrators and everybody else.",
    },
    {
      requirement: "8.5.1",
      kind: "primary",
      rationale: "A second factor protects only while nobody can go past it and exclusions are approved.",
    },
    {
      requirement: "8.4.3",
      kind: "supporting",
      rationale: "The same sign-in stands before remote access to the cluster from outside the network.",
    },
  ],
  judges: "cluster",
  sections: ["pods", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Imported authentication configurations and multi-factor policies, the people and groups bound in the CDE, and ways past the identity provider.",
    pass: "Every API server demands proof of a second factor of every issuer, or a policy covers every bound person and group; no way past is open.",
    fail: "A way past is open, or a policy leaves bound people out without approval.",
    unknown: "Neither claim rules nor a policy that covers everybody is imported, or the ways past are not known.",
    notApplicable: "No CDE namespace.",
    why: "The cluster sees tokens and not factors: only what tokens must claim, or the identity provider's own rules, show that a second factor was asked for.",
    cannotSee:
      "Whether the second factor is independent and resists replay, and sign-ins to management planes, cloud consoles and pipelines whose policies are not imported.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      "# on each control-plane node, or with the imported copy as authentication-config.yaml",
      "yq -o json . authentication-config.yaml | jq -c '.jwt[]|{issuer:.issuer.url,claimValidationRules}'",
    ),
    expect:
      "A rule on amr or acr for every issuer; otherwise the identity provider's policy export, which names every group that is bound in the CDE.",
    needs: ["yq"],
  }),
  remediate: (context, result) => {
    const issuers = [
      ...new Set((context.inventory.facts.authenticationConfigs ?? []).flatMap(({ issuers: urls }) => urls)),
    ];
    return {
      summary: `${result.reason.startsWith("way past") ? "Close the ways past the identity provider first. Then demand" : "Demand"} the proof in the API servers' authentication configuration (the rule below; take acr values from your provider), or a conditional-access policy for every bound group, and import it.`,
      manifest: renderManifest({
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "AuthenticationConfiguration",
        jwt: (issuers.length === 0 ? ["https://ISSUER"] : issuers).map((url) => ({
          issuer: { url, audiences: ["kubernetes"] },
          claimMappings: { username: { claim: "sub", prefix: "idp:" }, groups: { claim: "groups", prefix: "idp:" } },
          claimValidationRules: [
            {
              expression: "has(claims.amr) && claims.amr.exists(m, m in ['mfa', 'hwk', 'otp', 'fido'])",
              message: "sign in with a second factor",
            },
          ],
        })),
      }),
      apply:
        "install -m 0600 authentication.yaml /etc/kubernetes/authn/config.yaml  # on each control-plane node; keep the other fields of your configuration",
      risk: "People whose tokens lack the claim can't sign in: test with one person first. Service accounts are not concerned.",
    };
  },
};

function judge(context: EvaluationContext): Result {
  const ways = waysPast(context);
  const proof = proofOf(context);
  const evidence = [...ways.evidence, ...proof.evidence];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    evidence,
  });
  if (ways.open.length > 0) {
    return answer(
      "fail",
      `way past the second factor: ${ways.open[0]}`,
      `Whatever the identity provider asks, these ways go past it: ${ways.open.join("; ")}. ${proof.text}`,
    );
  }
  if (proof.state === "fail") return answer("fail", proof.reason, proof.text);
  if (proof.state === "unknown") return answer("unknown", proof.reason, proof.text);
  const unreadable = findUnreadable(context, RBAC_SECTIONS);
  if (unreadable !== null) return unreadable;
  if (ways.unknown.length > 0) {
    return answer(
      "unknown",
      `ways past it are not known: ${ways.unknown[0]}`,
      `${proof.text} Whether somebody can go past it isn't known: ${ways.unknown.join("; ")}.`,
    );
  }
  return answer(
    "pass",
    proof.reason,
    `${proof.text} No file of credentials, no certificate or service account in a person's hands and no local account was found.`,
  );
}

interface Proof {
  state: "proven" | "fail" | "unknown";
  reason: string;
  text: string;
  evidence: EvidencePointer[];
}

function proofOf(context: EvaluationContext): Proof {
  const claims = claimProof(context);
  if (claims?.state === "proven") return claims;
  const policies = policyProof(context);
  if (policies !== null) return policies;
  if (claims !== null) return claims;
  return {
    state: "unknown",
    reason: "neither claim rules nor a policy is imported",
    text: "Kubernetes doesn't see the second factor. It becomes known when the API servers' authentication configuration with a rule on amr or acr, or the identity provider's multi-factor policy, is imported; else a person has to attest it.",
    evidence: [],
  };
}

/** Null when no configuration is imported. */
function claimProof(context: EvaluationContext): Proof | null {
  const configs = context.inventory.facts.authenticationConfigs ?? [];
  if (configs.length === 0) return null;
  const evidence = configs.map((config, i) => ({
    ref: CLUSTER_REF,
    pointer: `/facts/authenticationConfigs/${i}`,
    found: `${config.instance}: ${config.claimRules === undefined ? "claim rules not read" : nameSome(config.claimRules.map(describeRule)) || "no claim rule"}`,
  }));
  const flags = componentFlags(context.inventory, "kube-apiserver");
  const unknown = (reason: string, text: string): Proof => ({ state: "unknown", reason, text, evidence });
  if (!flags.visible)
    return unknown(
      "which API servers use the configuration is not visible",
      `${flags.reason}. Import the identity provider's policy instead.`,
    );
  if (flags.hiddenNodes.length > 0) {
    return unknown(
      `no API server visible on ${nameSome(flags.hiddenNodes, 2)}`,
      `Control-plane nodes without a visible API server: ${nameSome(flags.hiddenNodes)}.`,
    );
  }
  const lacking = flags.instances.flatMap((instance) => {
    const file = instance.flags.get("authentication-config");
    const others = ["oidc-issuer-url", "authentication-token-webhook-config-file"].filter((name) =>
      instance.flags.has(name),
    );
    if (others.length > 0)
      return [`${instance.ref.name} also takes --${others.join(" and --")}, which has no such rule`];
    if (file === undefined) return [`${instance.ref.name} has no --authentication-config`];
    const config = configs.find(({ instance: name }) => name === instance.nodeName || name === instance.ref.name);
    if (config === undefined) return [`the configuration of ${instance.ref.name} is not imported`];
    if (config.claimRules === undefined) return [`the claim rules of ${instance.ref.name} were not read`];
    const rules = config.claimRules;
    const open = config.issuers.filter((issuer) => !rules.some((rule) => rule.issuer === issuer && demandsProof(rule)));
    if (config.issuers.length === 0) return [`${instance.ref.name} names no issuer`];
    return open.length === 0 ? [] : [`${instance.ref.name} demands no proof of ${nameSome(open)}`];
  });
  if (lacking.length > 0) {
    return unknown(
      "not every API server demands the proof of every issuer",
      `${lacking.join("; ")}. It becomes known with the identity provider's policy, or with such a rule everywhere.`,
    );
  }
  return {
    state: "proven",
    reason: "every API server demands proof of a second factor",
    text: `${nameSome(flags.instances.map(({ ref }) => ref.name))} ${flags.instances.length === 1 ? "demands" : "demand"} it of every token: ${nameSome([...new Set(configs.flatMap((c) => (c.claimRules ?? []).filter(demandsProof).map(describeRule)))])}.`,
    evidence,
  };
}

/** A rule on amr or acr that asks for a value. `claim` without a value only asks that there be one. */
function demandsProof({ claim, requiredValue, expression }: ClaimRule): boolean {
  if (claim === "acr" || claim === "amr") return requiredValue !== undefined && requiredValue !== "";
  return expression !== undefined && /\bclaims(\.|\[\s*['"])(amr|acr)\b/.test(expression);
}
function describeRule({ issuer, claim, requiredValue, expression }: ClaimRule): string {
  return `${expression ?? `${claim} = ${requiredValue ?? "(anything)"}`} (${issuer})`;
}

/** Null when no policy is imported. */
function policyProof(context: EvaluationContext): Proof | null {
  const policies = (context.inventory.facts.mfaPolicies ?? []).filter(({ origin }) => isRecent(origin, context.asOf));
  if (policies.length === 0) return null;
  const evidence = policies.map((policy, i) => ({
    ref: CLUSTER_REF,
    pointer: `/facts/mfaPolicies/${i}`,
    found: `${policy.application}: ${policy.requirement} for ${nameSome([...policy.covers.groups, ...policy.covers.users])}`,
  }));
  const people = boundPeople(context);
  const excluded = policies.flatMap((policy) =>
    policy.excludes
      .filter(({ approvedBy }) => approvedBy === undefined)
      .map(({ kind, name }) => `${policy.application} leaves out ${kind} ${name} without approval`),
  );
  const demanding = policies.filter(({ requirement }) => requirement !== "none");
  const covers = (list: typeof policies, { kind, name }: { kind: string; name: string }): boolean =>
    list.some(({ covers: { users, groups } }) => {
      const names = kind === "User" ? users : groups;
      return (
        names.includes("*") ||
        names.includes(name) ||
        users.includes("*") ||
        (kind === "User" && groups.some((g) => g !== "*" && isMember(context, g, name)))
      );
    });
  const free = people.filter((person) => !covers(demanding, person) && covers(policies, person));
  const bare = people.filter((person) => !covers(policies, person));
  const list = (found: typeof people): string => nameSome(found.map(({ kind, name }) => `${kind} ${name}`));
  if (excluded.length > 0 || free.length > 0) {
    const problems = [...excluded, ...(free.length > 0 ? [`no second factor is demanded of ${list(free)}`] : [])];
    return { state: "fail", reason: problems[0] ?? "", text: `${problems.join("; ")}.`, evidence };
  }
  if (bare.length > 0) {
    return {
      state: "unknown",
      reason: `no imported policy covers ${list(bare)}`,
      text: `${list(bare)} ${bare.length === 1 ? "is" : "are"} bound in the CDE, and no imported policy names them. Import the policy that covers them.`,
      evidence,
    };
  }
  return {
    state: "proven",
    reason: `a policy demands it of all ${people.length} bound people and groups`,
    text: `Policies of the identity provider (${nameSome([...new Set(demanding.map(({ application, requirement }) => `${application}: ${requirement}`))])}) cover ${list(people) || "everybody; nobody is bound in the CDE"}. Source: ${nameSome([...new Set(policies.map(({ origin }) => origin.name))])}.`,
    evidence,
  };
}

function isMember({ inventory }: EvaluationContext, group: string, user: string): boolean {
  return (
    inventory.facts.identityDirectory?.groups.some(({ name, members }) => name === group && members.includes(user)) ??
    false
  );
}

/** People and groups with rights in the CDE or in the whole cluster. */
function boundPeople(context: EvaluationContext): { kind: string; name: string }[] {
  const { inventory, scope } = context;
  const found = new Map<string, { kind: string; name: string }>();
  for (const grant of grantsOf(inventory)) {
    if (grant.namespace !== null && scope.categoryOf(grant.namespace) !== "cde") continue;
    if (grant.rules.length === 0) continue;
    for (const subject of grant.subjects) {
      // Everybody's defaults (discovery, self-review) come with being signed in; rbac-public-groups looks after more.
      if (
        !standsForPeople(subject) ||
        subject.name.startsWith("system:") ||
        isPlatformSubject(grant, subject, inventory.provider)
      )
        continue;
      found.set(`${subject.kind} ${subject.name}`, { kind: subject.kind, name: subject.name });
    }
  }
  return [...found.values()];
}

function waysPast(context: EvaluationContext): { open: string[]; unknown: string[]; evidence: EvidencePointer[] } {
  const open: string[] = [];
  const unknown: string[] = [];
  const evidence: EvidencePointer[] = [];
  const files = judgeStaticFiles(context, { id: "auth-no-static-credentials", severity: "critical" });
  if (files.status === "fail") {
    open.push(files.reason);
    evidence.push(...files.evidence);
  } else if (files.status === "unknown") unknown.push(`files of credentials (${files.reason})`);
  const signs = humanCredentialSigns(context, "auth-no-human-client-certs").filter(
    // A hint or a name is no credential.
    ({ approval, severity }) => approval === null && severity === "high",
  );
  for (const sign of signs) {
    open.push(`${sign.object.name}: ${sign.reason}`);
    evidence.push(...sign.evidence);
  }
  const record = context.inventory.facts.authenticationRecord;
  for (const bypass of record?.bypasses ?? []) open.push(bypass);
  for (const { name, isEnabled } of record?.sharedAccounts ?? []) if (isEnabled) open.push(`account ${name} is on`);
  if (record !== undefined) {
    evidence.push({
      ref: CLUSTER_REF,
      pointer: "/facts/authenticationRecord",
      found: `${record.service}: ${nameSome(record.bypasses) || "no way past"}`,
    });
  }
  const activity = activityOf(context);
  if (activity === null || activity.completeDays < SIGN_IN_DAYS) {
    unknown.push(`certificates and accounts in people's hands (no complete audit events of ${SIGN_IN_DAYS} days)`);
  }
  return { open, unknown, evidence };
}
