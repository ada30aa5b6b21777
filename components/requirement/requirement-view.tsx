import { ArrowLeft, ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import type { RequirementDetail } from "@/lib/api/assessment";
import { buttonClass } from "@/components/ui/button";
import { LazyDisclosure } from "@/components/ui/lazy-disclosure";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, Section, WithRail } from "@/components/ui/page";
import { ClusterTiles } from "../cluster-tiles";
import { LINK_WORDS } from "../control/link-words";
import { RuleInWords } from "../control/rule";
import { Verify } from "../control/verify";
import { LensLink } from "../lens-link";
import { Breakdown, ResultCountsText } from "../status/breakdown";
import { CoverageLabel } from "../status/coverage";
import { SeverityBars } from "../status/severity";
import { StatusIcon } from "../status/status-icon";
import { RollupLabel, StatusLabel } from "../status/status-label";
import { STATUSES } from "../status/statuses";

/** One requirement for somebody who has to believe it: what was tested, on what, with which result, and how to check it. */
export function RequirementView({
  organization,
  requirement,
  results,
  below,
}: {
  organization: string;
  requirement: RequirementDetail;
  /** The results table; null where no control judges anything. */
  results: ReactNode;
  /** Principals and sections: the rows below. */
  below: ReactNode;
}) {
  const base = `/o/${organization}`;
  const isLeaf = requirement.kind === "requirement";
  return (
    <>
      <PageHead
        title={
          <>
            {requirement.id} {requirement.title}
          </>
        }
        mark={
          requirement.status !== null ? (
            <StatusLabel status={requirement.status} freshness={requirement.freshness} />
          ) : requirement.rollup !== null ? (
            <RollupLabel
              rollup={requirement.rollup}
              hasFail={(requirement.breakdown.fail ?? 0) > 0}
              freshness={requirement.freshness}
            />
          ) : null
        }
        actions={
          <nav aria-label="Neighbouring requirements" className="flex gap-1">
            {requirement.previous ? (
              <LensLink
                className={buttonClass({ tone: "quiet" })}
                href={`${base}/requirements/${requirement.previous}`}
                rel="prev"
              >
                <ArrowLeft size={14} aria-hidden="true" /> <span className="sr-only">Previous:</span>{" "}
                {requirement.previous}
              </LensLink>
            ) : null}
            {requirement.next ? (
              <LensLink
                className={buttonClass({ tone: "quiet" })}
                href={`${base}/requirements/${requirement.next}`}
                rel="next"
              >
                <span className="sr-only">Next:</span> {requirement.next} <ArrowRight size={14} aria-hidden="true" />
              </LensLink>
            ) : null}
          </nav>
        }
      >
        <span className="mt-1 flex flex-wrap gap-1.5">
          <span className="chip chip-outline">
            <CoverageLabel coverage={requirement.coverage} />
          </span>
          <span className="chip chip-outline">
            {requirement.clustersTotal === 0
              ? "no cluster in this lens"
              : isLeaf
                ? `${requirement.clustersWorst} of ${requirement.clustersTotal} clusters show this`
                : `${requirement.clustersTotal} clusters`}
          </span>
          {requirement.serviceProviderOnly ? <span className="chip chip-outline">Service providers only</span> : null}
          {requirement.appliesTo ? (
            <span className="chip chip-outline max-w-full whitespace-normal">{requirement.appliesTo}</span>
          ) : null}
        </span>
      </PageHead>
      <WithRail
        rail={
          <>
            {isLeaf ? (
              <RailBox title="What the evidence points to">
                <Position suggested={requirement.suggestedPosition} missing={requirement.missingControls.length} />
              </RailBox>
            ) : (
              <RailBox title="Requirements below">
                <Breakdown counts={requirement.breakdown} />
              </RailBox>
            )}
            {requirement.attestations.length > 0 ? (
              <RailBox title="Attestations needed">
                <ul className="space-y-3">
                  {requirement.attestations.map((attestation) => (
                    <li key={attestation.id} className="grid grid-cols-[18px_minmax(0,1fr)] gap-x-2">
                      <span className="pt-0.5">
                        <StatusIcon
                          shape={STATUSES[attestation.status].shape}
                          tone={STATUSES[attestation.status].tone}
                          size={15}
                        />
                      </span>
                      <span>
                        <span className="font-medium">{attestation.title}</span>
                        <span className="block text-small text-human-fg">{STATUSES[attestation.status].word}</span>
                        <span className="block text-small text-fg-3">
                          An assessor expects: {attestation.assessorExpects}
                        </span>
                      </span>
                    </li>
                  ))}
                </ul>
              </RailBox>
            ) : null}
            {requirement.kubernetesReason ? (
              <RailBox title="What a cluster can show of it">
                <p className="text-fg-2">{requirement.kubernetesReason}</p>
              </RailBox>
            ) : null}
            {requirement.typicalEvidence.length > 0 ? (
              <RailBox title="Evidence that is usually asked for">
                <ul className="list-disc space-y-1 pl-4 text-fg-2">
                  {requirement.typicalEvidence.map((item) => (
                    <li key={item}>{item}</li>
                  ))}
                </ul>
              </RailBox>
            ) : null}
          </>
        }
      >
        {below}
        {isLeaf && requirement.perCluster.length > 0 ? (
          <Section title="Clusters">
            <ClusterTiles
              tiles={requirement.perCluster.map((each) => ({
                ...each,
                href: `${base}/requirements/${requirement.id}?cluster=${each.slug}`,
              }))}
            />
          </Section>
        ) : null}
        {isLeaf ? (
          <Section
            title="What was tested"
            aside={
              requirement.controlList.length > 0
                ? `${requirement.controlList.length} ${requirement.controlList.length === 1 ? "control" : "controls"}`
                : null
            }
          >
            {requirement.controlList.length === 0 ? (
              requirement.missingControls.length === 0 ? (
                <Note>No control tests this requirement from a cluster. A person has to show it.</Note>
              ) : null
            ) : (
              <div className="card divide-y divide-line px-3.5">
                {requirement.controlList.map((control) => (
                  <LazyDisclosure
                    key={control.id}
                    summary={
                      <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-0.5">
                        <span className="min-w-0 flex-1 basis-64">
                          <span className="font-medium">{control.title}</span>
                          <span className="block text-small text-fg-3">
                            <span className="mono">{control.id}</span> · {LINK_WORDS[control.link].word.toLowerCase()} ·{" "}
                            <ResultCountsText counts={control.counts} />
                          </span>
                        </span>
                        <span className="md:w-20">
                          <SeverityBars severity={control.severity} />
                        </span>
                        <span className="md:w-44">
                          <StatusLabel status={control.status} freshness={control.freshness} />
                        </span>
                      </span>
                    }
                  >
                    <div className="space-y-3">
                      <p className="text-fg-2">
                        <b className="font-strong">{LINK_WORDS[control.link].meaning}</b> {control.rationale}
                      </p>
                      <RuleInWords rule={control.rule} />
                      <p className="text-fg-2">
                        <span className="text-fg-3">Cannot see:</span> {control.rule.cannotSee}
                      </p>
                      <h3 className="font-strong">Verify it yourself</h3>
                      <Verify title={`The assessor's command for ${control.id}`} verify={control.verify} />
                      <p>
                        <LensLink className="link" href={`${base}/controls/${control.id}`}>
                          Open the control
                        </LensLink>
                      </p>
                    </div>
                  </LazyDisclosure>
                ))}
              </div>
            )}
            <NotTested controls={requirement.missingControls} isAlone={requirement.controlList.length === 0} />
          </Section>
        ) : null}
        {results ? <Section title="Every object judged">{results}</Section> : null}
      </WithRail>
    </>
  );
}

/** Controls that decide as well and that this release does not have: without them nothing here is more than a part. */
function NotTested({ controls, isAlone }: { controls: readonly string[]; isAlone: boolean }) {
  if (controls.length === 0) return null;
  return (
    <p className="mt-2 text-small text-fg-3">
      Not tested in this release:{" "}
      {controls.map((control, index) => (
        <span key={control}>
          {index > 0 ? ", " : null}
          <span className="mono">{control}</span>
        </span>
      ))}
      . {controls.length === 1 ? "It decides" : "They decide"} this requirement
      {isAlone ? ", and no other control tests it." : " too, so what was tested can't pass it alone."}
    </p>
  );
}

const POSITIONS = ["In Place", "Not in Place", "Not Applicable"] as const;

/** The assessor's words, with the one that the evidence points to marked. The finding in the report is never ours. */
function Position({
  suggested,
  missing,
}: {
  suggested: RequirementDetail["suggestedPosition"];
  /** How many deciding controls this release does not have. */
  missing: number;
}) {
  return (
    <>
      <ul className="space-y-1">
        {POSITIONS.map((position) => {
          const marked = position === suggested;
          const look = !marked
            ? "border-line text-fg-3"
            : position === "Not in Place"
              ? "border-fail-line bg-fail-tint font-strong text-fail-fg"
              : "border-line-strong bg-subtle font-strong text-fg";
          return (
            <li key={position} className={`flex h-7.5 items-center gap-2 rounded-control border px-2.5 ${look}`}>
              <span
                aria-hidden="true"
                className={`size-3.5 rounded-full ${marked ? "border-[4.5px] border-current" : "border-[1.5px] border-control"}`}
              />
              {position}
              {marked ? <span className="ml-auto text-small font-book">points here</span> : null}
            </li>
          );
        })}
      </ul>
      <p className="mt-2 text-small text-fg-3">
        {suggested !== null
          ? ""
          : missing > 0
            ? `No word is suggested: ${missing === 1 ? "a control that decides" : `${missing} controls that decide`} this requirement ${missing === 1 ? "is" : "are"} not in this release. `
            : "The evidence points to none of these yet. "}
        The finding in the Report on Compliance is the assessor's decision.
      </p>
    </>
  );
}
