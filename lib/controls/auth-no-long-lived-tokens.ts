/**
 * auth-no-long-lived-tokens: no never-expiring service account token Secrets.
 *
 * Reads: the imported list of Secrets for those of type kubernetes.io/service-account-token in CDE and connected-to namespaces
 *   and in kube-system (names, age and labels only); the register of approved access; API server flags for the notes.
 * Pass: none exists; or each is approved for its service account with an end, and its last use is known.
 * Fail: one exists otherwise. Low for one that Kubernetes has marked invalid, because nobody used it for a year.
 * Unknown: the list of Secrets is not imported or older than a week, or no scope is declared (kube-system is still judged).
 * Not applicable: never.
 * Traps: tokens that Kubernetes before 1.24 made by itself stay until somebody deletes them; the cleaner marks those that nobody
 *   used for a year and deletes them a year later; tokens of pods may live for a year too, by an API server's default.
 */
import { componentFlags, parseBooleanFlag } from "@/lib/inventory/flags";
import { SECRET_INVENTORY_COMMAND } from "@/lib/inventory/imports/secret-inventory";
import type { SecretMetadata } from "@/lib/inventory/imported-access";
import type { ResourceRef } from "@/lib/inventory/inventory";
import { describeApproval, findApproval } from "./approved";
import { clusterResult, findUndeclared, nameSome, undeclaredNamespaces } from "./population";
import { script, selectNamespaces } from "./prelude";
import { describeOrigin } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { recentSecrets } from "./static-credentials";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "./types";

const ID = "auth-no-long-lived-tokens";
const TYPE = "kubernetes.io/service-account-token";
const ACCOUNT = "kubernetes.io/service-account.name";
const LAST_USED = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";

export const authNoLongLivedTokens: Control = {
  id: ID,
  title: "No never-expiring service account token Secrets",
  severity: "medium",
  requirements: [
    {
      requirement: "8.6.3",
      kind: "primary",
      rationale: "A token without an end is a system account's password that is never changed.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "The token lies in a Secret, readable for whoever can read Secrets there.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale: "Whoever copied the token has the account's rights for ever.",
    },
  ],
  judges: "secret",
  sections: [],
  rule: {
    reads:
      "The imported list of Secrets of type service-account-token in CDE and connected-to namespaces and kube-system, and the list of approved access.",
    pass: "None exists, or each is approved for its service account with an end, and its last use is known.",
    fail: "One exists otherwise (low for one that Kubernetes has marked invalid).",
    unknown: "The list of Secrets is not imported or older than a week, or no scope is declared.",
    notApplicable: "Never.",
    why: "Bound tokens end by themselves and with their pod; these work from anywhere until somebody deletes the Secret.",
    cannotSee:
      "Copies of tokens outside the cluster, and tokens that were asked for with a long life (see the API server's --service-account-max-token-expiration).",
  },
  evaluate(context) {
    const list = recentSecrets(context);
    if (list === null) {
      const stale = context.inventory.facts.secretInventory;
      return [
        clusterResult(
          "unknown",
          stale === undefined ? "the list of Secrets is not imported" : "the list of Secrets is too old",
          `The agent can't read Secrets. It becomes known when the list of Secrets (names, types and labels, without data) is imported${stale === undefined ? "" : ` again: the last one is from ${stale.origin.collectedAt}`}.`,
        ),
      ];
    }
    const undeclared = findUndeclared(context);
    const judged = new Set([
      ...(undeclared === null ? context.scope.inCategory("cde", "connected-to") : []),
      "kube-system",
    ]);
    const tokens = list.secrets.flatMap((secret, index) =>
      secret.type === TYPE && judged.has(secret.namespace) ? [{ secret, index }] : [],
    );
    const results = [
      ...tokens.map(({ secret, index }) => judge(context, secret, index)),
      ...(undeclared === null ? undeclaredNamespaces(context) : [undeclared]),
    ];
    if (results.length > 0) return results;
    return [
      {
        ...clusterResult(
          "pass",
          "no token without an end",
          `Of ${list.secrets.length} Secrets none in ${nameSome([...judged])} holds a service account token. ${describeOrigin(list.origin)}${noteOf(context)}`,
        ),
        evidence: [{ ref: CLUSTER_REF, pointer: "/facts/secretInventory", found: `${list.secrets.length} Secrets` }],
      },
    ];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, ["cde", "connected-to"]),
      "# secrets.json holds no data of Secrets; whoever may list them makes it with:",
      `# ${SECRET_INVENTORY_COMMAND} > secrets.json`,
      `jq -r --argjson cde "$CDE" '.secrets[]|select(.type=="${TYPE}")|select(.namespace=="kube-system" or (.namespace as $n|$cde|index($n)))|[.namespace,.name,(.annotations["${ACCOUNT}"]//"?"),.createdAt,"last used "+(.labels["${LAST_USED}"]//"?")]|@tsv' secrets.json`,
    ),
    expect: "No lines, or only tokens whose service account the list of approved access names with an end.",
    needs: ["secrets.json"],
  }),
  remediate(_, result) {
    const { namespace = "", name } = result.object;
    return {
      summary: `Let whoever uses ${namespace}/${name} take bound tokens instead (a projected volume in the cluster, kubectl create token or the identity provider outside), wait until its last use no longer moves, then delete the Secret.`,
      apply: `kubectl -n ${namespace} get secret ${name} -L ${LAST_USED} && kubectl -n ${namespace} delete secret ${name}`,
      risk: "Whatever still uses the token loses access at once. A label kubernetes.io/legacy-token-last-used of today says that somebody does.",
    };
  },
};

function judge(context: EvaluationContext, secret: SecretMetadata, index: number): Result {
  const account = secret.annotations?.[ACCOUNT];
  const lastUsed = secret.labels?.[LAST_USED];
  const invalidSince = secret.labels?.[INVALID_SINCE];
  const object: ResourceRef = { apiVersion: "v1", kind: "Secret", namespace: secret.namespace, name: secret.name };
  const evidence = [
    {
      ref: CLUSTER_REF,
      pointer: `/facts/secretInventory/secrets/${index}`,
      found: `created ${secret.createdAt}, last used ${lastUsed ?? "not recorded"}`,
    },
  ];
  const whose =
    account === undefined || account === ""
      ? "an account that isn't named"
      : `ServiceAccount ${secret.namespace}/${account}`;
  const about = `Secret ${secret.namespace}/${secret.name} holds a token of ${whose} that never expires, made at ${secret.createdAt}, last used ${lastUsed ?? "at a time that isn't recorded"}.`;
  const answer =
    account === undefined || account === ""
      ? ({ state: "none" } as const)
      : findApproval(context, {
          control: ID,
          subject: { kind: "ServiceAccount", namespace: secret.namespace, name: account },
          namespace: secret.namespace,
        });
  if (answer.state === "approved") {
    const lacks = [
      ...(answer.entry.expiresAt === undefined ? ["an end"] : []),
      ...(lastUsed === undefined ? ["a recorded last use"] : []),
    ];
    if (lacks.length === 0) {
      return {
        status: "pass",
        object,
        reason: shortReason(`approved until ${answer.entry.expiresAt}, last used ${lastUsed}`),
        detail: `${about} It is ${describeApproval(answer)}.`,
        evidence: [answer.evidence, ...evidence],
      };
    }
    return {
      status: "fail",
      object,
      reason: shortReason(`approved without ${lacks.join(" and ")}`),
      detail: `${about} It is ${describeApproval(answer)}, but the approval counts only with an end and a known last use; ${lacks.join(" and ")} is missing.`,
      evidence: [answer.evidence, ...evidence],
    };
  }
  return {
    status: "fail",
    object,
    ...(invalidSince === undefined ? {} : { severity: "low" as const }),
    reason: shortReason(
      invalidSince === undefined
        ? `token of ${account ?? "an account"} without an end, last used ${lastUsed ?? "?"}`
        : `token marked invalid since ${invalidSince}, still there`,
    ),
    detail: `${about}${invalidSince === undefined ? "" : ` Kubernetes has marked it invalid since ${invalidSince}; whoever may change labels can bring it back.`} ${answer.state === "none" ? "It is not on the list of approved access." : `For the list of approved access: ${describeApproval(answer)}.`}${noteOf(context)}`,
    evidence,
  };
}

/** Bound tokens of pods get a year instead of an hour unless an API server is told otherwise. */
function noteOf({ inventory }: EvaluationContext): string {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) return "";
  const extended = flags.instances.filter((instance) => {
    const setting = instance.flags.get("service-account-extend-token-expiration");
    return setting === undefined || parseBooleanFlag(setting.value) === true;
  });
  return extended.length === 0
    ? ""
    : ` Note: bound tokens of pods are given for a year on ${nameSome(extended.map(({ ref }) => ref.name))}, unless --service-account-extend-token-expiration is false.`;
}
