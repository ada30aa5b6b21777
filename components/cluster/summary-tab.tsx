"use client";
import Link from "next/link";
import { Section } from "@/components/ui/page";
import { KeyValue } from "@/components/ui/key-value";
import { PRINCIPALS } from "../fleet/requirement-names";
import { Moment } from "../status/moment";
import { SeverityBars } from "../status/severity";
import { RollupLabel } from "../status/status-label";
import { FirstResult } from "./first-result";
import { IfNothingArrives } from "./if-nothing-arrives";
import { useCluster } from "./live-cluster";
import { Onboarding } from "./onboarding";

/** The twelve requirements of one cluster and its latest scan; before the first result, the way there. */
export function SummaryTab({ organization }: { organization: string }) {
  const cluster = useCluster();
  const base = `/o/${organization}`;
  if (cluster.lastScanAt === null) {
    return (
      <div className="grid gap-7 lg:grid-cols-[minmax(0,1fr)_300px]">
        <Section title="On the way to the first result">
          <Onboarding steps={cluster.onboarding} />
        </Section>
        <Section title="If nothing arrives">
          <IfNothingArrives />
        </Section>
      </div>
    );
  }
  return (
    <div className="space-y-6">
      <FirstResult organization={organization} cluster={cluster} />
      <Section
        title="Requirements"
        aside={
          <Link prefetch={false} className="link" href={`${base}/requirements?cluster=${cluster.slug}`}>
            All requirements of this cluster
          </Link>
        }
      >
        <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
          {cluster.cells.map((cell) => {
            const principal = PRINCIPALS.find((each) => each.id === cell.requirement);
            return (
              <li key={cell.requirement}>
                <Link
                  prefetch={false}
                  href={`${base}/requirements?cluster=${cluster.slug}&open=${cell.requirement}`}
                  className="card block px-3.5 py-2.5 hover:bg-hover"
                >
                  <span className="flex gap-2">
                    <b className="w-5 font-heavy">{cell.requirement}</b>
                    <span className="truncate font-medium">{principal?.title}</span>
                  </span>
                  <span className="mt-1 flex flex-wrap items-center gap-x-3 pl-7 text-small">
                    <RollupLabel
                      rollup={cell.status}
                      hasFail={cell.failingControls > 0}
                      freshness={cluster.freshness}
                    />
                    {cell.failingControls > 0 ? (
                      <span className="inline-flex items-center gap-1.5 text-fg-2">
                        {cell.hasCritical ? <SeverityBars severity="critical" bare /> : null}
                        {cell.failingControls} failing {cell.failingControls === 1 ? "control" : "controls"}
                      </span>
                    ) : cell.status === "blocked" ? (
                      <span className="text-fg-2">could not be evaluated</span>
                    ) : null}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      </Section>
      <Section title="Latest scan">
        <div className="card px-3.5 py-3">
          <KeyValue
            items={[
              { name: "Collected", value: cluster.latestScan ? <Moment at={cluster.latestScan.collectedAt} /> : "–" },
              {
                name: "Evaluated",
                value: cluster.latestScan?.evaluatedAt ? <Moment at={cluster.latestScan.evaluatedAt} /> : "not yet",
              },
              { name: "Catalogue", value: <span className="mono">{cluster.latestScan?.catalogVersion ?? "–"}</span> },
              {
                name: "Findings",
                value: `${cluster.latestScan?.newFindings ?? 0} new, ${cluster.latestScan?.closedFindings ?? 0} resolved`,
              },
            ]}
          />
        </div>
      </Section>
    </div>
  );
}
