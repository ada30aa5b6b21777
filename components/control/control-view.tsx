import Link from "next/link";
import type { ReactNode } from "react";
import type { ControlDetail } from "@/lib/api/assessment";
import { KeyValue } from "@/components/ui/key-value";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, Section, WithRail } from "@/components/ui/page";
import { OwnTag } from "../custom-control/own-tag";
import { ClusterTiles } from "../cluster-tiles";
import { GuideNames } from "../guide/guide-names";
import { ResultCountsText } from "../status/breakdown";
import { SeverityBars } from "../status/severity";
import { StatusLabel } from "../status/status-label";
import { ControlSections, ControlSources } from "./inputs";
import { judgedWord } from "./judged";
import { MappingTable } from "./mapping-table";
import { RuleInWords } from "./rule";
import { Verify } from "./verify";

/** One control: where it stands in each cluster, every object that it judged, how it decides and what it can't see. */
export function ControlView({
  organization,
  control,
  results,
}: {
  organization: string;
  control: ControlDetail;
  results: ReactNode;
}) {
  const base = `/o/${organization}`;
  return (
    <>
      <PageHead
        title={control.title}
        mark={
          <span className="flex items-center gap-3">
            <StatusLabel status={control.status} />
            <SeverityBars severity={control.severity} />
            <OwnTag control={control.id} />
          </span>
        }
      >
        <span className="mono">{control.id}</span> · one result for each {judgedWord(control.judges)} ·{" "}
        {control.clustersTotal === 0
          ? "no cluster yet"
          : `${control.clustersFailing} of ${control.clustersTotal} clusters fail`}
      </PageHead>
      <WithRail rail={<Rail base={base} control={control} />}>
        <CatalogNote control={control} />
        {control.perCluster.length > 0 ? (
          <Section title="Clusters">
            <ClusterTiles
              tiles={control.perCluster.map((each) => ({
                slug: each.slug,
                name: each.name,
                status: each.status,
                freshness: each.freshness,
                lastScanAt: each.lastScanAt,
                href: `${base}/controls/${control.id}?cluster=${each.slug}`,
                line: each.status === "not-assessed" ? null : <ResultCountsText counts={each.counts} noun="" />,
              }))}
            />
          </Section>
        ) : null}
        <Section title="Every object judged">{results}</Section>
        <Section title="How it decides">
          <RuleInWords rule={control.rule} whole />
        </Section>
        <Section
          title="Counts toward"
          aside={`${control.requirements.length} ${control.requirements.length === 1 ? "requirement" : "requirements"}`}
        >
          <MappingTable base={base} requirements={control.requirements} />
        </Section>
        {control.sources.length > 0 ? (
          <Section title="Documents that it reads">
            <p className="mb-2 max-w-190 text-fg-3">
              What the API of a cluster does not show comes from documents that people upload. Where the control could
              not evaluate something, one of these can make it known; the result says which.
            </p>
            <ControlSources base={base} sources={control.sources} />
          </Section>
        ) : null}
        <Section title="Verify it yourself">
          <Verify title={`The assessor's command for ${control.id}`} verify={control.verify} />
        </Section>
        <p className="no-print text-fg-3">
          <Link prefetch={false} className="link" href={`${base}/findings?control=${control.id}`}>
            Findings of this control
          </Link>
        </p>
      </WithRail>
    </>
  );
}

function Rail({ base, control }: { base: string; control: ControlDetail }) {
  const { catalog } = control;
  return (
    <>
      <RailBox title="This control">
        <KeyValue
          narrow
          items={[
            {
              name: "Family",
              value: (
                <Link prefetch={false} className="row-link" href={`${base}/controls?family=${control.family.id}`}>
                  {control.family.title}
                </Link>
              ),
            },
            { name: "Severity", value: <SeverityBars severity={control.severity} /> },
            { name: "Judges", value: `each ${judgedWord(control.judges)}` },
            { name: "Stale after", value: `${control.staleAfterHours} hours` },
            {
              name: control.family.id === "custom" ? "Definition" : "Catalogue",
              value:
                control.family.id === "custom" ? (
                  <Link prefetch={false} className="row-link" href={`${base}/controls/custom/${control.id}`}>
                    The organization’s own
                  </Link>
                ) : (
                  <Link
                    prefetch={false}
                    className="row-link mono"
                    href={`${base}/catalog/${encodeURIComponent(catalog.version)}?control=${control.id}`}
                  >
                    {catalog.version}
                  </Link>
                ),
            },
            { name: "Revision", value: control.revision },
          ]}
        />
      </RailBox>
      <RailBox title="Reads from the Kubernetes API">
        <ControlSections sections={control.sections} />
      </RailBox>
      {control.guideErrors.length > 0 ? (
        <RailBox title="What common guides get wrong">
          <GuideNames base={base} errors={control.guideErrors} />
        </RailBox>
      ) : null}
    </>
  );
}

/** Where the active catalogue version and the code of this release part ways. */
function CatalogNote({ control: { catalog } }: { control: ControlDetail }) {
  if (catalog.isRetired)
    return (
      <Note tone="warn">
        <b className="font-strong">This release has no code for this control.</b> It belongs to catalogue{" "}
        {catalog.version} and answers Could not evaluate until another version is active.
      </Note>
    );
  if (catalog.isDecidedAnew)
    return (
      <Note tone="warn">
        <b className="font-strong">It decides otherwise than catalogue {catalog.version} says:</b> this release has only
        its newer code, that of {catalog.shippedVersion}.
      </Note>
    );
  return null;
}
