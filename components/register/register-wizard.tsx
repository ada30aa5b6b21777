"use client";
import clsx from "clsx";
import { Check } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { ClusterDetail, EnrolmentIssued } from "@/lib/api/clusters";
import { Button, buttonClass } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { RailBox } from "@/components/ui/page";
import { Spinner } from "@/components/ui/spinner";
import { EnrolmentCommand } from "../cluster/enrolment";
import { AgentPromises, IfNothingArrives } from "../cluster/if-nothing-arrives";
import { FirstResult } from "../cluster/first-result";
import { Onboarding } from "../cluster/onboarding";
import { PROVIDER_WORDS, type Provider } from "../cluster/words";
import { Problem } from "../problem";
import { RequestError, request } from "../request";

interface Named {
  name: string;
  project: string;
  provider: Provider;
}

/** Name it, run one command, watch the agent arrive. The wizard never asks twice: a new command keeps the name. */
export function RegisterWizard({
  organization,
  projects,
  preselected,
}: {
  organization: string;
  projects: readonly { slug: string; name: string }[];
  preselected: string | null;
}) {
  const [named, setNamed] = useState<Named | null>(null);
  const [issued, setIssued] = useState<EnrolmentIssued | null>(null);
  const [renewing, setRenewing] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const base = `/api/o/${organization}/clusters`;

  // Why the last try failed: the query itself forgets it whenever it tries again.
  const [unread, setUnread] = useState<unknown>(null);
  const { data: cluster } = useQuery({
    queryKey: [base, issued?.slug],
    queryFn: async ({ signal }) => {
      try {
        const answer = await request<ClusterDetail>(`${base}/${issued?.slug}`, { signal });
        setUnread(null);
        return answer;
      } catch (error) {
        if (!signal.aborted) setUnread(error);
        throw error;
      }
    },
    enabled: issued !== null,
    refetchInterval: (query) => (query.state.data?.latestScan?.state === "done" ? false : 1_500),
  });

  // The sidebar's count is the server's to draw: once for the new cluster, once for its first results.
  const router = useRouter();
  const isDone = cluster?.latestScan?.state === "done";
  const slug = issued?.slug;
  useEffect(() => {
    if (slug !== undefined) router.refresh();
  }, [slug, isDone, router]);

  const renew = () => {
    if (issued === null) return;
    setRenewing(true);
    setProblem(null);
    request<EnrolmentIssued>(`${base}/${issued.slug}/enrolment`, { method: "POST" })
      .then(setIssued, setProblem)
      .finally(() => setRenewing(false));
  };

  const arrived = cluster !== undefined && cluster.agent !== "awaiting-agent";
  const finished = cluster?.latestScan?.state === "done";
  const projectName = projects.find((project) => project.slug === named?.project)?.name;
  return (
    <div className="mx-auto grid max-w-260 gap-x-9 gap-y-8 px-4 py-6 md:px-6 lg:grid-cols-[minmax(0,1fr)_300px]">
      <div className="min-w-0">
        <h1 className="mb-4 text-title font-heavy tracking-[-0.017em]">Register a cluster</h1>
        <ol>
          <Step number={1} title="Name it" state={issued ? "done" : "now"}>
            {issued && named ? (
              <p className="flex flex-wrap gap-2">
                <span className="chip mono">{issued.slug}</span>
                <span className="chip chip-outline">{projectName ?? named.project}</span>
                <span className="chip chip-outline">{PROVIDER_WORDS[named.provider]}</span>
              </p>
            ) : (
              <NameForm
                projects={projects}
                preselected={preselected}
                register={async (body) => {
                  const answer = await request<EnrolmentIssued>(base, { method: "POST", body });
                  setNamed(body);
                  setIssued(answer);
                }}
              />
            )}
          </Step>
          <Step number={2} title="Run one command" state={issued === null ? "later" : arrived ? "done" : "now"}>
            {issued ? <EnrolmentCommand issued={issued} used={arrived} onRenew={renew} renewing={renewing} /> : null}
            {problem !== null ? (
              <p role="alert" className="mt-2 text-fail-fg">
                <Problem error={problem} />
              </p>
            ) : null}
          </Step>
          <Step
            number={3}
            title={finished ? "First results" : arrived ? "First scan" : "Waiting for the agent"}
            state={issued === null ? "later" : finished ? "done" : "now"}
          >
            {issued ? (
              <div className="space-y-3">
                {finished ? null : (
                  <p className="text-fg-3">
                    This page follows along by itself. You can also leave; the cluster is in Clusters from now on.
                  </p>
                )}
                {unread === null ? null : (
                  <Note tone="warn" role="alert">
                    <b className="font-strong">How far it has come could not be read.</b> <Problem error={unread} />{" "}
                    This page keeps trying{cluster ? "; below is what it read last" : ""}.
                  </Note>
                )}
                {cluster ? (
                  <Onboarding steps={cluster.onboarding} />
                ) : unread === null ? (
                  <output className="flex items-center gap-2 text-fg-3">
                    <Spinner size={14} /> Reading
                  </output>
                ) : null}
                {cluster?.agent === "revoked" ? (
                  <Note tone="fail">This agent was revoked. Make a new command to enrol again.</Note>
                ) : null}
                {finished && cluster ? <FirstResult organization={organization} cluster={cluster} /> : null}
                <p className="flex flex-wrap gap-2 pt-1">
                  <Link
                    prefetch={false}
                    className={buttonClass({ tone: finished ? "primary" : "default" })}
                    href={`/o/${organization}/clusters/${issued.slug}`}
                  >
                    Open the cluster
                  </Link>
                  {finished ? (
                    <Button
                      onClick={() => {
                        setIssued(null);
                        setNamed(null);
                      }}
                    >
                      Register another
                    </Button>
                  ) : null}
                </p>
              </div>
            ) : null}
          </Step>
        </ol>
      </div>
      <aside aria-label="About the agent" className="divide-y divide-line lg:pt-1">
        <RailBox title="What the agent may do">
          <AgentPromises />
        </RailBox>
        {finished && issued ? (
          <RailBox title="Next">
            <p className="text-fg-2">
              Look at what counts as CDE in this cluster:{" "}
              <Link prefetch={false} className="link" href={`/o/${organization}/scope?cluster=${issued.slug}`}>
                its namespaces and why
              </Link>
              . Everything else follows from that.
            </p>
          </RailBox>
        ) : (
          <RailBox title="If nothing arrives">
            <IfNothingArrives />
          </RailBox>
        )}
      </aside>
    </div>
  );
}

function Step({
  number,
  title,
  state,
  children,
}: {
  number: number;
  title: string;
  state: "done" | "now" | "later";
  children: ReactNode;
}) {
  return (
    <li
      aria-current={state === "now" ? "step" : undefined}
      className="relative grid grid-cols-[26px_minmax(0,1fr)] gap-x-3 pb-5 not-last:before:absolute not-last:before:top-7.5 not-last:before:bottom-1 not-last:before:left-[12.5px] not-last:before:w-px not-last:before:bg-line-strong"
    >
      <span
        aria-hidden="true"
        className={clsx(
          "grid size-6.5 place-items-center rounded-full border text-small font-strong",
          state === "done" && "border-ink bg-ink text-on-ink",
          state === "now" && "border-accent text-accent shadow-[0_0_0_3px_var(--accent-tint)]",
          state === "later" && "border-line-strong text-fg-3",
        )}
      >
        {state === "done" ? <Check size={14} /> : number}
      </span>
      <div className="min-w-0">
        <h2 className={clsx("text-[0.90625rem]/6.5 font-heavy tracking-[-0.01em]", state === "later" && "text-fg-3")}>
          {title}
        </h2>
        <div className="mt-1.5">{children}</div>
      </div>
    </li>
  );
}

function NameForm({
  projects,
  preselected,
  register,
}: {
  projects: readonly { slug: string; name: string }[];
  preselected: string | null;
  register: (body: Named) => Promise<void>;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<RequestError | null>(null);
  const nameProblem = problem?.details.find((detail) => detail.where.endsWith("name"))?.message;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    setBusy(true);
    setProblem(null);
    register({ name: text("name"), project: text("project"), provider: text("provider") as Provider }).catch(
      (error: unknown) => {
        setBusy(false);
        setProblem(
          error instanceof RequestError
            ? error
            : new RequestError("internal", "That did not work. Try again.", 500, null),
        );
      },
    );
  };
  if (projects.length === 0) {
    return (
      <Note tone="warn">
        There is no project yet. An owner has to create one first, because a cluster always lies in a project.
      </Note>
    );
  }
  return (
    <form onSubmit={submit} className="grid max-w-130 gap-3.5">
      <label className="block">
        <span className="mb-1 block font-medium">Name</span>
        <input
          className="field mono w-full"
          name="name"
          required
          maxLength={63}
          pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
          placeholder="pci-prod-eu-1"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={nameProblem || problem?.code === "conflict" ? true : undefined}
          aria-describedby="name-help"
        />
        <span id="name-help" className="mt-1 block text-small text-fg-3">
          {nameProblem ?? "Lower case letters, digits and dashes; as the people on call know it."}
        </span>
      </label>
      <div className="grid gap-3.5 sm:grid-cols-2">
        <label className="block">
          <span className="mb-1 block font-medium">Project</span>
          <select className="field w-full" name="project" defaultValue={preselected ?? projects[0]?.slug}>
            {projects.map((project) => (
              <option key={project.slug} value={project.slug}>
                {project.name}
              </option>
            ))}
          </select>
        </label>
        <label className="block">
          <span className="mb-1 block font-medium">Provider</span>
          <select className="field w-full" name="provider" defaultValue="self-managed">
            {Object.entries(PROVIDER_WORDS).map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </label>
      </div>
      {problem ? (
        <Note tone="fail" role="alert">
          <Problem error={problem} />
        </Note>
      ) : null}
      <div>
        <Button type="submit" tone="primary" disabled={busy}>
          {busy ? <Spinner size={14} /> : null} Make the command
        </Button>
      </div>
    </form>
  );
}
