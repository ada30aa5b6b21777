import { cache } from "react";
import { recordVisit } from "@/lib/server/page-visits";
import { type Principal, requirePagePrincipal as findPagePrincipal } from "@/lib/server/principal";

/** One for each rendering: layout, head and page share it. */
const rendering = cache((): { page: { principal: Principal; address: string } | null } => ({ page: null }));

/** The principal of this page, asked for once in each rendering; without one the page ends here (see lib/server/principal.ts). */
export const requirePagePrincipal = cache(async (slug: string): Promise<Principal> => {
  const page = await findPagePrincipal(slug);
  rendering().page = page;
  return page.principal;
});

/** Records an assessor's opening of this page, once however many parts of it are read. */
export async function recordPage(outcome: "done" | "refused"): Promise<void> {
  const state = rendering();
  const { page } = state;
  if (page === null) return;
  state.page = null;
  await recordVisit(page.principal, { address: page.address, outcome });
}
