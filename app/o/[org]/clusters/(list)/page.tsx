import { Plus } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { FleetView } from "@/components/fleet/fleet-view";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { PageBody, PageHead } from "@/components/ui/page";
import { fleetQuery } from "@/lib/api/clusters";
import { listFleet } from "@/lib/server/fleet";
import { allowsSomewhere } from "@/lib/server/principal";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Clusters" };

/** Rows of tiles on one page: 20 keep the page below 1,500 elements. */
const ROWS = "20";

export default async function ClustersPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(fleetQuery, { pageSize: ROWS, ...search });
  const { data, refused } = await load(listFleet(principal, query));
  if (refused) return refused;
  const mayRegister = allowsSomewhere(principal, "cluster:register");
  const path = `/o/${org}/clusters`;
  const { summary } = data;
  const projects = new Set(data.items.map((row) => row.project.slug)).size;
  return (
    <>
      <PageHead
        title="Clusters"
        actions={
          mayRegister ? (
            <Link
              prefetch={false}
              className={buttonClass({ tone: "primary" })}
              href={addressOf(`${path}/register`, pick(search, ["project"]))}
            >
              <Plus size={14} aria-hidden="true" /> Register cluster
            </Link>
          ) : null
        }
      >
        {summary.clusters.toLocaleString("en")} {summary.clusters === 1 ? "cluster" : "clusters"}
        {data.total <= data.pageSize && projects > 0
          ? ` in ${projects} ${projects === 1 ? "project" : "projects"}`
          : ""}
        , measured against PCI DSS v4.0.1. A number counts the failing controls of a requirement.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FleetView
          key={addressOf("", search)}
          organization={org}
          initial={data}
          query={new URLSearchParams(
            Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
          ).toString()}
          params={search}
          clearHref={addressOf(path, pick(search, LENS))}
          mayRegister={mayRegister}
        />
      </PageBody>
    </>
  );
}
