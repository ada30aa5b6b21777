/** `--name value` and `--name=value` of commands that take one value for each flag, some of them several times. */
import { UsageError } from "./usage-error";

/**
 * The values of each flag, in order. Throws UsageError for a word that no flag takes, a flag that isn't in `known` and a flag without
 * a value; and for a flag that is given twice, unless it is in `repeatable`.
 */
export function parseFlags(
  words: readonly string[],
  known: readonly string[],
  repeatable: readonly string[] = [],
): ReadonlyMap<string, string[]> {
  const given = new Map<string, string[]>();
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    if (!known.includes(name)) {
      throw new UsageError(word.startsWith("-") ? `there is no option ${name}` : `what is ${word} for?`);
    }
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    if (value === undefined) {
      i += 1;
      value = words[i];
      // `-` alone is standard input, not an option.
      if (value === undefined || (value !== "-" && value.startsWith("-")))
        throw new UsageError(`${name} needs a value`);
    }
    const values = given.get(name) ?? [];
    if (values.length > 0 && !repeatable.includes(name)) throw new UsageError(`${name} is given twice`);
    given.set(name, [...values, value]);
  }
  return given;
}
