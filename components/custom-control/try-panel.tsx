"use client";
import { useState } from "react";
import type { CustomControlTried } from "@/lib/api/custom-controls";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { Spinner } from "@/components/ui/spinner";
import { ObjectName } from "../object-name";
import { Problem } from "../problem";
import { request } from "../request";
import { ResultCountsText } from "../status/breakdown";
import { Moment } from "../status/moment";
import { StatusLabel } from "../status/status-label";
import { definitionOf, type Draft } from "./draft";

type Tried =
  | { state: "none" }
  | { state: "busy" }
  | { state: "done"; of: Draft; tried: CustomControlTried }
  | { state: "failed"; error: unknown };

/** The draft over the last snapshot of a cluster: what it would say, before anything of it counts. */
export function TryPanel({
  api,
  draft,
  clusters,
  isRight,
}: {
  api: string;
  draft: Draft;
  clusters: readonly { slug: string; name: string }[];
  /** False while something is wrong with the draft. */
  isRight: boolean;
}) {
  const [cluster, setCluster] = useState(clusters[0]?.slug ?? "");
  const [tried, setTried] = useState<Tried>({ state: "none" });
  const run = () => {
    setTried({ state: "busy" });
    const body = { definition: definitionOf(draft).definition, cluster };
    request<CustomControlTried>(`${api}/try`, { method: "POST", body }).then(
      (answer) => setTried({ state: "done", of: draft, tried: answer }),
      (error: unknown) => setTried({ state: "failed", error }),
    );
  };
  return (
    <Section title="Try it on the last snapshot">
      {clusters.length === 0 ? (
        <p className="text-fg-3">No cluster has a scan yet. The control can be saved all the same.</p>
      ) : (
        <div className="flex flex-wrap items-end gap-3">
          <label className="block">
            <span className="mb-1 block font-medium">Cluster</span>
            <select className="field" value={cluster} onChange={(event) => setCluster(event.target.value)}>
              {clusters.map(({ slug, name }) => (
                <option key={slug} value={slug}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <Button disabled={!isRight || tried.state === "busy"} onClick={run}>
            {tried.state === "busy" ? <Spinner size={14} /> : null} Try
          </Button>
        </div>
      )}
      <div aria-live="polite" className="mt-3">
        {tried.state === "failed" ? (
          <Note tone="fail">
            <Problem error={tried.error} />
          </Note>
        ) : null}
        {tried.state === "done" ? <Outcome tried={tried.tried} isOld={tried.of !== draft} /> : null}
      </div>
    </Section>
  );
}

function Outcome({ tried: { problems, outcome }, isOld }: { tried: CustomControlTried; isOld: boolean }) {
  if (outcome === null) {
    return (
      <Note tone="fail">
        It was not tried: {problems.map(({ where, problem }) => `${where}: ${problem}`).join("; ")}
      </Note>
    );
  }
  const { counts, results, scanSeq, collectedAt, isStopped } = outcome;
  const all = counts.pass + counts.fail + counts.unknown + counts.notApplicable;
  return (
    <div className="space-y-3">
      {isOld ? <Note tone="warn">The draft has changed since. Try it again.</Note> : null}
      {isStopped ? (
        <Note tone="warn">
          It was stopped at its limit of time or memory. In a scan it would be unknown for the cluster.
        </Note>
      ) : null}
      <p>
        <ResultCountsText counts={counts} /> Snapshot of scan {scanSeq}, <Moment at={collectedAt} />.
      </p>
      <div className="card overflow-x-auto">
        <table className="rows">
          <caption className="sr-only">What the draft says of each object, the worst first</caption>
          <thead>
            <tr>
              <th scope="col">Object</th>
              <th scope="col">Result</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {results.map(({ object, status, reason, detail }, i) => (
              <tr key={`${object.kind}/${object.namespace ?? ""}/${object.name}/${i}`}>
                <td data-lead="" className="font-medium">
                  <ObjectName object={object} />
                </td>
                <td data-label="Result">
                  <StatusLabel status={status} />
                </td>
                <td data-label="Reason">
                  <div className="min-w-0">
                    {reason}
                    {status === "pass" ? null : <span className="block text-small text-fg-3">{detail}</span>}
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {all > results.length ? (
        <p className="text-fg-3">
          The first {results.length} of {all}.
        </p>
      ) : null}
    </div>
  );
}
