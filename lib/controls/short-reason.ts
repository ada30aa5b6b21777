/** Longest reason of a result: about what a row of a table can show. The detail holds the whole sentence. */
export const REASON_LENGTH = 110;

/**
 * A reason of at most `length` UTF-16 units: cut behind a whole word and ended with "…", which counts. Only a single word that
 * is longer than all of it is cut in itself, and never through a character.
 */
export function shortReason(text: string, length: number = REASON_LENGTH): string {
  if (text.length <= length) return text;
  const room = text.slice(0, length - 1);
  const isWordEnd = /\s/.test(text.charAt(length - 1));
  const lastSpace = isWordEnd ? room.length : room.search(/\s\S*$/);
  const kept = lastSpace > 0 ? room.slice(0, lastSpace) : room.replace(/[\uD800-\uDBFF]$/, "");
  return `${kept.replace(/[\s,;:·–(-]+$/u, "")}…`;
}
