/**
 * auth-no-human-client-certs: people do not use client certificates or service account tokens.
 *
 * Reads: 30 days of activity from audit events (imported counts and logs) and sign-in samples; approved requests for client
 *   certificates; bindings of users whom a complete list of the identity provider doesn't hold; records of uses of shared
 *   accounts and the register of approved access.
 * Pass: in 30 days of complete events no person came with a certificate, no person's program used a service account, no client
 *   certificate was approved for a person's request; or each use is recorded or approved as break-glass.
 * Fail: such a use or request (high); a person's program with a service account, which is a hint, and a bound user that the
 *   identity provider doesn't know (medium).
 * Unknown: no complete events of 30 days, or signing requests could not be read.
 * Not applicable: no CDE namespace.
 * Traps: signing requests are deleted an hour after they are issued, so that none proves nothing; a certificate can't be taken
 *   back one by one; kubeadm's admin.conf is a certificate of the user kubernetes-admin; the user agent is the client's word.
 */
import { activityOf } from "./activity";
import { CLIENT_SIGNER, HUMAN_CLIENTS, humanCredentialSigns, SIGN_IN_DAYS } from "./human-credentials";
import { clusterResult, invalidResults, judgeCluster } from "./population";
import { script } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";

const ID = "auth-no-human-client-certs";

export const authNoHumanClientCerts: Control = {
  id: ID,
  title: "People do not use client certificates or service account tokens",
  severity: "high",
  requirements: [
    {
      requirement: "8.2.1",
      kind: "primary",
      rationale:
        "A certificate's name is whatever its request said; only the identity provider makes names unique to a person.",
    },
    {
      requirement: "8.3.11",
      kind: "primary",
      rationale:
        "Certificates and tokens as factors have to belong to one person and be kept from sharing, which files are not.",
    },
    {
      requirement: "8.2.5",
      kind: "primary",
      rationale: "A leaver's certificate opens the API server until it expires, because it can't be revoked.",
    },
    {
      requirement: "8.6.1",
      kind: "primary",
      rationale: "A person who works with a service account's token uses a system account interactively.",
    },
    {
      requirement: "8.4.1",
      kind: "supporting",
      rationale: "Neither a certificate nor a token asks for a second factor.",
    },
  ],
  judges: "cluster",
  sections: ["certificatesigningrequests", "clusterrolebindings", "rolebindings"],
  rule: {
    reads:
      "Imported activity and sign-ins of 30 days, signing requests, bindings of users, the identity provider's list, records of shared accounts and the list of approved access.",
    pass: "Complete events of 30 days show no person with a certificate or a service account, and no approved request of a person for a client certificate, except recorded or approved break-glass.",
    fail: "Such a use or request; a person's program with a service account or a bound user that the identity provider doesn't know is medium.",
    unknown: "No complete events of 30 days are imported, or signing requests could not be read.",
    notApplicable: "No CDE namespace.",
    why: "Certificates and tokens outlive their owner's employment, ask for no second factor and can't be revoked one by one.",
    cannotSee:
      "Certificates that nobody used in the period, and which person stands behind a name. What a program calls itself is the client's word.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => judge(context)),
  verify: () => ({
    command: script(
      `kubectl get csr -o json | jq -r '.items[]|select(.spec.signerName=="${CLIENT_SIGNER}")|[.metadata.name,(.spec.username//"?"),((.status.conditions//[])|map(.type)|join(","))]|@tsv'`,
      "# audit.log: 30 days of audit events of every API server, as JSON lines",
      `jq -r 'select((.user.username//"")!="")|select((((.user.extra//{})["authentication.kubernetes.io/credential-id"]//[])[0]//""|startswith("X509SHA256=")) and (.user.username|startswith("system:")|not) or ((.user.username|startswith("system:serviceaccount:")) and ((.userAgent//"")|test("${HUMAN_CLIENTS.source.replaceAll("\\", "\\\\")}";"i"))))|[.user.username,((.userAgent//"?")|split("/")[0])]|@tsv' audit.log | sort | uniq -c`,
    ),
    expect:
      "No request that is Approved, and no line of the log, but those of recorded break-glass and of approved pipelines.",
    needs: ["audit.log"],
  }),
  remediate: (_, result) => ({
    summary: `Give ${result.object.name} access through the identity provider, take the rights from the old name (a certificate itself can't be revoked), and limit who may approve certificates and request tokens. Certificates whose name must die at once need a new certificate authority.`,
    apply:
      "kubectl get clusterrolebindings,rolebindings -A -o json | jq -r '.items[]|select(any(.subjects[]?; .kind==\"User\"))|[.kind,.metadata.namespace,.metadata.name]|@tsv'",
    risk: "Whoever has no account at the identity provider yet is locked out when the old name loses its rights. Keep one sealed break-glass certificate.",
  }),
};

function judge(context: EvaluationContext): Result[] {
  const signs = humanCredentialSigns(context, ID);
  const invalid = invalidResults(context, ["CertificateSigningRequest"]);
  const results = signs.map((sign): Result => {
    const { object, severity, reason, detail, evidence, approval } = sign;
    const part = object.kind === "User" ? { part: reason.startsWith("bound") ? "binding" : "sign-in" } : {};
    return approval === null
      ? { status: "fail", object, ...part, severity, reason: shortReason(reason), detail, evidence }
      : {
          status: "pass",
          object,
          ...part,
          reason: shortReason(`approved: ${reason}`),
          detail: `${detail} It is accepted: ${approval}.`,
          evidence,
        };
  });
  const activity = activityOf(context);
  if (activity === null || activity.completeDays < SIGN_IN_DAYS) {
    const why =
      activity === null
        ? "no audit events are imported"
        : `the imported events are complete for ${activity.completeDays} days up to now (${activity.sources})`;
    return [
      ...results,
      ...invalid,
      {
        ...clusterResult(
          "unknown",
          `no complete audit events of ${SIGN_IN_DAYS} days`,
          `Signing requests are deleted soon after they are issued, so only audit events show how people come; ${why}. It becomes known with the activity of every API server over ${SIGN_IN_DAYS} days.`,
        ),
        evidence: activity?.evidence ?? [],
      },
    ];
  }
  if (results.some(({ status }) => status === "fail")) return [...results, ...invalid];
  const people = [...activity.users.values()].filter(({ kind }) => kind === "person").length;
  return [
    ...results,
    ...invalid,
    {
      ...clusterResult(
        "pass",
        `no certificate and no account among ${people} people`,
        `Events of ${activity.completeDays} days show ${people} people, none with a client certificate or a service account beyond what is recorded. Source: ${activity.sources}.`,
      ),
      evidence: activity.evidence,
    },
  ];
}
