/**
 * Credentials in a text: configuration files inside ConfigMaps, command lines, annotations, connection strings.
 *
 * Every expression is bounded, so that a megabyte of anything is read in one pass.
 */
import { secretKindsIn } from "../secret-net";
import { isDefaultPassword, isReference, judgeNamedValue } from "./named-values";
import type { CredentialRule, PatternMatch } from "./types";

/** `name = value`, `"name": "value"`, `name: value`, in any file format. */
const ASSIGNMENT =
  /(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{0,60}(?:passwords?|passwd|passphrase|pwd|secret|token|key|credentials?|authorization))["']?[ \t]{0,8}(?:=>|:=|[=:])[ \t]{0,8}(?:"([^"\r\n]{0,400})"|'([^'\r\n]{0,400})'|([^\s"',;&|]{1,400}(?: +[^\s"',;&|#]{1,400})?))/gi;
/** Formats without a sign between: Redis and netrc. */
const SPACED =
  /(?<![A-Za-z0-9_.-])(?:requirepass|masterauth|login[ \t]{1,8}\S{1,100}\s{1,8}password)[ \t]{1,8}["']?([^\s"']{1,200})/gi;
const URL_PASSWORD =
  /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/[^\s:@/?#"'<>]{0,100}:([^\s@/"']{1,200})@[A-Za-z0-9[$<{]/g;
/** `mysql -pSECRET`, `curl -u user:SECRET`. */
const SHELL =
  /(?<![\w-])(?:(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;&]{0,200}?\s-p([^\s"'|;&-][^\s"'|;&]{2,100})|curl\b[^\n|;&]{0,200}?\s(?:-u|--user)[ =]["']?[^\s:"'|;&]{1,100}:([^\s"'|;&]{1,100}))/g;
/** The `auth` of a registry in Docker's configuration: user and password in Base64. */
const REGISTRY_AUTH = /"auth"\s{0,8}:\s{0,8}"([A-Za-z0-9+/=]{8,400})"/g;
const MAY_HOLD = /pass|pwd|secret|token|key|credential|authorization|:\/\/|-----BEGIN|"auth"|masterauth|\s-p|\s-u/i;

const KIND_RULES = {
  "private-key": "private-key",
  "json-web-token": "json-web-token",
  "cloud-token": "cloud-key",
} as const;

/** Every credential in a text, one match for each rule and name. */
export function findCredentials(text: string): PatternMatch[] {
  const found = new Map<string, PatternMatch>();
  const add = (rule: CredentialRule, name?: string) => {
    const key = `${rule} ${name ?? ""}`;
    if (!found.has(key)) found.set(key, name === undefined ? { rule } : { rule, name });
  };
  for (const kind of secretKindsIn(text)) if (kind !== "card-number") add(KIND_RULES[kind]);
  if (!MAY_HOLD.test(text)) return [...found.values()];
  for (const [, password = ""] of text.matchAll(URL_PASSWORD)) {
    if (!isReference(decoded(password))) add(isDefaultPassword(password) ? "default-password" : "connection-string");
  }
  for (const [, name = "", double, single, bare] of text.matchAll(ASSIGNMENT)) {
    const value = double ?? single ?? bareValue(name, bare ?? "");
    const rule = judgeNamedValue(name, value, { countsEmpty: false, plainOnly: false });
    if (rule !== null) add(rule, name);
  }
  for (const [, value = ""] of text.matchAll(SPACED)) addLiteral(value);
  for (const [, mysql, curl] of text.matchAll(SHELL)) addLiteral(mysql ?? curl ?? "");
  for (const [, value = ""] of text.matchAll(REGISTRY_AUTH)) {
    if (/^[^:\s]+:\S+$/.test(decodeText(value) ?? "")) add("password-literal", "auth");
  }
  return [...found.values()];

  function addLiteral(value: string): void {
    const rule = judgeNamedValue("password", value, { countsEmpty: false, plainOnly: true });
    if (rule !== null) add(rule);
  }
}

/** The second word belongs to the value only after an authentication scheme: `Authorization: Bearer …`. */
function bareValue(name: string, bare: string): string {
  if (/authorization$/i.test(name) && /^(?:bearer|basic|token)\s/i.test(bare)) return bare;
  return bare.split(" ")[0] ?? "";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const BASE64 = /^[A-Za-z0-9+/]{16,}={0,2}$/;
const MAX_DECODED = 1024 * 1024;

/** What a Base64 text holds, if it is text; null otherwise. Base64 protects nothing. */
export function decodeText(value: string): string | null {
  const packed = value.length > 76 ? value.replace(/\s+/g, "") : value;
  if (packed.length % 4 !== 0 || packed.length > MAX_DECODED * 2 || !BASE64.test(packed))
    return packed.length < 16 ? shortText(packed) : null;
  return shortText(packed);
}

function shortText(packed: string): string | null {
  let bytes: string;
  try {
    bytes = atob(packed);
  } catch {
    return null;
  }
  let printable = 0;
  const looked = Math.min(bytes.length, 4096);
  for (let i = 0; i < looked; i += 1) {
    const code = bytes.charCodeAt(i);
    if ((code >= 32 && code < 127) || code === 9 || code === 10 || code === 13) printable += 1;
  }
  return looked > 0 && printable / looked > 0.95 ? bytes : null;
}
