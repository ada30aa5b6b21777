/**
 * Yes-or-no facts about a container, worked out inside the cluster from values that never leave it.
 *
 * Rules. Values are literal environment values and arguments; loopback addresses and anything that isn't literal say nothing.
 * Of several answers the worst wins (one plain output among encrypted ones is `false`); no answer leaves the fact out.
 * - usesTls: a URL says https, tls or ssl (true) or http or tcp (false); a variable whose name ends in SCHEME or PROTOCOL says so;
 *   a variable named as a TLS switch (`…_TLS`, `USE_SSL`, `TLS_ENABLED`) is on or off. Database addresses are left to the next.
 * - verifiesTls: `…SSL_VERIFY`, `TLS_VERIFY` on or off; `INSECURE…`, `…SKIP_VERIFY`, `NODE_TLS_REJECT_UNAUTHORIZED` reversed.
 * - databaseUsesTls: PostgreSQL's sslmode require, verify-ca, verify-full (true) or disable, allow, prefer (false: these fall back
 *   to plain text, PostgreSQL documentation, "SSL Support"); `rediss:` against `redis:`; `ssl=` or `tls=` in a database URL.
 */
import type { Container } from "../kinds";
import { isObject } from "./shape";

export type ContainerFacts = NonNullable<Container["facts"]>;

const DATABASE_URL = /^(?:jdbc:)?(postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|sqlserver):/i;
const ON = /^(?:1|true|yes|on|enabled?|required?|full|certificate|peer)$/i;
const OFF = /^(?:0|false|no|off|disabled?|none)$/i;
const LOOPBACK = /^[a-z0-9+.-]+:\/\/(?:[^/@]*@)?(?:localhost|127\.|\[::1\])/i;

/** The facts of a raw container; undefined when nothing can be said. */
export function containerFacts(raw: Record<string, unknown>): ContainerFacts | undefined {
  const facts: ContainerFacts = {};
  const say = (fact: keyof ContainerFacts, answer: boolean | undefined) => {
    if (answer !== undefined) facts[fact] = facts[fact] !== false && answer;
  };
  for (const [name, value] of literals(raw)) {
    if (/SSL_?MODE$/i.test(name)) say("databaseUsesTls", sslMode(value));
    else if (DATABASE_URL.test(value)) say("databaseUsesTls", databaseUrl(value));
    else if (/(?:INSECURE|SKIP_?(?:TLS_?|SSL_?)?VERIFY|INSECURE_SKIP)/i.test(name))
      say("verifiesTls", negate(onOff(value)));
    else if (/(?:SSL|TLS)[_-]?(?:VERIFY|VERIFICATION|REJECT_UNAUTHORIZED)/i.test(name))
      say("verifiesTls", onOff(value));
    else if (/(?:SCHEME|PROTOCOL)$/i.test(name)) say("usesTls", scheme(value));
    else if (/(?:^|[_-])(?:TLS|SSL)(?:[_-]ENABLED?)?$|(?:USE|ENABLE)[_-]?(?:TLS|SSL)$/i.test(name))
      say("usesTls", onOff(value));
    else say("usesTls", url(value));
  }
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function* literals(raw: Record<string, unknown>): Generator<[name: string, value: string]> {
  for (const entry of Array.isArray(raw.env) ? (raw.env as unknown[]) : []) {
    if (isObject(entry) && typeof entry.name === "string" && typeof entry.value === "string") {
      yield [entry.name, entry.value.slice(0, 4096)];
    }
  }
  for (const list of [raw.command, raw.args]) {
    const words: unknown[] = Array.isArray(list) ? list : [];
    for (const [i, word] of words.entries()) {
      if (typeof word !== "string") continue;
      const match = /^--?([A-Za-z][A-Za-z0-9._-]*)(?:=([\s\S]{0,4096}))?$/.exec(word);
      const next = words[i + 1];
      if (match?.[1] === undefined) continue;
      if (match[2] !== undefined) yield [match[1].replaceAll("-", "_"), match[2]];
      else if (typeof next === "string" && !next.startsWith("-"))
        yield [match[1].replaceAll("-", "_"), next.slice(0, 4096)];
    }
  }
}

function onOff(value: string): boolean | undefined {
  return ON.test(value) ? true : OFF.test(value) ? false : undefined;
}
function negate(answer: boolean | undefined): boolean | undefined {
  return answer === undefined ? undefined : !answer;
}
function scheme(value: string): boolean | undefined {
  return /^(?:https|tls|ssl|SASL_SSL)$/i.test(value)
    ? true
    : /^(?:https?|tcp|udp|plaintext|SASL_PLAINTEXT)$/i.test(value)
      ? false
      : undefined;
}
function url(value: string): boolean | undefined {
  if (LOOPBACK.test(value)) return undefined;
  return /^(?:https|tls|ssl):\/\//i.test(value) ? true : /^(?:http|tcp|udp):\/\//i.test(value) ? false : undefined;
}
function sslMode(value: string): boolean | undefined {
  return /^(?:require|verify[-_]ca|verify[-_]full|verify_identity|required)$/i.test(value)
    ? true
    : /^(?:disabled?|allow|preferr?e?d?)$/i.test(value)
      ? false
      : undefined;
}
function databaseUrl(value: string): boolean | undefined {
  if (LOOPBACK.test(value.replace(/^jdbc:/i, ""))) return undefined;
  if (/^(?:rediss|amqps):/i.test(value)) return true;
  if (/^(?:redis|amqp):/i.test(value)) return false;
  const mode = /[?&;]ssl-?mode=([A-Za-z_-]+)/i.exec(value)?.[1];
  if (mode !== undefined) return sslMode(mode);
  const ssl = /[?&;](?:ssl|tls|useSSL|encrypt)=([A-Za-z0-9_-]+)/i.exec(value)?.[1];
  return ssl === undefined ? undefined : onOff(ssl);
}
