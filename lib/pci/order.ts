/**
 * The standard's order: numbers as numbers (`1.2` before `1.10`), a parent before what is below it, appendices last.
 * Negative if `a` comes first.
 */
export function compareRequirementIds(a: string, b: string): number {
  const x = parts(a);
  const y = parts(b);
  for (let i = 0; i < Math.max(x.length, y.length); i += 1) {
    const difference = (x[i] ?? -1) - (y[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `A1.2` → 1001, 2: appendices count on from a thousand. */
function parts(id: string): number[] {
  return id.split(".").map((part) => (part.startsWith("A") ? 1000 + Number(part.slice(1)) : Number(part)));
}
