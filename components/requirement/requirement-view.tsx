import { ArrowLeft, ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import type { RequirementDetail } from "@/lib/api/assessment";
import { buttonClass } from "@/components/ui/button";
import { PageHead, RailBox, Section, WithRail } from "@/components/ui/page";
import { ClusterTiles } from "../cluster-tiles";
import { GuideNames } from "../guide/guide-names";
import { LensLink } from "../lens-link";
import { Breakdown } from "../status/breakdown";
import { CoverageLabel } from "../status/coverage";
import { RollupLabel, StatusLabel } from "../status/status-label";
import { Attestations } from "./attestations";
import { Position } from "./position";
import { TestedBy } from "./tested-by";
import { EVIDENCE, RELEVANCE, sentence } from "./words";

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
            {requirement.coverageReason !== null ? (
              <RailBox title="How it is checked">
                <CoverageLabel coverage={requirement.coverage} />
                <p className="mt-1 text-fg-2">{requirement.coverageReason}</p>
              </RailBox>
            ) : null}
            {requirement.kubernetesReason ? (
              <RailBox title="What a cluster can show of it">
                <p className="text-fg-2">
                  {RELEVANCE[requirement.kubernetesRelevance]} {sentence(requirement.kubernetesReason)}
                </p>
              </RailBox>
            ) : null}
            {requirement.typicalEvidence.length > 0 ? (
              <RailBox title="Evidence that is usually asked for">
                <ul className="list-disc space-y-1 pl-4 text-fg-2">
                  {requirement.typicalEvidence.map((item) => (
                    <li key={item}>{EVIDENCE[item]}</li>
                  ))}
                </ul>
              </RailBox>
            ) : null}
            {requirement.guideErrors.length > 0 ? (
              <RailBox title="What common guides get wrong">
                <GuideNames base={base} errors={requirement.guideErrors} />
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
            <TestedBy base={base} requirement={requirement} />
          </Section>
        ) : null}
        {requirement.attestations.length > 0 ? (
          <Section title="What a person has to state">
            <Attestations attestations={requirement.attestations} />
          </Section>
        ) : null}
        {results ? <Section title="Every object judged">{results}</Section> : null}
      </WithRail>
    </>
  );
}
