/**
 * Regular expressions of CEL are RE2's; here JavaScript's engine runs them. What both write alike means the same; what only one of
 * them knows is refused, because JavaScript would quietly take `\A` for the letter A and `[[:alpha:]]` for a set of brackets.
 * Source: github.com/google/re2/wiki/Syntax.
 */

/** Punctuation that RE2 lets everybody escape and JavaScript's strict mode doesn't. */
const NEEDLESS_ESCAPE = /\\([!"#%&',\-:;<=>@_`~ ])/g;
/** JavaScript's alone: look-around, back references, named references, code points. */
const ONLY_JAVASCRIPT = /\(\?<?[=!]|\\[1-9]|\\k<|\\u|\\c[A-Za-z]/;

/**
 * The pattern for JavaScript's engine.
 *
 * @throws Error in words if the two languages could disagree about it
 */
export function toRegExp(pattern: string, flags: "" | "g" = ""): RegExp {
  if (ONLY_JAVASCRIPT.test(pattern)) throw new Error(`the pattern "${pattern}" uses what RE2 doesn't know`);
  // As a code: a bare hyphen would be a range inside a class.
  const strict = pattern.replace(
    NEEDLESS_ESCAPE,
    (_, sign: string) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  try {
    return new RegExp(strict, `u${flags}`);
  } catch {
    throw new Error(`the pattern "${pattern}" can't be run here; write it without what only RE2 knows`);
  }
}
