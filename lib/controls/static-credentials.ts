/**
 * Credentials that the API server takes from files and bootstrap tokens: what auth-no-static-credentials judges, and what is a way
 * past the second factor for auth-mfa-evidence.
 */
import { componentFlags, parseBooleanFlag } from "@/lib/inventory/flags";
import type { SecretInventory, SecretMetadata } from "@/lib/inventory/imported-access";
import { flagEvidence, judgeComponent } from "./control-plane";
import { clusterResult, nameSome } from "./population";
import { describeOrigin, isRecent } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer, type Result, type Severity } from "./types";

export const STATIC_FILE_FLAGS = ["token-auth-file", "basic-auth-file"] as const;
export const BOOTSTRAP_FLAG = "enable-bootstrap-token-auth";
export const BOOTSTRAP_TYPE = "bootstrap.kubernetes.io/token";
/** A list of Secrets older than this says nothing about today. */
export const SECRET_LIST_MAX_AGE_DAYS = 7;
const DAY_MS = 86_400_000;

/** Whether an API server takes tokens or passwords from a file. */
export function judgeStaticFiles(context: EvaluationContext, control: { id: string; severity: Severity }): Result {
  return judgeComponent(
    context,
    control,
    "kube-apiserver",
    (instance) => ({
      problems: STATIC_FILE_FLAGS.filter((name) => {
        const setting = instance.flags.get(name);
        return setting !== undefined && setting.value !== "";
      }).map((name) => ({
        status: "fail" as const,
        words: `--${name} names a file of credentials`,
        evidence: flagEvidence(instance, name),
      })),
      evidence: [{ ref: instance.ref, pointer: `${instance.pointer}/command` }],
    }),
    { part: "static files", passes: "no file of tokens or passwords" },
  );
}

/** Whether bootstrap tokens that can sign in are short-lived. */
export function judgeBootstrapTokens(context: EvaluationContext): Result {
  const flags = componentFlags(context.inventory, "kube-apiserver");
  const list = recentSecrets(context);
  const tokens = list?.secrets.filter(({ type }) => type === BOOTSTRAP_TYPE) ?? [];
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    part: "bootstrap tokens",
    evidence,
  });
  // Off unless it is set; kubeadm sets it.
  const isOff =
    flags.visible &&
    flags.hiddenNodes.length === 0 &&
    flags.instances.every((instance) => {
      const setting = instance.flags.get(BOOTSTRAP_FLAG);
      return setting === undefined || parseBooleanFlag(setting.value) === false;
    });
  if (isOff) {
    const left =
      tokens.length === 0 ? "" : ` ${tokens.length} are left in kube-system and have no effect; delete them.`;
    return answer(
      "pass",
      "bootstrap tokens can't sign in",
      `No API server has --${BOOTSTRAP_FLAG}.${left}`,
      flags.instances.map((instance) => flagEvidence(instance, BOOTSTRAP_FLAG)),
    );
  }
  if (list === null) {
    const stale = context.inventory.facts.secretInventory;
    return answer(
      "unknown",
      stale === undefined ? "the list of Secrets is not imported" : "the list of Secrets is too old",
      `Bootstrap tokens are Secrets, which the agent can't read. It becomes known when the list of Secrets (names and expiry, without data) is imported${stale === undefined ? "" : ` again: the last one is from ${stale.origin.collectedAt}`}.`,
      [],
    );
  }
  const evidence = tokens.map((token) => ({
    ref: CLUSTER_REF,
    pointer: `/facts/secretInventory/secrets/${list.secrets.indexOf(token)}`,
    found: `${token.name} expires ${token.tokenExpiresAt ?? "never"}`,
  }));
  const problems = tokens.flatMap((token) => tokenProblem(token, context.asOf) ?? []);
  if (problems.length > 0) {
    return {
      ...answer(
        "fail",
        `${problems.length} bootstrap ${problems.length === 1 ? "token" : "tokens"}: ${problems[0]?.words ?? ""}`,
        `${nameSome(problems.map(({ token, words }) => `${token.name} ${words}`))}. ${describeOrigin(list.origin)}`,
        evidence,
      ),
      ...(problems.some(({ grade }) => grade === "critical") ? {} : { severity: "medium" as const }),
    };
  }
  return answer(
    "pass",
    tokens.length === 0 ? "no bootstrap token" : `${tokens.length} bootstrap tokens, gone within 24 hours`,
    `${tokens.length === 0 ? "The cluster holds no bootstrap token." : `${nameSome(tokens.map(({ name }) => name))} expire within 24 hours.`} ${describeOrigin(list.origin)}`,
    evidence.length > 0
      ? evidence
      : [{ ref: CLUSTER_REF, pointer: "/facts/secretInventory", found: `${list.secrets.length} Secrets` }],
  );
}

/** The imported list of Secrets, while it is recent; null otherwise. */
export function recentSecrets({ inventory, asOf }: EvaluationContext): SecretInventory | null {
  const list = inventory.facts.secretInventory;
  return list !== undefined && isRecent(list.origin, asOf, SECRET_LIST_MAX_AGE_DAYS) ? list : null;
}

function tokenProblem(
  token: SecretMetadata,
  asOf: string,
): { token: SecretMetadata; words: string; grade: Severity } | null {
  const { tokenExpiresAt } = token;
  if (tokenExpiresAt === undefined || tokenExpiresAt === null || tokenExpiresAt === "") {
    return { token, words: "never expires", grade: "critical" };
  }
  const end = Date.parse(tokenExpiresAt);
  // Kubernetes takes a token whose expiration can't be read for an expired one, and leaves it where it is.
  if (Number.isNaN(end)) return { token, words: "has an expiration that is no time", grade: "medium" };
  const left = end - Date.parse(asOf);
  if (left < 0) return { token, words: `expired at ${tokenExpiresAt} and is still there`, grade: "medium" };
  if (left > DAY_MS)
    return { token, words: `lives for ${daysBetween(asOf, tokenExpiresAt)} more days`, grade: "medium" };
  return null;
}
