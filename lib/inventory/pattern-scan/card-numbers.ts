/**
 * Card numbers and track data in a text.
 *
 * One number in ten satisfies the Luhn check by chance, and many identifiers begin like a card. So three things are asked: the
 * issuer's range with its length, the Luhn check, and context. Context is a word about cards near the number or in its name, or
 * the way it is written (groups as on a card). Without context the match is `possible-card-number`, which nobody may call clean
 * and nobody may call a leak before a person has looked.
 */
import { cardNumbersIn } from "../secret-net";
import type { PatternMatch } from "./types";

/** Numbers that card brands and payment providers publish for tests. */
const TEST_NUMBERS: ReadonlySet<string> = new Set(
  (
    "4111111111111111 4242424242424242 4012888888881881 4000056655665556 4222222222222 4000000000000002 4000000000000069 " +
    "4000000000000119 4000000000000127 4000000000000341 4000000000009995 4000002500003155 4000003720000278 4444333322221111 " +
    "4917610000000000 4462030000000000 4484070000000000 4911830000000 4917300800000000 4005519200000004 4009348888881881 4012000033330026 " +
    "4500600000000061 5555555555554444 5105105105105100 5200828282828210 5454545454545454 5555341244441115 5577000055770004 5555444433331111 " +
    "5100290029002909 5136333333333335 2222400070000005 2222410740360010 2223003122003222 2223000048400011 378282246310005 371449635398431 " +
    "378734493671000 370000000000002 374251018720018 6011111111111117 6011000990139424 6011000400000000 6011601160116611 6445644564456445 " +
    "3056930009020004 30569309025904 38520000023237 36227206271667 36006666333344 3566002020360505 3530111333300000 3566111111111113 " +
    "3569990010095841 6200000000000005 6205500000000000004 6250946000000016 6304000000000000 6759649826438453 5018000000000009"
  ).split(" "),
);

/** `card` may stand inside a longer name, `pan` and `cc` may not. */
const CONTEXT =
  /card|credit|debit|(?<![a-z])c?pan(?![a-z])|primary.?account|(?<![a-z])cc(?:[_ .-]?(?:num|no|nr|number))?(?![a-z])|visa|mastercard|maestro|amex|american.?express|discover|diners|unionpay|(?<![a-z])jcb(?![a-z])|cvv|cvc|cardholder|track.?[12]|expir|exp[_ .-]?(?:date|month|year)|(?<![a-z])payments?[_ .-]?(?:number|method|instrument)/i;
/** How cards are embossed: 4-4-4-4 (and more), 4-6-5 for American Express, 4-6-4 for Diners Club. */
const GROUPS = /^(?:\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5})$/;
const REACH = 60;

const TRACK_1 = /%?[Bb](\d{13,19})\^[^^\r\n]{2,26}\^\d{4}\d{3}[^\r\n?]{0,60}/;
const TRACK_2 = /(?<![0-9A-Za-z]);?(\d{13,19})[=D]\d{4}\d{3}\d{0,16}\??(?![0-9A-Za-z])/;

/**
 * Every card number in the text, each once. `name` is what stands beside it: the variable, the key, the annotation.
 */
export function findCards(text: string, name: string): PatternMatch[] {
  const found = new Map<string, PatternMatch>();
  if (text.length < 13) return [];
  for (const track of [TRACK_1, TRACK_2]) {
    const digits = track.exec(text)?.[1];
    if (digits === undefined || cardNumbersIn(digits).length === 0) continue;
    const isTest = TEST_NUMBERS.has(digits);
    found.set(digits, { rule: isTest ? "test-card-number" : "track-data", masked: mask(digits) });
  }
  for (const { digits, written, index } of cardNumbersIn(text)) {
    if (found.has(digits)) continue;
    found.set(digits, { rule: ruleOf(digits, written, text, index, name), masked: mask(digits) });
  }
  return [...found.values()];
}

function ruleOf(digits: string, written: string, text: string, index: number, name: string): PatternMatch["rule"] {
  if (TEST_NUMBERS.has(digits)) return "test-card-number";
  const around = `${text.slice(Math.max(0, index - REACH), index)} ${text.slice(index + written.length, index + written.length + REACH)}`;
  const speaksOfCards = CONTEXT.test(spaced(name)) || CONTEXT.test(spaced(around)) || GROUPS.test(written);
  return speaksOfCards ? "card-number" : "possible-card-number";
}

/** `customerPan` as `customer Pan`, `MY_PAN` as `MY PAN`. */
function spaced(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ");
}

/** As many asterisks as digits are hidden, and the last four. */
export function mask(digits: string): string {
  return `${"*".repeat(digits.length - 4)}${digits.slice(-4)}`;
}
