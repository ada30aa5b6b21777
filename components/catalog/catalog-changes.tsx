import type { ReactNode } from "react";
import Link from "next/link";
import type { CatalogChangesView } from "@/lib/api/catalog";
import { Message } from "@/components/ui/states";
import { Section } from "@/components/ui/page";
import { SEVERITY_WORDS, SeverityBars } from "../status/severity";
import { changesResults, linkChangeWords, partWords } from "./words";

/** What changes from the active version to the new one: what may change results first, then what only reads differently. */
export function CatalogChanges({ organization, changes }: { organization: string; changes: CatalogChangesView }) {
  const { added, removed, changed, from, to } = changes;
  const results = changed.filter(changesResults);
  const words = changed.filter((change) => !changesResults(change));
  if (added.length + removed.length + changed.length === 0) {
    return (
      <div className="card">
        <Message title="Nothing changes">
          {to} has the same controls, rules, severities and links as {from}.
        </Message>
      </div>
    );
  }
  const base = `/o/${organization}`;
  return (
    <>
      <Named title="New controls" base={base} controls={added} />
      <Named title="Removed controls" base={base} controls={removed} />
      {results.length > 0 ? (
        <Section title={`Changed controls (${results.length})`}>
          <ul className="card divide-y divide-line">
            {results.map((change) => (
              <li key={change.id} className="px-3.5 py-2.5">
                <Name id={change.id} title={change.title} />
                <ul className="mt-1 space-y-0.5 text-fg-2">
                  {change.revision ? (
                    <Change name="Decides differently">
                      revision {change.revision.from} becomes {change.revision.to}
                      {change.words ? ` (${partWords(change.words)})` : ""}
                    </Change>
                  ) : change.words ? (
                    <Change name="Worded differently">{partWords(change.words)}</Change>
                  ) : null}
                  {change.severity ? (
                    <Change name="Severity">
                      {SEVERITY_WORDS[change.severity.from].word} becomes {SEVERITY_WORDS[change.severity.to].word}
                    </Change>
                  ) : null}
                  {change.links?.map((link) => (
                    <Change
                      key={link.requirement}
                      name={
                        <Link prefetch={false} className="row-link" href={`${base}/requirements/${link.requirement}`}>
                          {link.requirement}
                        </Link>
                      }
                    >
                      {linkChangeWords(link)}
                    </Change>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      {words.length > 0 ? (
        <Section title={`Only worded differently (${words.length})`}>
          <ul className="card divide-y divide-line">
            {words.map((change) => (
              <li key={change.id} className="px-3.5 py-2">
                <Name id={change.id} title={change.title} />
                <span className="text-fg-3">
                  {[
                    ...(change.words ? [partWords(change.words)] : []),
                    ...(change.links ? ["rationale of a link"] : []),
                  ].join(", ")}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </>
  );
}

function Named({ title, base, controls }: { title: string; base: string; controls: CatalogChangesView["added"] }) {
  if (controls.length === 0) return null;
  return (
    <Section title={`${title} (${controls.length})`}>
      <ul className="card divide-y divide-line">
        {controls.map((control) => (
          <li key={control.id} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-3.5 py-2">
            <span className="min-w-0 flex-1 basis-60">
              <Name id={control.id} title={control.title} />
            </span>
            <span className="w-24">
              <SeverityBars severity={control.severity} />
            </span>
            <span className="flex flex-wrap gap-x-2">
              {control.requirements.map((requirement) => (
                <Link
                  key={requirement}
                  prefetch={false}
                  className="row-link target"
                  href={`${base}/requirements/${requirement}`}
                >
                  {requirement}
                </Link>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Name({ id, title }: { id: string; title: string }) {
  return (
    <span className="block">
      {title} <span className="mono text-fg-3">{id}</span>
    </span>
  );
}

function Change({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <li>
      <b className="font-medium text-fg">{name}:</b> {children}
    </li>
  );
}
