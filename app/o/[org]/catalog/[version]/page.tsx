import type { Metadata } from "next";
import { VersionView } from "@/components/catalog/version-view";
import type { SearchParams } from "@/components/ui/address";
import { versionParam } from "@/lib/api/catalog";
import { getCatalogVersion } from "@/lib/server/catalog-versions";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

interface Props {
  params: Promise<{ org: string; version: string }>;
  searchParams: Promise<SearchParams>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Catalogue ${decodeURIComponent((await params).version)}` };
}

/** No loading.tsx here: a version that isn't there answers 404, and behind one the answer would have begun with status 200. */
export default async function CatalogVersionPage({ params, searchParams }: Props) {
  const { org, version } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const named = versionParam.safeParse(decodeURIComponent(version));
  const { data, refused } = await load(getCatalogVersion(principal, named.success ? named.data : ""));
  if (refused) return refused;
  return <VersionView organization={org} version={data} params={search} />;
}
