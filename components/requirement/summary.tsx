import type { RequirementsPage } from "@/lib/api/assessment";
import type { ReactNode } from "react";
import { CoverageBar, COVERAGE_ORDER, COVERAGES } from "../status/coverage";
import { StatusIcon } from "../status/status-icon";
import { STATUSES, type Status } from "../status/statuses";

const number = (value: number) => value.toLocaleString("en");

/** "186 of 226 applicable ready", never a percentage, and what stands between. */
export function RequirementsSummary({ summary }: { summary: RequirementsPage["summary"] }) {
  const rest = summary.applicable - summary.ready - summary.blocked - summary.needPerson - summary.notAssessed;
  return (
    <section
      aria-label="Requirements in figures"
      className="grid grid-cols-2 overflow-hidden rounded-card border border-line max-lg:gap-px max-lg:bg-line lg:grid-cols-[2fr_1fr_1fr_1fr_1fr_2.3fr]"
    >
      <div className="px-4 py-2.5 max-lg:col-span-2 max-lg:bg-surface">
        <p className="text-[1.125rem]/6 font-heavy tracking-[-0.015em]">
          {number(summary.ready)} of {number(summary.applicable)}{" "}
          <span className="text-small font-book tracking-normal text-fg-3">applicable requirements ready</span>
        </p>
        <span aria-hidden="true" className="mt-2 flex h-2 gap-0.5 overflow-hidden rounded">
          <Part value={summary.ready} look="bg-pass" />
          <Part
            value={summary.needPerson + Math.max(0, rest)}
            look="bg-[repeating-linear-gradient(135deg,var(--human)_0_1.5px,var(--human-tint)_1.5px_4px)]"
          />
          <Part value={summary.notAssessed} look="shadow-[inset_0_0_0_1px_var(--none)]" />
          <Part value={summary.blocked} look="bg-fail" />
        </span>
      </div>
      <Figure status="fail" value={summary.blocked}>
        blocked
      </Figure>
      <Figure status="needs-attestation" value={summary.needPerson}>
        need a person
      </Figure>
      <Figure status="not-assessed" value={summary.notAssessed}>
        not assessed
      </Figure>
      <Figure status="not-applicable" value={summary.notApplicable}>
        not applicable
      </Figure>
      <div className="border-line px-4 py-2.5 max-lg:col-span-2 max-lg:bg-surface lg:border-l">
        <p className="flex h-6 items-center">
          <CoverageBar counts={summary.byCoverage} />
        </p>
        <p className="flex flex-wrap gap-x-2.5 text-small text-fg-3">
          {COVERAGE_ORDER.filter((key) => (summary.byCoverage[key] ?? 0) > 0).map((key) => (
            <span key={key}>
              <b className="font-strong text-fg">{number(summary.byCoverage[key] ?? 0)}</b> {COVERAGES[key].short}
            </span>
          ))}
        </p>
      </div>
    </section>
  );
}

function Part({ value, look }: { value: number; look: string }) {
  return value > 0 ? <i className={`block min-w-[3px] rounded-[1.5px] ${look}`} style={{ flex: value }} /> : null;
}

function Figure({ status, value, children }: { status: Status; value: number; children: ReactNode }) {
  return (
    <div className="border-line px-4 py-2.5 max-lg:bg-surface lg:border-l">
      <p className="flex items-center gap-2 text-[1.125rem]/6 font-heavy tracking-[-0.015em]">
        <StatusIcon shape={STATUSES[status].shape} tone={STATUSES[status].tone} /> {number(value)}
      </p>
      <p className="text-small text-fg-3">{children}</p>
    </div>
  );
}
