import type { RequirementsPage } from "@/lib/api/assessment";
import { CoverageBar, COVERAGE_ORDER, COVERAGES } from "../status/coverage";
import { BarPart, StatusFigure } from "../status/figure";
import { rollupEntry, STATUSES } from "../status/statuses";

const number = (value: number) => value.toLocaleString("en");

/** "186 of 226 applicable ready", never a percentage, and what stands between. */
export function RequirementsSummary({ summary }: { summary: RequirementsPage["summary"] }) {
  const rest = summary.applicable - summary.ready - summary.blocked - summary.needPerson - summary.notAssessed;
  const unknown = summary.blocked - summary.failing;
  return (
    <section
      aria-label="Requirements in figures"
      className="grid grid-cols-2 overflow-hidden rounded-card border border-line max-lg:gap-px max-lg:bg-line lg:grid-cols-[2fr_1.15fr_1fr_1fr_1fr_2.3fr]"
    >
      <div className="px-4 py-2.5 max-lg:col-span-2 max-lg:bg-surface">
        <p className="text-[1.125rem]/6 font-heavy tracking-[-0.015em]">
          {number(summary.ready)} of {number(summary.applicable)}{" "}
          <span className="text-small font-book tracking-normal text-fg-3">applicable requirements ready</span>
        </p>
        <span aria-hidden="true" className="mt-2 flex h-2 gap-0.5 overflow-hidden rounded">
          <BarPart value={summary.ready} look="bg-pass" />
          <BarPart
            value={summary.needPerson + Math.max(0, rest)}
            look="bg-[repeating-linear-gradient(135deg,var(--human)_0_1.5px,var(--human-tint)_1.5px_4px)]"
          />
          <BarPart value={summary.notAssessed} look="shadow-[inset_0_0_0_1px_var(--none)]" />
          <BarPart value={unknown} look="bg-warn" />
          <BarPart value={summary.failing} look="bg-fail" />
        </span>
      </div>
      <StatusFigure entry={rollupEntry("blocked", summary.failing > 0)} value={summary.blocked}>
        blocked
        {summary.failing > 0 ? `, ${number(summary.failing)} fail` : unknown > 0 ? ", none fails" : ""}
      </StatusFigure>
      <StatusFigure entry={STATUSES["needs-attestation"]} value={summary.needPerson}>
        need a person
      </StatusFigure>
      <StatusFigure entry={STATUSES["not-assessed"]} value={summary.notAssessed}>
        not assessed
      </StatusFigure>
      <StatusFigure entry={STATUSES["not-applicable"]} value={summary.notApplicable}>
        not applicable
      </StatusFigure>
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
