/**
 * Command lines: which flags are given, not with what values.
 *
 * - A flag (`--name`, `--name=value`) keeps its name; the value becomes REDACTED. Any other argument becomes REDACTED whole, and
 *   so does a single-dash argument, because `-pSECRET` can't be told from `-name`; etcd's own flags are known by name.
 * - Values stay for the flags of KEPT_FLAGS, if they look like a switch or a plain list of words, and for every flag of a
 *   control-plane static pod except those that by their name hold a credential: there the flags are the configuration that
 *   controls read (`--anonymous-auth=false`, `--encryption-provider-config=/etc/…`).
 *
 * Both forms count: `--a=b`, and `--a` followed by `b`. Redacting what is redacted already changes nothing.
 */
import { findSecret, REDACTED } from "../secret-net";
import type { Cursor, Shape } from "./shape";
import { list, text } from "./shape";

/** Flags whose values are kept on any pod: switches of network plug-ins and policy engines that controls read. */
export const KEPT_FLAGS: readonly string[] = [
  "enable-network-policy", // Amazon VPC CNI's network policy agent
  "run-firewall", // kube-router: whether it enforces NetworkPolicy
  "enable-policy", // Cilium: default, always, never
  "enable-wireguard",
  "enable-ipsec",
  "exempt-namespace", // Gatekeeper
  "operation",
  "forceFailurePolicyIgnore", // Kyverno
  "enablePolicyException",
  "exceptionNamespace",
  "admissionReports",
  "autogenInternals",
];
const KEPT = new Set(KEPT_FLAGS);
const HARMLESS_VALUE = /^[A-Za-z0-9.,:_-]{0,64}$/;
const CREDENTIAL_FLAG = /(?:password|passwd|passphrase|secret|token|api-?key)$/i;
const FLAG = /^(--[A-Za-z][A-Za-z0-9._-]{0,63})(?:=([\s\S]*))?$/;
/** etcd's parser takes one dash as well; the names that controls read, so that nothing else with one dash stays. */
const ETCD_FLAG =
  /^(-(?:(?:peer-)?(?:cert-file|key-file|trusted-ca-file|client-cert-auth|auto-tls)|listen-(?:client|peer|metrics)-urls|config-file))(?:=([\s\S]*))?$/;

const texts = list<string>((value, at) => (typeof value === "string" ? value : text(value, at)));

export const commandLine: Shape<string[]> = (value, at) => {
  const words = texts(value, at);
  let previous: string | undefined;
  return words.map((word, i) => {
    const match = FLAG.exec(word) ?? (at.keepsFlagValues ? ETCD_FLAG.exec(word) : null);
    const name = match?.[1];
    if (name === undefined) {
      const keeps = previous === undefined ? i === 0 && keepsProgram(word, at) : keepsValue(previous, word, at);
      previous = undefined;
      return keeps ? word : redact(word, at);
    }
    const inline = match?.[2];
    previous = inline === undefined ? name : undefined;
    if (findSecret(name) !== null) return redact(word, at);
    if (inline === undefined || keepsValue(name, inline, at)) return word;
    return `${name}=${redact(inline, at)}`;
  });
};

/** The program of a control-plane static pod (`kube-apiserver`, `/usr/local/bin/etcd`). */
function keepsProgram(word: string, at: Cursor): boolean {
  return at.keepsFlagValues && /^[A-Za-z0-9./_-]{1,128}$/.test(word) && findSecret(word) === null;
}

function keepsValue(name: string, value: string, at: Cursor): boolean {
  if (value === REDACTED) return true;
  const bare = name.replace(/^--?/, "");
  if (findSecret(value) !== null) {
    at.secretAt ??= at.where();
    return false;
  }
  if (at.keepsFlagValues) return !CREDENTIAL_FLAG.test(bare);
  return KEPT.has(bare) && HARMLESS_VALUE.test(value);
}

/** etcd's settings in the environment of a control-plane static pod: kept like its flags, but for credentials. */
export function keepsEtcdVariable(name: string, value: string, at: Cursor): boolean {
  if (!at.keepsFlagValues || !/^ETCD_[A-Z0-9_]{1,64}$/.test(name)) return false;
  if (CREDENTIAL_VARIABLE.test(name) || /:\/\/[^/]*@/.test(value)) return false;
  if (findSecret(value) === null) return true;
  at.secretAt ??= at.where();
  return false;
}
const CREDENTIAL_VARIABLE = /(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|CREDENTIALS?)$/;

function redact(value: string, at: Cursor): string {
  if (value !== REDACTED) at.dropped += 1;
  return REDACTED;
}
