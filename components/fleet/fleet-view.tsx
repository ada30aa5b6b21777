"use client";
import { ListFilter, Server } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import type { FleetPage } from "@/lib/api/clusters";
import type { SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { FilterBar } from "@/components/ui/filter-bar";
import { Note } from "@/components/ui/note";
import { Pager } from "@/components/ui/pager";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { useLive } from "../live";
import { FleetGrid } from "./fleet-grid";
import { FleetLegend } from "./legend";
import { scopeChoice } from "../status/choices";
import { FleetSummary } from "./summary";

/** The fleet page's live part: figures, filters, grid. Asked again every 15 seconds, every 1.5 while a cluster is scanned. */
export function FleetView({
  organization,
  initial,
  query,
  params,
  clearHref,
  mayRegister,
}: {
  organization: string;
  initial: FleetPage;
  /** The query string for the API, the same that made `initial`. */
  query: string;
  params: SearchParams;
  clearHref: string;
  mayRegister: boolean;
}) {
  const { data, isError } = useLive<FleetPage>(`/api/o/${organization}/clusters?${query}`, initial, (page) =>
    page.items.some((row) => row.scanning || row.agent === "awaiting-agent"),
  );
  const router = useRouter();
  const scanned = data.items.map((row) => row.lastScanAt ?? "").join();
  const last = useRef(scanned);
  useEffect(() => {
    // A scan has ended: the sidebar's count and the page's head are the server's to draw.
    if (last.current === scanned) return;
    last.current = scanned;
    router.refresh();
  }, [scanned, router]);
  const state = tableState({ status: "ready", ...data });
  const path = `/o/${organization}/clusters`;
  if (state.kind === "empty") {
    return (
      <div className="card">
        <Message
          icon={Server}
          title="Connect your first cluster"
          actions={
            mayRegister ? (
              <Link className={buttonClass({ tone: "primary" })} href={`${path}/register`}>
                Register a cluster
              </Link>
            ) : null
          }
        >
          {mayRegister
            ? "One command installs a read-only agent. Results start in about a minute."
            : "Nobody has registered a cluster yet. An owner or a platform engineer can."}
        </Message>
      </div>
    );
  }
  return (
    <>
      <FleetSummary summary={data.summary} />
      {isError ? <Note tone="warn">The list could not be refreshed. It shows the state from before.</Note> : null}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <FilterBar
          search={{ label: "Search clusters by name", placeholder: "Search clusters" }}
          keep={["project", "cluster"]}
          choices={[
            {
              name: "sort",
              label: "Order",
              any: "Worst first",
              options: [
                { value: "name", label: "By name" },
                { value: "findings", label: "By findings" },
                { value: "lastScanAt", label: "By last scan" },
              ],
            },
            scopeChoice("scope"),
            {
              name: "freshness",
              label: "Evidence",
              any: "Any age",
              options: [
                { value: "current", label: "Current" },
                { value: "stale", label: "Stale" },
                { value: "expired", label: "Older than 7 days" },
                { value: "none", label: "Never scanned" },
              ],
            },
            {
              name: "agent",
              label: "Agent",
              any: "Any agent",
              options: [
                { value: "enrolled", label: "Connected" },
                { value: "awaiting-agent", label: "Waiting" },
                { value: "silent", label: "Silent" },
                { value: "revoked", label: "Revoked" },
                { value: "quarantined", label: "Quarantined" },
              ],
            },
          ]}
        />
        <div className="ml-auto max-md:ml-0">
          <FleetLegend />
        </div>
      </div>
      {state.kind === "rows" ? (
        <>
          <FleetGrid
            organization={organization}
            rows={state.rows}
            grouped={params["sort"] === undefined || params["sort"] === "project"}
          />
          {data.total > data.pageSize ? (
            <Pager
              path={path}
              params={params}
              page={data.page}
              pageSize={data.pageSize}
              total={data.total}
              noun="clusters"
            />
          ) : null}
        </>
      ) : (
        <div className="card">
          <Message
            icon={ListFilter}
            title={state.kind === "past-end" ? "This page is past the end" : "No cluster matches"}
            actions={
              <Link className={buttonClass({})} href={clearHref}>
                Clear filters
              </Link>
            }
          >
            {data.totalUnfiltered.toLocaleString("en")} clusters without the filters.
          </Message>
        </div>
      )}
    </>
  );
}
