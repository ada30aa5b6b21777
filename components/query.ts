import type { z } from "zod";
import type { SearchParams } from "@/components/ui/address";

/** The lens: which project and cluster a page is about. It is carried along from page to page; nothing else is. */
export const LENS = ["project", "cluster"] as const;

/**
 * The search parameters of a page, parsed with the API's own schema. A parameter that doesn't fit is dropped and the rest counts, so an old or
 * mistyped link still opens; `ignored` names what was dropped, for a note.
 */
export function readQuery<T extends z.ZodType>(
  schema: T,
  params: SearchParams,
): { query: z.output<T>; ignored: string[] } {
  const input: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    const one = Array.isArray(value) ? value[0] : value;
    if (one !== undefined && one !== "") input[name] = one;
  }
  const first = schema.safeParse(input);
  if (first.success) return { query: first.data, ignored: [] };
  const ignored = [...new Set(first.error.issues.map((issue) => String(issue.path[0])))].toSorted();
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !ignored.includes(name)));
  return { query: schema.parse(rest), ignored };
}
