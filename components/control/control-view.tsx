import Link from "next/link";
import type { ReactNode } from "react";
import type { ControlDetail } from "@/lib/api/assessment";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, Section, WithRail } from "@/components/ui/page";
import { ClusterTiles } from "../cluster-tiles";
import { LensLink } from "../lens-link";
import { ResultCountsText } from "../status/breakdown";
import { SeverityBars } from "../status/severity";
import { StatusLabel } from "../status/status-label";
import { LINK_WORDS } from "./link-words";
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
          </span>
        }
      >
        <span className="mono">{control.id}</span> · judges each {control.judges} ·{" "}
        {control.clustersTotal === 0
          ? "no cluster yet"
          : `${control.clustersFailing} of ${control.clustersTotal} clusters fail`}
      </PageHead>
      <WithRail
        rail={
          <>
            <RailBox title="Counts toward">
              <ul className="space-y-3">
                {control.requirements.map((link) => (
                  <li key={link.requirement} className="grid grid-cols-[48px_minmax(0,1fr)] gap-x-2">
                    <LensLink className="row-link font-strong" href={`${base}/requirements/${link.requirement}`}>
                      {link.requirement}
                    </LensLink>
                    <span className="text-fg-2">
                      <span className="font-medium text-fg" title={LINK_WORDS[link.kind].meaning}>
                        {LINK_WORDS[link.kind].word}.
                      </span>{" "}
                      {link.rationale}
                    </span>
                  </li>
                ))}
              </ul>
            </RailBox>
            <RailBox title="Reads">
              <ul className="flex flex-wrap gap-1.5">
                {control.sections.map((section) => (
                  <li key={section} className="chip mono">
                    {section}
                  </li>
                ))}
              </ul>
              <p className="mt-2 text-fg-3">Never reads Secret values and never opens a connection in the cluster.</p>
            </RailBox>
          </>
        }
      >
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
          <RuleInWords rule={control.rule} />
          <p className="mt-2 text-fg-2">{control.rule.why}</p>
        </Section>
        <Section title="Cannot see">
          <Note>{control.rule.cannotSee}</Note>
        </Section>
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
