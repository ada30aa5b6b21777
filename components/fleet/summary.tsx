import clsx from "clsx";
import { CircleDashed, Clock } from "lucide-react";
import type { ReactNode } from "react";
import type { FleetPage } from "@/lib/api/clusters";
import { FreshnessText } from "../status/freshness-text";

const number = (value: number) => value.toLocaleString("en");

/** Five figures over the whole fleet of the lens, each with its denominator. */
export function FleetSummary({ summary }: { summary: FleetPage["summary"] }) {
  const { workloads } = summary;
  const declared = workloads.cde + workloads.connectedTo + workloads.outOfScope;
  return (
    <section
      aria-label="Fleet in figures"
      className="grid grid-cols-2 rounded-card border border-line max-md:gap-px max-md:bg-line max-md:overflow-hidden md:grid-cols-4"
    >
      <Figure label="Reporting" value={number(summary.reporting)} of={`of ${number(summary.clusters)} clusters`}>
        {summary.stale + summary.neverConnected === 0 ? (
          "none stale"
        ) : (
          <span className="flex flex-wrap gap-x-2.5">
            {summary.stale > 0 ? (
              <span className="flex items-center gap-1">
                <Clock size={12} aria-hidden="true" className="text-warn" /> {number(summary.stale)} stale
              </span>
            ) : null}
            {summary.neverConnected > 0 ? (
              <span className="flex items-center gap-1">
                <CircleDashed size={12} aria-hidden="true" /> {number(summary.neverConnected)} never connected
              </span>
            ) : null}
          </span>
        )}
      </Figure>
      <Figure
        label="Failing controls"
        value={number(summary.failingControls)}
        of={`of ${number(summary.controls)}, in ${number(summary.clustersWithFailures)} of ${number(summary.clusters)} clusters`}
      >
        {summary.criticalFindings > 0 ? (
          <b className="font-strong text-fail-fg">
            {number(summary.criticalFindings)} critical {summary.criticalFindings === 1 ? "finding" : "findings"}
          </b>
        ) : (
          "no critical finding"
        )}
      </Figure>
      <div className="border-line px-4 py-2.5 max-md:col-span-2 max-md:bg-surface md:border-l">
        <p className="text-small text-fg-3">Workloads by PCI scope</p>
        <span aria-hidden="true" className="mt-2 mb-2 flex h-2 gap-0.5">
          <i className="block min-w-px rounded-[1.5px] bg-cde" style={{ flex: workloads.cde }} />
          <i className="block min-w-px rounded-[1.5px] bg-connected" style={{ flex: workloads.connectedTo }} />
          <i className="block min-w-px rounded-[1.5px] bg-outside" style={{ flex: workloads.outOfScope }} />
          <i
            className="block rounded-[1.5px] shadow-[inset_0_0_0_1px_var(--control)]"
            style={{ flex: workloads.undeclared }}
          />
        </span>
        <p className="flex flex-wrap gap-x-3 text-small text-fg-3">
          <span>
            <b className="font-strong text-fg">{number(workloads.cde)}</b> CDE
          </span>
          <span>
            <b className="font-strong text-fg">{number(workloads.connectedTo)}</b> connected-to
          </span>
          <span>
            <b className="font-strong text-fg">{number(workloads.outOfScope)}</b> out
          </span>
          {workloads.undeclared > 0 || declared === 0 ? (
            <span>
              <b className="font-strong text-fg">{number(workloads.undeclared)}</b> not declared
            </span>
          ) : null}
        </p>
      </div>
      <Figure
        wide
        label="Oldest evidence in use"
        value={<FreshnessText at={summary.oldestEvidenceAt} never="none yet" />}
        of=""
      >
        a result is stale after 24 h
      </Figure>
    </section>
  );
}

function Figure({
  label,
  value,
  of,
  children,
  wide = false,
}: {
  label: string;
  value: ReactNode;
  of: string;
  children: ReactNode;
  wide?: boolean;
}) {
  return (
    <div
      className={clsx(
        wide && "max-md:col-span-2",
        "border-line px-4 py-2.5 max-md:bg-surface md:border-l md:first:border-l-0",
      )}
    >
      <p className="text-small text-fg-3">{label}</p>
      <p>
        <b className="text-figure font-heavy tracking-[-0.02em]">{value}</b> <span className="text-fg-3">{of}</span>
      </p>
      <p className="text-small text-fg-3">{children}</p>
    </div>
  );
}
