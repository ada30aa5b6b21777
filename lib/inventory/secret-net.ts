/**
 * The second net: recognises secrets and card numbers in any text that is about to leave a cluster, or that just arrived.
 *
 * The projection (redaction/) already lets through only listed fields. This net is for the day when somebody writes a card
 * number into a label or a token into an image name. The agent puts REDACTED in place of such a text and counts it; the server
 * refuses the whole upload. Both ask here.
 *
 * Card numbers: 13 to 19 digits with an issuer's prefix and length (ISO/IEC 7812, the networks' published ranges) that
 * satisfy the Luhn check, written in one piece or in groups of 3 to 8 digits with a space, dash, dot or underscore between.
 * A run of digits that touches a letter is part of a digest or an identifier and is left alone.
 */

/** Stands wherever a value was taken out. */
export const REDACTED = "<redacted>";

export type SecretKind = "card-number" | "private-key" | "json-web-token" | "cloud-token";

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----/;
const JSON_WEB_TOKEN = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/;
const CLOUD_TOKEN = new RegExp(
  [
    "(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])", // AWS access key id
    "(?<![A-Za-z0-9_])(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}", // GitHub
    "github_pat_[A-Za-z0-9_]{30,}",
    "glpat-[A-Za-z0-9_-]{20,}", // GitLab
    "AIza[0-9A-Za-z_-]{35}", // Google API key
    "ya29\\.[0-9A-Za-z_-]{20,}", // Google OAuth
    "xox[abeprs]-[A-Za-z0-9-]{10,}", // Slack
    "(?<![A-Za-z0-9])(?:sk|rk)_live_[A-Za-z0-9]{10,}", // Stripe
    "dop_v1_[a-f0-9]{40,}", // DigitalOcean
    "npm_[A-Za-z0-9]{36}",
    "hv[sbr]\\.[A-Za-z0-9_-]{20,}", // HashiCorp Vault
    "AccountKey=[A-Za-z0-9+/]{40,}={0,2}", // Azure Storage
    "(?<![A-Za-z0-9])rfe_[A-Za-z0-9_-]{40,}", // our own enrolment token
  ].join("|"),
);
/** Cheap first look: nearly every text in a cluster fails it. */
const SUSPICIOUS =
  /[0-9][0-9 ._-]{11,}[0-9]|-----BEGIN|eyJ|AKIA|ASIA|gh[opsur]_|github_pat|glpat-|AIza|ya29|xox|_live_|dop_v1|npm_|hv[sbr]\.|AccountKey=|rfe_/;
const LONG_DIGITS = /[0-9][0-9 ._-]{11,}[0-9]/;
/** UUIDs are on every object and now and then look like a card number in groups. */
const UUID = /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi;
const DIGIT_RUN = /(?<![A-Za-z0-9])[0-9]+(?:[ ._-][0-9]+)*(?![A-Za-z0-9])/g;

/** Which kind of secret `text` holds; null for none. */
export function findSecret(text: string): SecretKind | null {
  if (text.length < 13 || !SUSPICIOUS.test(text)) return null;
  if (PRIVATE_KEY.test(text)) return "private-key";
  if (JSON_WEB_TOKEN.test(text)) return "json-web-token";
  if (CLOUD_TOKEN.test(text)) return "cloud-token";
  return cardNumbersIn(text).length > 0 ? "card-number" : null;
}

/** Every kind of secret that `text` holds, each once. */
export function secretKindsIn(text: string): SecretKind[] {
  if (text.length < 13 || !SUSPICIOUS.test(text)) return [];
  const kinds: SecretKind[] = [];
  if (PRIVATE_KEY.test(text)) kinds.push("private-key");
  if (JSON_WEB_TOKEN.test(text)) kinds.push("json-web-token");
  if (CLOUD_TOKEN.test(text)) kinds.push("cloud-token");
  if (cardNumbersIn(text).length > 0) kinds.push("card-number");
  return kinds;
}

/** A card number, how it is written, and where. Whoever asks must not let it leave. */
export interface FoundCard {
  digits: string;
  written: string;
  index: number;
}

/** Every card number in a text. */
export function cardNumbersIn(text: string): FoundCard[] {
  if (text.length < 13 || !LONG_DIGITS.test(text)) return [];
  const found: FoundCard[] = [];
  // As many characters as the UUID has, so that places stay right.
  const clean = text.replace(UUID, (uuid) => "u".repeat(uuid.length));
  for (const match of clean.matchAll(DIGIT_RUN)) {
    for (const card of cardsInRun(match[0])) found.push({ ...card, index: match.index + card.index });
  }
  return found;
}

/**
 * The first secret in any string of a JSON value, keys included, with its place as `a.b[0]`; null for none.
 * Walks without recursion, so that depth is no danger.
 */
export function findSecretIn(value: unknown): { where: string; kind: SecretKind } | null {
  const stack: { value: unknown; where: string }[] = [{ value, where: "" }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { value: current, where } = item;
    if (typeof current === "string") {
      const kind = findSecret(current);
      if (kind !== null) return { where, kind };
    } else if (Array.isArray(current)) {
      current.forEach((element, i) => {
        stack.push({ value: element, where: `${where}[${i}]` });
      });
    } else if (typeof current === "object" && current !== null) {
      for (const [key, element] of Object.entries(current)) {
        const kind = findSecret(key);
        if (kind !== null) return { where: `${where} (a key)`, kind };
        stack.push({ value: element, where: where === "" ? key : `${where}.${key}` });
      }
    }
  }
  return null;
}

/** Within a run of groups: groups that follow one another and together are a card number. */
function cardsInRun(run: string): FoundCard[] {
  const found: FoundCard[] = [];
  const groups = run.split(/[ ._-]/);
  const starts: number[] = [];
  for (let i = 0, at = 0; i < groups.length; at += (groups[i] ?? "").length + 1, i += 1) starts.push(at);
  for (let start = 0; start < groups.length; start += 1) {
    let digits = "";
    for (let end = start; end < groups.length; end += 1) {
      const group = groups[end] ?? "";
      const isSplit = end > start;
      if (isSplit && (!isGroup(group) || !isGroup(groups[start] ?? ""))) break;
      digits += group;
      if (digits.length > 19) break;
      if (!isCardNumber(digits)) continue;
      const index = starts[start] ?? 0;
      found.push({ digits, written: run.slice(index, (starts[end] ?? 0) + group.length), index });
    }
  }
  return found;
}
function isGroup(digits: string): boolean {
  return digits.length >= 3 && digits.length <= 8;
}

/** True for a number of a card network's range and length that satisfies the Luhn check (ISO/IEC 7812-1, annex B). */
export function isCardNumber(digits: string): boolean {
  return hasIssuerPrefix(digits) && satisfiesLuhn(digits);
}

function hasIssuerPrefix(digits: string): boolean {
  const length = digits.length;
  if (length < 13 || length > 19) return false;
  const first = (count: number) => Number(digits.slice(0, count));
  const two = first(2);
  const three = first(3);
  const four = first(4);
  if (digits.startsWith("4")) return length === 13 || length === 16 || length === 19; // Visa
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16; // Mastercard
  if (two === 34 || two === 37) return length === 15; // American Express
  if (four === 6011 || two === 65 || (three >= 644 && three <= 649)) return length >= 16; // Discover
  if (four >= 3528 && four <= 3589) return length >= 16; // JCB
  if (two === 36 || two === 38 || two === 39 || (three >= 300 && three <= 305)) return length >= 14; // Diners Club
  if (two === 62) return length >= 16; // UnionPay
  return four === 5018 || four === 5020 || four === 5038 || four === 6304 || (four >= 6759 && four <= 6763); // Maestro
}

function satisfiesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
