import type { Metadata } from "next";
import { CatalogView } from "@/components/catalog/catalog-view";
import { getCatalogPage } from "@/lib/server/catalog-versions";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Catalogue" };

export default async function CatalogPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const { data, refused } = await load(getCatalogPage(await requirePagePrincipal(org)));
  if (refused) return refused;
  return <CatalogView organization={org} initial={data} />;
}
