import type { Metadata } from "next";
import { FindingView } from "@/components/finding/finding-view";
import { allowsSomewhere } from "@/lib/server/principal";
import { readFinding } from "./read";
import { requirePagePrincipal } from "../../principal";

interface Props {
  params: Promise<{ org: string; number: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `F-${(await params).number}` };
}

export default async function FindingPage({ params }: Props) {
  const { org, number } = await params;
  const principal = await requirePagePrincipal(org);
  const { data: finding, refused } = await readFinding(org, number);
  if (refused) return refused;
  return <FindingView organization={org} finding={finding} mayRescan={allowsSomewhere(principal, "cluster:rescan")} />;
}
