/** The state of a view lives in its address: every filter, sort, page and tab is a search parameter. */
export type SearchParams = Record<string, string | string[] | undefined>;
type Value = string | number | null | undefined;

/**
 * `path` with the parameters of `current` and then `changes` on top. An empty, null or undefined change removes its parameter;
 * changing anything but the page goes back to page 1. Parameters come out in name order, so that one view has one address.
 */
export function addressOf(path: string, current: SearchParams, changes: Record<string, Value> = {}): string {
  const merged = new Map<string, string>();
  for (const [name, value] of Object.entries(current)) {
    const one = Array.isArray(value) ? value[0] : value;
    if (one !== undefined && one !== "") merged.set(name, one);
  }
  if (Object.keys(changes).some((name) => name !== "page")) merged.delete("page");
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === null || value === "") merged.delete(name);
    else merged.set(name, String(value));
  }
  if (merged.get("page") === "1") merged.delete("page");
  const query = new URLSearchParams([...merged].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return merged.size === 0 ? path : `${path}?${query}`;
}

/** Only the named parameters of `current`; for example the lens. */
export function pick(current: SearchParams, names: readonly string[]): SearchParams {
  return Object.fromEntries(names.filter((name) => current[name] !== undefined).map((name) => [name, current[name]]));
}
