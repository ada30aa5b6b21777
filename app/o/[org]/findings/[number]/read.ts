import { notFound } from "next/navigation";
import { cache } from "react";
import { getFinding } from "@/lib/server/findings";
import { load } from "../../load";
import { recordPage, requirePagePrincipal } from "../../principal";

/** The finding of this rendering, read once for its layout and its page; "not found" where there is none for them. */
export const readFinding = cache(async (org: string, number: string) => {
  const principal = await requirePagePrincipal(org);
  if (!/^[1-9]\d{0,8}$/.test(number)) {
    await recordPage("refused");
    notFound();
  }
  return load(getFinding(principal, Number(number)));
});
