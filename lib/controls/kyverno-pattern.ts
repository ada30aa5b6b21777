/**
 * Kyverno's overlay patterns, as far as they decide whether a resource is refused.
 *
 * - A plain key must match. `(key)` is a condition: where it does not hold, the map it stands in is not asked. `=(key)` is asked
 *   only where the key exists. `X(key)` must not exist. `^(key)` wants one element of a list to match. `<(key)` is a condition for
 *   the whole rule; `+(key)` belongs to mutation and asks nothing.
 * - A list with one map is asked of every element of the resource's list.
 * - Text patterns know `*`, `?`, `|` (or), `&` (and), `!` (not), `>`, `<`, `>=`, `<=`. Booleans and numbers are compared as text when
 *   the pattern is text, so `"false"` does match false.
 * Anything else (variables, wildcards in keys, ranges, several list elements) is not understood and throws NotUnderstood.
 * Source: Kyverno documentation, "Validate Rules: Patterns, Wildcards, Operators, Anchors".
 */
export class NotUnderstood extends Error {}

export type PatternAnswer = "match" | "skip" | "refuse";

/** Whether `resource` fulfils `pattern`. */
export function matchPattern(pattern: unknown, resource: unknown): PatternAnswer {
  if (isMap(pattern)) return matchMap(pattern, resource);
  if (Array.isArray(pattern)) return matchList(pattern, resource);
  return matchScalar(pattern, resource) ? "match" : "refuse";
}

/** Key without its anchor, and the anchor (empty for a plain key). */
export function splitAnchor(key: string): { anchor: string; name: string } {
  const match = /^([=X^<+]?)\((.+)\)$/.exec(key);
  if (match?.[2] === undefined) return { anchor: "", name: key };
  return { anchor: `${match[1] ?? ""}()`, name: match[2] };
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function matchMap(pattern: Record<string, unknown>, resource: unknown): PatternAnswer {
  if (!isMap(resource)) return "refuse";
  const entries = Object.entries(pattern).map(([key, value]) => ({ ...splitAnchor(key), value }));
  for (const { name } of entries) if (/[*?]/.test(name) || name.includes("{{")) throw new NotUnderstood();
  // Conditions first: they decide whether the rest is asked.
  for (const { anchor, name, value } of entries) {
    if (anchor !== "()" && anchor !== "<()") continue;
    if (resource[name] === undefined || matchPattern(value, resource[name]) === "refuse") return "skip";
  }
  for (const { anchor, name, value } of entries) {
    const found = resource[name];
    switch (anchor) {
      case "()":
      case "<()":
      case "+()":
        break;
      case "X()":
        if (found !== undefined) return "refuse";
        break;
      case "=()":
        if (found !== undefined && matchPattern(value, found) === "refuse") return "refuse";
        break;
      case "^()": {
        const [element] = Array.isArray(value) ? (value as unknown[]) : [];
        if (element === undefined || !Array.isArray(found)) return "refuse";
        if (!found.some((item) => matchPattern(element, item) === "match")) return "refuse";
        break;
      }
      default:
        if (value === "*") {
          if (found === undefined || found === null) return "refuse";
        } else if (matchPattern(value, found) === "refuse") return "refuse";
    }
  }
  return "match";
}

function matchList(pattern: readonly unknown[], resource: unknown): PatternAnswer {
  if (!Array.isArray(resource)) return "refuse";
  const [element] = pattern;
  if (pattern.length !== 1 || Array.isArray(element)) throw new NotUnderstood();
  const answers = resource.map((item) => matchPattern(element, item));
  return answers.includes("refuse") ? "refuse" : "match";
}

function matchScalar(pattern: unknown, resource: unknown): boolean {
  if (pattern === null)
    return resource === undefined || resource === null || resource === "" || resource === 0 || resource === false;
  if (typeof pattern === "boolean") return resource === pattern;
  if (typeof pattern === "number") return resource === pattern || resource === String(pattern);
  if (typeof pattern !== "string") throw new NotUnderstood();
  if (pattern.includes("{{") || pattern.includes("$(")) throw new NotUnderstood();
  return pattern
    .split("|")
    .some((alternative) => alternative.split("&").every((part) => matchText(part.trim(), resource)));
}

function matchText(pattern: string, resource: unknown): boolean {
  if (pattern.startsWith("!")) return !matchText(pattern.slice(1).trim(), resource);
  const comparison = /^(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)$/.exec(pattern);
  if (comparison?.[2] !== undefined) {
    if (typeof resource !== "number") return false;
    const limit = Number(comparison[2]);
    if (comparison[1] === ">=") return resource >= limit;
    if (comparison[1] === "<=") return resource <= limit;
    return comparison[1] === ">" ? resource > limit : resource < limit;
  }
  // Quantities and durations compare by value; nothing here asks for them.
  if (/^[<>]/.test(pattern)) throw new NotUnderstood();
  if (resource === undefined || resource === null || typeof resource === "object") return false;
  return matchesWildcard(pattern, String(resource as string | number | boolean));
}

/** `*` is any text, `?` one character; everything else stands for itself. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\s\\S]*")
    .replaceAll("?", "[\\s\\S]");
  return new RegExp(`^${expression}$`).test(text);
}

/**
 * A resource that fulfils the simple parts of the pattern: values that the pattern names are laid over `base`. Whether it is
 * accepted is for matchPattern to say.
 */
export function adaptTo(pattern: unknown, base: unknown): unknown {
  if (isMap(pattern)) {
    const out: Record<string, unknown> = isMap(base) ? { ...base } : {};
    for (const [key, value] of Object.entries(pattern)) {
      const { anchor, name } = splitAnchor(key);
      if (anchor === "X()") delete out[name];
      else if (anchor === "" || out[name] !== undefined) out[name] = adaptTo(value, out[name]);
    }
    return out;
  }
  if (Array.isArray(pattern)) {
    const [element] = pattern as unknown[];
    const items = Array.isArray(base) && base.length > 0 ? (base as unknown[]) : [undefined];
    return items.map((item) => adaptTo(element, item));
  }
  if (base !== undefined && scalarMatches(pattern, base)) return base;
  if (typeof pattern !== "string") return pattern;
  const [first = ""] = pattern.split("|");
  const example = first.trim().replaceAll("*", "x").replaceAll("?", "x");
  return /^[!<>]/.test(example) ? base : example === "true" ? true : example === "false" ? false : example;
}

function scalarMatches(pattern: unknown, resource: unknown): boolean {
  return !isMap(pattern) && !Array.isArray(pattern) && matchScalar(pattern, resource);
}
