import { REQUIREMENTS } from "@/lib/pci";

/**
 * Ids that have others below them: principals, sections, and the few requirements with requirements of their own (10.2.1). Apart
 * from tree.ts, because the list of requirements is for the server and would weigh on the browser.
 */
export const PARENTS: ReadonlySet<string> = new Set(
  REQUIREMENTS.flatMap(({ parent }) => (parent === null ? [] : [parent])),
);
