import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { isRequirement } from "@/lib/server/requirements";
import { recordPage, requirePagePrincipal } from "../../principal";

/** Asks whether the standard has the number before anything is sent: behind loading.tsx the answer would have begun with status 200. */
export default async function RequirementLayout({
  params,
  children,
}: {
  params: Promise<{ org: string; number: string }>;
  children: ReactNode;
}) {
  const { org, number } = await params;
  await requirePagePrincipal(org);
  if (!isRequirement(decodeURIComponent(number))) {
    await recordPage("refused");
    notFound();
  }
  return children;
}
