import Link from "next/link";
import type { CatalogEffect, CatalogPage } from "@/lib/api/catalog";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { Spinner } from "@/components/ui/spinner";
import { Breakdown } from "../status/breakdown";
import { StatusLabel } from "../status/status-label";

/** What the new version would say of each cluster's last scan. `onPreview` is null for whoever may only read it. */
export function CatalogEffects({
  organization,
  effects,
  isWaiting,
  onPreview,
}: {
  organization: string;
  effects: CatalogPage["effects"];
  isWaiting: boolean;
  onPreview: (() => void) | null;
}) {
  if (effects.length === 0) {
    return (
      <Section title="Effect on your clusters">
        <p className="text-fg-3">No cluster has an evaluated scan yet, so nothing would change.</p>
      </Section>
    );
  }
  const missing = effects.filter(({ effect }) => effect === null).length;
  const isOutdated = effects.some(({ effectScanSeq, lastScanSeq }) => effectScanSeq !== lastScanSeq);
  return (
    <Section
      title="Effect on your clusters"
      aside={
        isOutdated && onPreview !== null ? (
          <Button small onClick={onPreview} disabled={isWaiting}>
            {isWaiting ? <Spinner size={13} /> : null} Work it out{missing === 0 ? " again" : ""}
          </Button>
        ) : null
      }
    >
      <p className="mb-2 max-w-190 text-fg-3">
        The last scan of each cluster, evaluated under the new version beside what is stored. Nothing changes by it.
      </p>
      {missing > 0 ? (
        <Note role="status">
          {isWaiting
            ? `Workers are evaluating ${missing} of ${effects.length} clusters.`
            : `Not worked out yet for ${missing} of ${effects.length} clusters${onPreview === null ? "; an owner or a compliance officer can ask for it" : ""}.`}
        </Note>
      ) : null}
      <ul className="card mt-2 divide-y divide-line">
        {effects.map(({ cluster, lastScanSeq, effect, effectScanSeq }) => (
          <li key={cluster.slug} className="px-3.5 py-2">
            <span className="flex flex-wrap items-baseline gap-x-3">
              <Link
                prefetch={false}
                className="row-link font-strong"
                href={`/o/${organization}/clusters/${cluster.slug}`}
              >
                {cluster.name}
              </Link>
              <span className="text-fg-3">
                scan {effectScanSeq ?? lastScanSeq}
                {effectScanSeq !== null && effectScanSeq < lastScanSeq ? `; the last is ${lastScanSeq}` : ""}
              </span>
              {effect === null ? <span className="text-fg-3">not worked out</span> : <span>{sentenceOf(effect)}</span>}
            </span>
            {effect === null || effect.requirements.length + effect.controls.length === 0 ? null : (
              <Effect organization={organization} effect={effect} />
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function sentenceOf({ requirements, controls }: CatalogEffect): string {
  if (requirements.length + controls.length === 0) return "nothing would change";
  const worse = requirements.filter(({ to }) => to === "fail").length;
  const parts = [
    `${requirements.length} ${requirements.length === 1 ? "requirement" : "requirements"} would change`,
    ...(worse === 0 ? [] : [`${worse} of them to Fail`]),
    `${controls.length} ${controls.length === 1 ? "control" : "controls"} would`,
  ];
  return parts.join(", ");
}

function Effect({ organization, effect }: { organization: string; effect: CatalogEffect }) {
  const { from, to } = effect.results;
  const counted = ({ notApplicable, ...rest }: typeof from) => ({ ...rest, "not-applicable": notApplicable });
  return (
    <Disclosure summary={<span>Which</span>}>
      <div className="space-y-3">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="text-fg-3">Results now</span> <Breakdown counts={counted(from)} />
          <span className="text-fg-3">then</span> <Breakdown counts={counted(to)} />
        </p>
        <ul className="space-y-1">
          {effect.requirements.map((change) => (
            <li key={change.id} className="flex flex-wrap items-center gap-x-2">
              <Link prefetch={false} className="row-link w-16" href={`/o/${organization}/requirements/${change.id}`}>
                {change.id}
              </Link>
              <StatusLabel status={change.from} /> <span className="text-fg-3">becomes</span>{" "}
              <StatusLabel status={change.to} />
            </li>
          ))}
        </ul>
        <ul className="space-y-1">
          {effect.controls.map((change) => (
            <li key={change.id} className="flex flex-wrap items-center gap-x-2">
              <span className="mono">{change.id}</span>
              {change.from === null ? <span className="text-fg-3">new</span> : <StatusLabel status={change.from} />}
              <span className="text-fg-3">becomes</span>
              {change.to === null ? <span className="text-fg-3">removed</span> : <StatusLabel status={change.to} />}
            </li>
          ))}
        </ul>
      </div>
    </Disclosure>
  );
}
