import { CornerDownRight } from "lucide-react";
import Link from "next/link";
import type { FindingDetail } from "@/lib/api/assessment";
import { CodeBlock } from "@/components/ui/code-block";
import { Disclosure } from "@/components/ui/disclosure";
import { KeyValue } from "@/components/ui/key-value";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, Section, WithRail } from "@/components/ui/page";
import { OwnTag } from "../custom-control/own-tag";
import { CheckAgain } from "../cluster/check-again";
import { LINK_WORDS } from "../control/link-words";
import { RuleInWords } from "../control/rule";
import { Verify } from "../control/verify";
import { ObjectName } from "../object-name";
import { EvidenceList } from "../result/evidence";
import { FreshnessText } from "../status/freshness-text";
import { Moment } from "../status/moment";
import { ScopeMark } from "../status/scope-mark";
import { SeverityBars } from "../status/severity";
import { StaleTag } from "../status/stale-tag";
import { StatusIcon } from "../status/status-icon";
import { StatusLabel } from "../status/status-label";

const EVENTS: Record<FindingDetail["history"][number]["event"], string> = {
  opened: "Opened",
  resolved: "Resolved",
  reopened: "Reopened",
};

/** One finding: what should be, what is, what to apply, how to see it without us, and what happened to it so far. */
export function FindingView({
  organization,
  finding,
  mayRescan,
}: {
  organization: string;
  finding: FindingDetail;
  mayRescan: boolean;
}) {
  const base = `/o/${organization}`;
  const isOpen = finding.state === "open";
  const { remediation } = finding;
  return (
    <>
      <PageHead
        title={finding.reason}
        mark={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            {isOpen ? (
              <span className="inline-flex items-center gap-1.5 font-medium text-fail-fg">
                <StatusIcon shape="octagon-cross" tone="fail" /> Open since <Moment at={finding.firstSeenAt} />
              </span>
            ) : (
              <StatusLabel status="pass" note={finding.resolvedAt ? undefined : "resolved"} />
            )}
            {!isOpen && finding.resolvedAt ? (
              <span className="text-fg-3">
                resolved <Moment at={finding.resolvedAt} />
              </span>
            ) : null}
            <SeverityBars severity={finding.severity} />
            <StaleTag freshness={finding.freshness} />
          </span>
        }
      >
        <span className="mono">F-{finding.number}</span> · {finding.controlTitle} <OwnTag control={finding.control} />
      </PageHead>
      <WithRail
        rail={
          <>
            <RailBox title="This finding">
              <KeyValue
                narrow
                items={[
                  {
                    name: "Cluster",
                    value: (
                      <Link
                        prefetch={false}
                        className="row-link font-strong"
                        href={`${base}/clusters/${finding.cluster.slug}`}
                      >
                        {finding.cluster.name}
                      </Link>
                    ),
                  },
                  { name: "Project", value: finding.cluster.project },
                  { name: "Object", value: <ObjectName object={finding.object} part={finding.part} /> },
                  { name: "Scope", value: <ScopeMark category={finding.scope} /> },
                  {
                    name: "Control",
                    value: (
                      <Link prefetch={false} className="link mono" href={`${base}/controls/${finding.control}`}>
                        {finding.control}
                      </Link>
                    ),
                  },
                  { name: "Last seen", value: <FreshnessText at={finding.lastSeenAt} freshness={finding.freshness} /> },
                ]}
              />
              {mayRescan && isOpen ? (
                <div className="no-print mt-3.5">
                  <CheckAgain organization={organization} slug={finding.cluster.slug} wide />
                  <p className="mt-1.5 text-small text-fg-3">
                    Asks the agent to read the cluster again. Do it after the fix is applied.
                  </p>
                </div>
              ) : null}
            </RailBox>
            <RailBox title="Counts toward">
              <ul className="space-y-2">
                {finding.links.map((link) => (
                  <li key={link.requirement} className="grid grid-cols-[44px_minmax(0,1fr)] gap-x-2">
                    <Link
                      prefetch={false}
                      className="row-link font-strong"
                      href={`${base}/requirements/${link.requirement}?cluster=${finding.cluster.slug}`}
                    >
                      {link.requirement}
                    </Link>
                    <span className="text-fg-2">
                      {link.title}
                      <span className="block text-small text-fg-3" title={LINK_WORDS[link.kind].meaning}>
                        {LINK_WORDS[link.kind].word}
                      </span>
                    </span>
                  </li>
                ))}
              </ul>
            </RailBox>
            <RailBox title="History">
              <ol className="space-y-2.5">
                {finding.history.toReversed().map((entry) => (
                  <li key={`${entry.scanSeq}${entry.event}`} className="grid grid-cols-[14px_minmax(0,1fr)] gap-x-2">
                    <span
                      aria-hidden="true"
                      className={`mt-1.5 size-2 rounded-full border-[1.5px] ${entry.event === "resolved" ? "border-control bg-surface" : "border-fail bg-fail"}`}
                    />
                    <span>
                      {EVENTS[entry.event]} <span className="text-fg-3">by scan {entry.scanSeq}</span>
                      <span className="block text-small text-fg-3">
                        <Moment at={entry.at} />
                      </span>
                    </span>
                  </li>
                ))}
              </ol>
            </RailBox>
          </>
        }
      >
        <div className="grid gap-2.5 md:grid-cols-2">
          <div className="rounded-lg border border-line px-3 py-2.5">
            <p className="mb-1 flex items-center gap-1.5 text-small text-fg-3">
              <StatusIcon shape="circle-tick" tone="pass" size={14} /> Expected
            </p>
            <p>{finding.rule.pass}</p>
          </div>
          <div
            className={
              isOpen
                ? "rounded-lg border border-fail-line bg-fail-tint px-3 py-2.5"
                : "rounded-lg border border-line px-3 py-2.5"
            }
          >
            <p className={`mb-1 flex items-center gap-1.5 text-small ${isOpen ? "text-fail-fg" : "text-fg-3"}`}>
              <StatusIcon shape="octagon-cross" tone="fail" size={14} /> Found <Moment at={finding.lastSeenAt} />
            </p>
            <p className="break-words">{finding.detail}</p>
          </div>
        </div>
        <EvidenceList evidence={finding.evidence} />
        {remediation && isOpen ? (
          <Section title="Fix">
            <div className="space-y-2.5">
              <p className="text-fg-2">{remediation.summary}</p>
              {remediation.manifest ? (
                <CodeBlock title="Manifest" language="yaml" text={remediation.manifest} added />
              ) : null}
              {remediation.apply ? <CodeBlock title="Apply it" language="shell" text={remediation.apply} /> : null}
              <Note tone="warn">
                <b className="font-strong">What it could break.</b> {remediation.risk}
              </Note>
            </div>
          </Section>
        ) : null}
        <Section title="Verify it yourself">
          <Verify title={`Against ${finding.cluster.name}`} verify={finding.verify} />
        </Section>
        <Section title="How it decides">
          <RuleInWords rule={finding.rule} />
          <p className="mt-2 flex gap-2 text-fg-3">
            <CornerDownRight size={14} aria-hidden="true" className="mt-1 shrink-0" /> {finding.rule.why}
          </p>
        </Section>
        <Section title="Raw object">
          {finding.rawObject === null ? (
            <p className="text-fg-3">The object is not in the latest snapshot of this cluster any more.</p>
          ) : (
            <div className="card px-3.5">
              <Disclosure summary={<span>As it was in the latest scan, redacted by the allow-list</span>}>
                <CodeBlock
                  title={`${finding.object.kind} ${finding.object.name}`}
                  language="json"
                  text={finding.rawObject}
                  maxHeight="28rem"
                />
              </Disclosure>
            </div>
          )}
        </Section>
      </WithRail>
    </>
  );
}
