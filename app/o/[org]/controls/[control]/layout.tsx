import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { isControl } from "@/lib/server/controls";
import { recordPage, requirePagePrincipal } from "../../principal";

/** Asks whether there is such a control before anything is sent: behind loading.tsx the answer would have begun with status 200. */
export default async function ControlLayout({
  params,
  children,
}: {
  params: Promise<{ org: string; control: string }>;
  children: ReactNode;
}) {
  const { org, control } = await params;
  const principal = await requirePagePrincipal(org);
  if (!(await isControl(principal, decodeURIComponent(control)))) {
    await recordPage("refused");
    notFound();
  }
  return children;
}
