"use client";
import { PlugZap } from "lucide-react";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { PageHead } from "@/components/ui/page";
import { Spinner } from "@/components/ui/spinner";
import { FreshnessText } from "../status/freshness-text";
import { formatMoment } from "../status/time";
import { ScopeMark } from "../status/scope-mark";
import { AgentDot } from "./agent-dot";
import { CheckAgain } from "./check-again";
import { useCluster } from "./live-cluster";
import { AGENT_STATES, platformWords } from "./words";

const SCAN_WORDS = {
  uploading: "Uploading the inventory",
  queued: "Waiting for a worker",
  evaluating: "Evaluating",
  done: "",
  failed: "",
};

/** Name, agent, freshness, and whatever stands in the way of believing the results. */
export function ClusterHead({ organization, mayRescan }: { organization: string; mayRescan: boolean }) {
  const cluster = useCluster();
  const state = AGENT_STATES[cluster.agent];
  const running = cluster.scanning ? cluster.latestScan?.state : undefined;
  return (
    <>
      <PageHead
        title={cluster.name}
        mark={
          <span className="flex flex-wrap items-center gap-2">
            <span className="chip" title={state.meaning}>
              <AgentDot state={cluster.agent} /> <span aria-hidden="true">{state.word}</span>
            </span>
            <ScopeMark category={cluster.scope} />
          </span>
        }
        actions={
          mayRescan && cluster.agent === "enrolled" ? (
            <CheckAgain organization={organization} slug={cluster.slug} />
          ) : null
        }
      >
        {platformWords(cluster.provider, cluster.kubernetesVersion)} · {cluster.project.name} · last scan{" "}
        <FreshnessText at={cluster.lastScanAt} freshness={cluster.freshness} sentence />
        {cluster.agent === "awaiting-agent" ? null : (
          <>
            {" "}
            · agent heard <FreshnessText at={cluster.lastSeenAt} sentence />
          </>
        )}
      </PageHead>
      <div className="space-y-2 px-4 pb-2 empty:hidden md:px-6">
        {cluster.scanning ? (
          <output className="flex items-center gap-2 rounded-lg border border-line bg-subtle px-3 py-2">
            <Spinner /> <b className="font-strong">{running ? SCAN_WORDS[running] || "Scanning" : "Scanning"}</b>
            <span className="text-fg-3">
              {cluster.latestScan && cluster.latestScan.state !== "done"
                ? `${cluster.latestScan.objects.toLocaleString("en")} objects so far. `
                : ""}
              Results below are from the last finished scan until this one is done.
            </span>
          </output>
        ) : null}
        {cluster.freshness === "stale" && cluster.lastScanAt ? (
          <Note tone="stale">
            <b className="font-strong">
              {cluster.name} has not been scanned since {formatMoment(cluster.lastScanAt)}.
            </b>{" "}
            Its results keep their value and are marked stale; after 7 days they count as Not assessed.
          </Note>
        ) : null}
        {cluster.freshness === "expired" ? (
          <Note tone="stale">
            <b className="font-strong">The last scan is older than 7 days.</b> Everything about this cluster counts as
            Not assessed.
          </Note>
        ) : null}
        {cluster.agent === "silent" || cluster.agent === "quarantined" || cluster.agent === "revoked" ? (
          <Note
            tone={cluster.agent === "silent" ? "warn" : "fail"}
            actions={cluster.agent === "silent" ? null : <EnrolLink organization={organization} slug={cluster.slug} />}
          >
            {state.meaning}
          </Note>
        ) : null}
        {cluster.versionSkew === "older" || cluster.versionSkew === "unsupported" ? (
          <Note tone={cluster.versionSkew === "unsupported" ? "fail" : "warn"}>
            Agent {cluster.agentVersion} is {cluster.versionSkew === "unsupported" ? "too old for" : "older than"} this
            server, which brings agent {cluster.serverAgentVersion}. Enrol again with a new command to update it.
          </Note>
        ) : null}
        {cluster.latestScan?.state === "failed" ? (
          <Note tone="fail">
            The latest scan broke off: {cluster.latestScan.error ?? "no reason was recorded"}. Results are from the scan
            before it.
          </Note>
        ) : null}
        {cluster.agent === "awaiting-agent" && cluster.enrolment.state !== "open" ? (
          <Note tone="warn" actions={<EnrolLink organization={organization} slug={cluster.slug} />}>
            <b className="font-strong">
              {cluster.enrolment.state === "expired"
                ? "The token expired before an agent used it."
                : "No token is open for this cluster."}
            </b>{" "}
            No agent is enrolled{cluster.lastScanAt === null ? "" : ", so the results are those of the agent before"}. A
            new command starts over.
          </Note>
        ) : null}
        {cluster.agent === "awaiting-agent" && cluster.enrolment.state === "open" ? (
          <p className="flex items-center gap-2 text-fg-3">
            <PlugZap size={15} aria-hidden="true" className="shrink-0" />{" "}
            {cluster.lastScanAt === null
              ? "Nothing can be seen from here before the agent has called."
              : "The results are those of the agent before; nothing new comes in before the new agent has called."}{" "}
            The command was shown once; its token works{" "}
            {cluster.enrolment.expiresAt ? `until ${formatMoment(cluster.enrolment.expiresAt)}` : "once"}.
          </p>
        ) : null}
      </div>
    </>
  );
}

function EnrolLink({ organization, slug }: { organization: string; slug: string }) {
  return (
    <Link
      prefetch={false}
      className={buttonClass({ small: true })}
      href={`/o/${organization}/clusters/${slug}?tab=agent`}
    >
      To the agent
    </Link>
  );
}
