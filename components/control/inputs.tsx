import Link from "next/link";
import type { ControlDetail } from "@/lib/api/assessment";
import { NATURES } from "../cluster/source/words";
import { StatusIcon } from "../status/status-icon";

type Source = ControlDetail["sources"][number];

/** What a control reads of the Kubernetes API: what it never passes without, and what it looks into beside that. */
export function ControlSections({ sections }: { sections: ControlDetail["sections"] }) {
  if (sections.length === 0)
    return (
      <p className="text-fg-2">
        No part of the API is needed in every case: what it takes from there, it names in the result where it is
        missing.
      </p>
    );
  const needed = sections.filter(({ isNeeded }) => isNeeded);
  const beside = sections.filter(({ isNeeded }) => !isNeeded);
  return (
    <>
      {needed.length === 0 ? null : (
        <>
          <Sections sections={needed} />
          <p className="mt-2 text-fg-3">
            Where one can’t be read, the control answers Could not evaluate, never Pass. Values of Secrets are not read.
          </p>
        </>
      )}
      {beside.length === 0 ? null : (
        <>
          <p className="mt-3 mb-1.5 text-fg-2">Also, where it is there:</p>
          <Sections sections={beside} />
        </>
      )}
    </>
  );
}

function Sections({ sections }: { sections: ControlDetail["sections"] }) {
  return (
    <ul className="flex flex-wrap gap-1.5">
      {sections.map(({ name, resources, isOptional }) => (
        <li key={name} className="chip mono max-w-full" title={resources.join(", ")}>
          <span className="truncate">{resources[0]?.startsWith("*") === false ? resources[0] : name}</span>
          {isOptional ? <span className="text-fg-3">if allowed</span> : null}
        </li>
      ))}
    </ul>
  );
}

/** Documents that people upload and that a control reads; each leads to the place in a cluster where it is added. */
export function ControlSources({ base, sources }: { base: string; sources: readonly Source[] }) {
  return (
    <ul className="card divide-y divide-line">
      {sources.map((source) => (
        <li key={source.id} className="px-3.5 py-2.5">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <span className="font-medium">{source.title}</span>
            <span className="mono text-fg-3">{source.id}</span>
            <span className="text-small text-fg-3" title={NATURES[source.nature].meaning}>
              {NATURES[source.nature].word}
            </span>
          </p>
          <p className="text-fg-2">{source.description}</p>
          <Places base={base} source={source} />
        </li>
      ))}
    </ul>
  );
}

function Places({ base, source }: { base: string; source: Source }) {
  if (source.clusters.length === 0)
    return <p className="mt-1 text-small text-fg-3">No cluster of this lens waits for it or holds one.</p>;
  return (
    <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-small">
      {source.clusters.map(({ slug, name, documents, isWaiting }) => (
        <li key={slug} className="inline-flex items-center gap-1.5">
          {isWaiting ? <StatusIcon shape="triangle-mark" tone="warn" size={13} /> : null}
          <Link
            prefetch={false}
            className="link target"
            href={`${base}/clusters/${slug}?source=${source.id}&tab=sources`}
          >
            {name}
            <span className="sr-only">: {source.title}</span>
          </Link>
          <span className="text-fg-3">
            {documents > 0 ? `${documents} ${documents === 1 ? "document" : "documents"}` : "no document"}
            {isWaiting ? ", could not evaluate" : ""}
          </span>
        </li>
      ))}
      {source.moreClusters > 0 ? (
        <li className="target text-fg-3">and {source.moreClusters.toLocaleString("en")} more clusters</li>
      ) : null}
    </ul>
  );
}
