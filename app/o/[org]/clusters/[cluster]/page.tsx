import type { Metadata } from "next";
import { AgentTab } from "@/components/cluster/agent-tab";
import { ClusterHead } from "@/components/cluster/cluster-head";
import { InventoryTab } from "@/components/cluster/inventory-tab";
import { LiveCluster } from "@/components/cluster/live-cluster";
import { ScansTab } from "@/components/cluster/scans-tab";
import { SourcesTab } from "@/components/cluster/source/sources-tab";
import { SummaryTab } from "@/components/cluster/summary-tab";
import { readQuery } from "@/components/query";
import { addressOf, type SearchParams } from "@/components/ui/address";
import { PageBody } from "@/components/ui/page";
import { Tabs } from "@/components/ui/tabs";
import { pageQuery } from "@/lib/api/common";
import { listScans } from "@/lib/server/fleet";
import { listImports } from "@/lib/server/imports";
import { listProjects } from "@/lib/server/projects";
import { allows, type Principal } from "@/lib/server/principal";
import type { Permission } from "@/lib/access";
import { load } from "../../load";
import { readCluster } from "./read";
import { requirePagePrincipal } from "../../principal";

const TABS = ["summary", "inventory", "sources", "scans", "agent"] as const;
type TabId = (typeof TABS)[number];
const LABELS: Record<TabId, string> = {
  summary: "Summary",
  inventory: "Inventory",
  sources: "Sources",
  scans: "Scans",
  agent: "Agent",
};

interface Props {
  params: Promise<{ org: string; cluster: string }>;
  searchParams: Promise<SearchParams>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).cluster) };
}

export default async function ClusterPage({ params, searchParams }: Props) {
  const { org, cluster: slug } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { data: cluster, refused } = await readCluster(org, slug);
  if (refused) return refused;
  const projects = await listProjects(principal);
  const projectId = projects.items.find((project) => project.slug === cluster.project.slug)?.id;
  const may = (permission: Permission) => allows(principal, permission, projectId);
  const path = `/o/${org}/clusters/${slug}`;
  const tab: TabId = TABS.find((each) => each === search["tab"]) ?? "summary";
  return (
    <LiveCluster organization={org} initial={cluster}>
      <ClusterHead organization={org} mayRescan={may("cluster:rescan")} />
      <Tabs
        label={`Parts of ${cluster.name}`}
        current={tab}
        tabs={TABS.map((id) => ({
          id,
          label: LABELS[id],
          href: addressOf(path, {}, { tab: id === "summary" ? null : id }),
        }))}
      />
      <div className="pt-4">
        <PageBody>
          {tab === "summary" ? <SummaryTab organization={org} /> : null}
          {tab === "inventory" ? <InventoryTab /> : null}
          {tab === "sources" ? <Sources principal={principal} org={org} slug={slug} search={search} /> : null}
          {tab === "scans" ? (
            <Scans principal={principal} org={org} slug={slug} search={search} mayDownload={may("package:read")} />
          ) : null}
          {tab === "agent" ? (
            <AgentTab
              organization={org}
              mayRegister={may("cluster:register")}
              mayRevoke={may("cluster:revoke")}
              mayDelete={may("cluster:delete")}
            />
          ) : null}
        </PageBody>
      </div>
    </LiveCluster>
  );
}

async function Sources({
  principal,
  org,
  slug,
  search,
}: {
  principal: Principal;
  org: string;
  slug: string;
  search: SearchParams;
}) {
  const source = typeof search["source"] === "string" && search["source"] !== "" ? search["source"] : undefined;
  const { data, refused } = await load(listImports(principal, slug, { kind: source }));
  if (refused) return refused;
  // Another source is another component: what was typed for one must never be sent as the other.
  return (
    <SourcesTab
      key={source ?? ""}
      organization={org}
      slug={slug}
      source={source ?? null}
      params={search}
      initial={data}
    />
  );
}

async function Scans({
  principal,
  org,
  slug,
  search,
  mayDownload,
}: {
  principal: Principal;
  org: string;
  slug: string;
  search: SearchParams;
  mayDownload: boolean;
}) {
  const { query } = readQuery(pageQuery, search);
  const { data, refused } = await load(listScans(principal, slug, query));
  if (refused) return refused;
  return (
    <ScansTab
      organization={org}
      path={`/o/${org}/clusters/${slug}`}
      apiPath={`/api/o/${org}/clusters/${slug}/scans`}
      params={search}
      page={data}
      mayDownload={mayDownload}
    />
  );
}
