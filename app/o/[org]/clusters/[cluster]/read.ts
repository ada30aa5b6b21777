import { cache } from "react";
import { getCluster } from "@/lib/server/fleet";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

/** The cluster of this rendering, read once for its layout and its page; "not found" where there is none for them. */
export const readCluster = cache(async (org: string, slug: string) =>
  load(getCluster(await requirePagePrincipal(org), slug)),
);
