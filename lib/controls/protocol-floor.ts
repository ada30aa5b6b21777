/**
 * Which protocol versions and ciphers a listener takes, as far as settings, defaults and handshakes show.
 *
 * Below the floor: SSL, TLS 1.0 and 1.1; ciphers with NULL, EXPORT, DES, 3DES, RC4, MD5, without authentication, or CBC with SHA-1.
 * OpenSSL's cipher lists may name groups (HIGH, DEFAULT, EECDH+AES): what these hold depends on the library, so they decide nothing.
 */
import type { TlsProbe, TlsVersion } from "@/lib/inventory/imported-exposure";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface Floor {
  status: "pass" | "fail" | "unknown";
  text: string;
  evidence: EvidencePointer[];
}

/** True for a single cipher suite, by OpenSSL or IANA name, that is below the floor. */
export function isWeakCipher(name: string): boolean {
  return (
    /(^|[-_])(e?NULL|EXP(ORT)?\d*|DES|3DES|RC4|MD5|RC2|IDEA|SEED)([-_]|$)/i.test(name) ||
    /DES-CBC3|^(ADH|AECDH)-|_anon_/i.test(name) ||
    // CBC with SHA-1: `…-AES128-SHA` for OpenSSL, `…_CBC_SHA` for IANA.
    /-SHA1?$|_CBC_SHA$/i.test(name)
  );
}

/** An OpenSSL cipher list. */
export function judgeCipherList(list: string): { weak: string[]; groups: string[] } {
  const tokens = list.split(/[:, ]+/).filter((token) => token !== "" && !/^[!@-]/.test(token));
  const weak = tokens.filter(
    (token) => isWeakCipher(token) || /^(LOW|MEDIUM|EXP(ORT)?|aNULL|eNULL|COMPLEMENTOF\w+)$/i.test(token),
  );
  const groups = tokens.filter(
    (token) => !weak.includes(token) && !/^(TLS_[A-Z0-9_]+|[A-Z0-9]+(-[A-Z0-9]+)+)$/i.test(token),
  );
  return { weak, groups };
}

/** `TLSv1 TLSv1.2`, as nginx writes protocols. */
export function oldProtocols(list: string): string[] {
  return list.split(/\s+/).filter((token) => /^(SSLv[23]|TLSv1(\.[01])?)$/i.test(token));
}

const PROBE_DAYS = 90;
const OLD: readonly TlsVersion[] = ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"];

/** What handshakes with the hosts show; null when none of them was tried. A fail of one host is one; a pass needs all. */
export function judgeProbes(context: EvaluationContext, hosts: readonly string[]): Floor | null {
  const probes = (context.inventory.facts.tlsProbes ?? []).map((probe, i) => ({ probe, i }));
  const unknown: string[] = [];
  const fails: Floor[] = [];
  const evidence: EvidencePointer[] = [];
  let tried = 0;
  for (const host of hosts) {
    const newest = probes
      .filter(({ probe }) => probe.host === host)
      .sort((a, b) => (a.probe.checkedAt < b.probe.checkedAt ? 1 : -1))[0];
    if (newest === undefined) {
      unknown.push(`${host} was not tried`);
      continue;
    }
    tried += 1;
    const { probe, i } = newest;
    const at: EvidencePointer = {
      ref: CLUSTER_REF,
      pointer: `/facts/tlsProbes/${i}`,
      found: `${probe.host}:${probe.port} accepted ${acceptedOf(probe).join(", ") || "nothing"} at ${probe.checkedAt}`,
    };
    evidence.push(at);
    const problem = problemOf(probe);
    if (problem?.status === "fail") fails.push({ status: "fail", text: `${host} ${problem.text}`, evidence: [at] });
    else if (problem !== null) unknown.push(`${host}: ${problem.text}`);
    else if (Date.parse(context.asOf) - Date.parse(probe.checkedAt) > PROBE_DAYS * 86_400_000)
      unknown.push(`${host} was tried at ${probe.checkedAt}, more than ${PROBE_DAYS} days ago`);
  }
  if (tried === 0) return null;
  if (fails.length > 0)
    return {
      status: "fail",
      text: fails.map(({ text }) => text).join("; "),
      evidence: fails.flatMap((f) => f.evidence),
    };
  if (unknown.length > 0) return { status: "unknown", text: unknown.join("; "), evidence };
  return { status: "pass", text: "handshakes show TLS 1.2 or newer and strong ciphers only", evidence };
}

function acceptedOf(probe: TlsProbe): string[] {
  return probe.versions.filter(({ isAccepted }) => isAccepted).map(({ version }) => version);
}
function problemOf(probe: TlsProbe): { status: "fail" | "unknown"; text: string } | null {
  const accepted = probe.versions.filter(({ isAccepted }) => isAccepted);
  const old = accepted.filter(({ version }) => OLD.includes(version));
  if (old.length > 0) return { status: "fail", text: `accepts ${old.map(({ version }) => version).join(", ")}` };
  const weak = accepted.flatMap(({ ciphers = [] }) => ciphers.filter(isWeakCipher));
  if (weak.length > 0) return { status: "fail", text: `accepts ${[...new Set(weak)].slice(0, 3).join(", ")}` };
  const untried = (["TLSv1.0", "TLSv1.1"] as const).filter(
    (version) => !probe.versions.some((tried) => tried.version === version),
  );
  if (untried.length > 0)
    return { status: "unknown", text: `${untried.join(" and ")} ${untried.length === 1 ? "was" : "were"} not tried` };
  if (accepted.length === 0)
    return { status: "unknown", text: "no version was accepted, so nothing answered with TLS" };
  // Every cipher of TLS 1.3 is strong.
  const silent = accepted.find(({ version, ciphers }) => version === "TLSv1.2" && ciphers === undefined);
  return silent === undefined ? null : { status: "unknown", text: "the ciphers of TLS 1.2 were not listed" };
}

/** AWS load balancers: the predefined security policies (Elastic Load Balancing, "Security policies"). */
export function judgeAwsPolicy(policy: string): Floor["status"] {
  if (/TLS-1-2-Ext-2018|FS-1-2-2019|TLS13-1-2-Ext2-/.test(policy)) return "fail";
  if (/^ELBSecurityPolicy-(TLS13-1-[23]-|TLS-1-2-2017-01$|FS-1-2-Res-)/.test(policy)) return "pass";
  if (/^ELBSecurityPolicy-(20\d\d-\d\d$|TLS-1-[01]-|TLS13-1-[01]-|FS-2018|FS-1-1-)/.test(policy)) return "fail";
  return "unknown";
}
