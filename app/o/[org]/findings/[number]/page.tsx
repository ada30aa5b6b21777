import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { FindingView } from "@/components/finding/finding-view";
import { getFinding } from "@/lib/server/findings";
import { allowsSomewhere, requirePagePrincipal } from "@/lib/server/principal";
import { load } from "../../load";

interface Props {
  params: Promise<{ org: string; number: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `F-${(await params).number}` };
}

export default async function FindingPage({ params }: Props) {
  const { org, number } = await params;
  const principal = await requirePagePrincipal(org);
  if (!/^[1-9]\d{0,8}$/.test(number)) notFound();
  const { data: finding, refused } = await load(getFinding(principal, Number(number)));
  if (refused) return refused;
  return <FindingView organization={org} finding={finding} mayRescan={allowsSomewhere(principal, "cluster:rescan")} />;
}
