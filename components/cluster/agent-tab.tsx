"use client";
import { useRouter } from "next/navigation";
import dynamic from "next/dynamic";
import { type ReactNode, useState } from "react";
import type { EnrolmentIssued } from "@/lib/api/clusters";
import { Button } from "@/components/ui/button";
import { KeyValue } from "@/components/ui/key-value";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { useToast } from "@/components/ui/toast";
import { useRefresh } from "../live";
import { Problem } from "../problem";
import { request } from "../request";
import { FreshnessText } from "../status/freshness-text";
import { Moment } from "../status/moment";
import { AgentDot } from "./agent-dot";
import { EnrolmentCommand } from "./enrolment";
import { useCluster } from "./live-cluster";
import { Onboarding } from "./onboarding";
import { AGENT_STATES, enrolWords } from "./words";

const ConfirmDialog = dynamic(() => import("@/components/ui/confirm-dialog").then((module) => module.ConfirmDialog), {
  ssr: false,
});

const describeProblem = (error: unknown) => <Problem error={error} />;

const SKEW = {
  none: "the version that this server brings",
  older: "older than the version that this server brings",
  newer: "newer than this server knows",
  unsupported:
    "another major version than this server's, which is not supported: its reports are taken only as long as their format is known here",
};
const ENROLMENT = {
  none: "no token",
  open: "a token is open",
  used: "the token was used",
  expired: "the token expired unused",
  revoked: "the token was revoked",
};

/** The agent's identity and everything that changes it. Each change says what it does before it does it. */
export function AgentTab({
  organization,
  mayRegister,
  mayRevoke,
  mayDelete,
}: {
  organization: string;
  mayRegister: boolean;
  mayRevoke: boolean;
  mayDelete: boolean;
}) {
  const cluster = useCluster();
  const router = useRouter();
  const toast = useToast();
  const refresh = useRefresh();
  const [asking, setAsking] = useState<"revoke" | "enrol" | "delete" | null>(null);
  const [issued, setIssued] = useState<EnrolmentIssued | null>(null);
  const [renewing, setRenewing] = useState(false);
  const base = `/api/o/${organization}/clusters/${cluster.slug}`;

  const enrol = async () => {
    setRenewing(true);
    try {
      const answer = await request<EnrolmentIssued>(`${base}/enrolment`, { method: "POST" });
      await refresh();
      setIssued(answer);
    } finally {
      setRenewing(false);
    }
  };
  const renew = () => {
    enrol().catch((error: unknown) =>
      toast({ tone: "problem", title: "No new command was made", text: <Problem error={error} /> }),
    );
  };
  const isWaiting = cluster.agent === "awaiting-agent";
  return (
    <div className="grid gap-x-7 gap-y-6 xl:grid-cols-[minmax(0,1fr)_320px]">
      <div className="min-w-0 space-y-6">
        {cluster.enrolment.state === "expired" && isWaiting && issued === null ? (
          <Note
            tone="warn"
            actions={
              mayRegister ? (
                <Button small onClick={renew} disabled={renewing}>
                  New command
                </Button>
              ) : null
            }
          >
            <b className="font-strong">The token expired before an agent used it.</b> Nothing was enrolled.
          </Note>
        ) : null}
        {issued ? (
          <Section title="Enrol with one command">
            <EnrolmentCommand
              issued={issued}
              used={cluster.enrolment.state === "used" && cluster.agent === "enrolled"}
              onRenew={renew}
              renewing={renewing}
            />
            <div className="mt-3">
              <Onboarding steps={cluster.onboarding} />
            </div>
          </Section>
        ) : cluster.enrolment.state === "open" ? (
          <Section title="Enrolment">
            <Onboarding steps={cluster.onboarding} />
          </Section>
        ) : null}
        <Section title="Agent">
          <div className="card px-3.5 py-3">
            <KeyValue
              items={[
                {
                  name: "State",
                  value: (
                    <span className="inline-flex items-center gap-1.5" title={AGENT_STATES[cluster.agent].meaning}>
                      <AgentDot state={cluster.agent} />{" "}
                      <span aria-hidden="true">{AGENT_STATES[cluster.agent].word}</span>
                    </span>
                  ),
                },
                { name: "Last heard", value: <FreshnessText at={cluster.lastSeenAt} /> },
                {
                  name: "Version",
                  value: cluster.agentVersion ? (
                    <>
                      <span className="mono">{cluster.agentVersion}</span>
                      {cluster.versionSkew ? <span className="text-fg-3">, {SKEW[cluster.versionSkew]}</span> : null}
                    </>
                  ) : (
                    "not known yet"
                  ),
                },
                { name: "Server brings", value: <span className="mono">{cluster.serverAgentVersion}</span> },
                { name: "Cluster UID", value: <span className="mono">{cluster.clusterUid ?? "not known yet"}</span> },
                {
                  name: "Enrolment",
                  value: (
                    <>
                      {ENROLMENT[cluster.enrolment.state]}
                      {cluster.enrolment.state === "open" && cluster.enrolment.expiresAt ? (
                        <>
                          {" "}
                          until <Moment at={cluster.enrolment.expiresAt} />
                        </>
                      ) : null}
                    </>
                  ),
                },
                { name: "Registered", value: <Moment at={cluster.createdAt} /> },
              ]}
            />
          </div>
        </Section>
        <Section title="Keys">
          {cluster.agentKeys.length === 0 ? (
            <p className="text-fg-3">
              No key yet. The agent makes its own when it enrols; only the public half comes here.
            </p>
          ) : (
            <div className="card">
              <table className="rows">
                <caption className="sr-only">Public keys of the agent</caption>
                <thead>
                  <tr>
                    <th scope="col">Fingerprint</th>
                    <th scope="col">Since</th>
                    <th scope="col">Last used</th>
                    <th scope="col">State</th>
                  </tr>
                </thead>
                <tbody>
                  {cluster.agentKeys.map((key) => (
                    <tr key={key.fingerprint}>
                      <td data-lead="" className="mono max-w-80 truncate" title={key.fingerprint}>
                        {key.fingerprint}
                      </td>
                      <td data-label="Since">
                        <Moment at={key.createdAt} />
                      </td>
                      <td data-label="Last used">
                        <FreshnessText at={key.lastUsedAt} />
                      </td>
                      <td data-label="State">
                        {key.revokedAt ? (
                          <span className="text-fail-fg">
                            Revoked <Moment at={key.revokedAt} dayOnly />
                          </span>
                        ) : key.state === "expired" ? (
                          <span className="text-fail-fg">Expired: enrol the agent again</span>
                        ) : (
                          "Live"
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Section>
      </div>
      {mayRegister || mayRevoke || mayDelete ? (
        <aside aria-label="Change the agent" className="space-y-4">
          {mayRegister ? (
            <Action text={enrolWords(cluster.agent, cluster.enrolment.state === "open")}>
              <Button onClick={() => (isWaiting ? renew() : setAsking("enrol"))} disabled={renewing}>
                {isWaiting ? "New command" : "Enrol again"}
              </Button>
            </Action>
          ) : null}
          {mayRevoke && cluster.agent !== "revoked" && !isWaiting ? (
            <Action text="Refuses every further report of this agent at once. Results stay and grow stale.">
              <Button tone="danger" onClick={() => setAsking("revoke")}>
                Revoke the agent
              </Button>
            </Action>
          ) : null}
          {mayDelete ? (
            <Action text="Takes the cluster off every page and refuses its agent. What was recorded about it is kept.">
              <Button tone="danger" onClick={() => setAsking("delete")}>
                Remove the cluster
              </Button>
            </Action>
          ) : null}
        </aside>
      ) : null}
      {asking === "enrol" ? (
        <ConfirmDialog
          title={`Enrol an agent for ${cluster.name} again?`}
          confirmLabel="Make the command"
          danger={false}
          onConfirm={enrol}
          onClose={() => setAsking(null)}
          describeProblem={describeProblem}
        >
          <p>
            You get a new command with a token that works once, for one hour. Scans and findings stay where they are.
          </p>
        </ConfirmDialog>
      ) : null}
      {asking === "revoke" ? (
        <ConfirmDialog
          title={`Revoke the agent of ${cluster.name}?`}
          confirmLabel="Revoke the agent"
          onConfirm={async () => {
            await request(`${base}/revoke`, { method: "POST" });
            toast({ tone: "done", title: "Agent revoked", text: "Its reports are refused from now on." });
            await refresh();
          }}
          onClose={() => setAsking(null)}
          describeProblem={describeProblem}
        >
          <p>
            Its keys stop working at once and can't be made to work again. To report again the cluster has to enrol
            anew.
          </p>
          <p>Remove the agent from the cluster as well; revoking here does not delete it there.</p>
        </ConfirmDialog>
      ) : null}
      {asking === "delete" ? (
        <ConfirmDialog
          title={`Remove ${cluster.name}?`}
          confirmLabel="Remove the cluster"
          typed={cluster.slug}
          onConfirm={async () => {
            await request(base, { method: "DELETE" });
            toast({ tone: "done", title: `${cluster.name} was removed` });
            router.push(`/o/${organization}/clusters`);
          }}
          onClose={() => setAsking(null)}
          describeProblem={describeProblem}
        >
          <p>
            Its agent is refused at once. The cluster disappears from the fleet, and with{" "}
            {cluster.openFindings === 1
              ? "1 open finding"
              : `${cluster.openFindings.toLocaleString("en")} open findings`}{" "}
            from every list and from what requirements count.
          </p>
          <p>
            Its scans and the audit trail are kept for the record, but nobody can open them here any more: download the
            evidence that you need first. The name is free again; a cluster that is registered under it starts anew.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}

function Action({ text, children }: { text: string; children: ReactNode }) {
  return (
    <div>
      {children}
      <p className="mt-1.5 text-small text-fg-3">{text}</p>
    </div>
  );
}
