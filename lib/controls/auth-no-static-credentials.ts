/**
 * auth-no-static-credentials: static token, password and stale bootstrap token authentication are off.
 *
 * Reads: the API servers' flags --token-auth-file, --basic-auth-file and --enable-bootstrap-token-auth; the imported list of
 *   Secrets for those of type bootstrap.kubernetes.io/token (names and expiry only).
 * Pass: no API server has a file of credentials; bootstrap tokens can't sign in, or there is none, or each is gone within 24 hours.
 * Fail: a file of tokens or passwords; a bootstrap token without expiration (critical), with more than 24 hours left, or expired
 *   and not cleaned up (medium).
 * Unknown: the flags are not visible (the tokens are still decided), or the list of Secrets is not imported or older than a week.
 * Not applicable: no CDE namespace; for the files, where the provider answers by the responsibility matrix.
 * Traps: a token without `expiration` never expires; --enable-bootstrap-token-auth is off unless it is set.
 */
import { judgeCluster } from "./population";
import { FLAGS, script } from "./prelude";
import { BOOTSTRAP_TYPE, judgeBootstrapTokens, judgeStaticFiles } from "./static-credentials";
import type { Control } from "./types";

export const authNoStaticCredentials: Control = {
  id: "auth-no-static-credentials",
  title: "Static token, password and stale bootstrap token authentication are off",
  severity: "critical",
  requirements: [
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale:
        "A file of tokens or passwords on a host holds authentication factors readable by whoever reads the file.",
    },
    {
      requirement: "8.6.3",
      kind: "primary",
      rationale:
        "Credentials that nobody can change without a restart, or that never expire, aren't changed periodically.",
    },
    {
      requirement: "8.2.1",
      kind: "primary",
      rationale: "A token in a file is shared by whoever knows it, and stands for no one person.",
    },
    {
      requirement: "8.6.1",
      kind: "supporting",
      rationale: "Static credentials let people sign in as system accounts without a trace of who it was.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "API server flags for files of tokens and passwords and for bootstrap tokens, and the imported list of Secrets.",
    pass: "No file of credentials; bootstrap tokens are off, absent, or gone within 24 hours.",
    fail: "A file of tokens or passwords, or a bootstrap token that never expires (critical), lives longer than 24 hours or has expired and is still there (medium).",
    unknown: "The flags are not visible, or the list of Secrets is not imported or older than a week.",
    notApplicable: "No CDE namespace; for the files, where the provider answers by the responsibility matrix.",
    why: "Such credentials go past the identity provider, can't be tied to a person, and live until somebody remembers them.",
    cannotSee: "What is in the files, and tokens that a webhook authenticator accepts.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => [
      judgeStaticFiles(context, { id: "auth-no-static-credentials", severity: "critical" }),
      judgeBootstrapTokens(context),
    ]),
  verify: () => ({
    command: script(
      FLAGS,
      "flags kube-apiserver | grep -E -- '--(token-auth-file|basic-auth-file|enable-bootstrap-token-auth)' || echo 'not visible or not set'",
      `kubectl -n kube-system get secrets --field-selector type=${BOOTSTRAP_TYPE} -o json | jq -r '.items[]|[.metadata.name,((.data.expiration//"")|if .=="" then "NEVER" else @base64d end)]|@tsv'`,
    ),
    expect:
      "No --token-auth-file and no --basic-auth-file; every token listed ends within 24 hours, or --enable-bootstrap-token-auth is not set on any API server.",
    needs: [],
  }),
  remediate: (_, result) =>
    result.part === "bootstrap tokens"
      ? {
          summary:
            "Delete the bootstrap tokens that are named, and let new nodes join with one that lives for an hour (kubeadm token create --ttl 1h).",
          apply: "kubeadm token list; kubeadm token delete TOKEN_ID",
          risk: "A node that is about to join with the token can't; make a new one for it.",
        }
      : {
          summary:
            "Give whoever uses the static credentials another way in (identity provider for people, bound tokens for programs), then take the flag from every API server and delete the file.",
          apply:
            "edit /etc/kubernetes/manifests/kube-apiserver.yaml on each control-plane node (and the kubeadm-config ConfigMap), then shred the file",
          risk: "Whoever still uses one of the credentials is locked out at once; the API server restarts.",
        },
};
