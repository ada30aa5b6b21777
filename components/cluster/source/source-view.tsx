"use client";
import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import type { ImportKindRow, ImportsPage } from "@/lib/api/imports";
import { CodeBlock } from "@/components/ui/code-block";
import { Disclosure } from "@/components/ui/disclosure";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { StatusLabel } from "../../status/status-label";
import { EndedDocuments, SourceDocuments } from "./source-documents";
import { SourceUpload } from "./source-upload";
import { FORMATS, formatBytes, NATURES } from "./words";

/** One source: what it would make known, how to get it, what is held of it, and the way to add or take away a document. */
export function SourceView({
  api,
  path,
  organization,
  slug,
  kind,
  page,
}: {
  api: string;
  path: string;
  organization: string;
  slug: string;
  kind: ImportKindRow;
  page: ImportsPage;
}) {
  return (
    <>
      <p>
        <Link prefetch={false} className="link inline-flex items-center gap-1.5" href={`${path}?tab=sources`}>
          <ArrowLeft size={14} aria-hidden="true" /> All sources
        </Link>
      </p>
      <div className="grid gap-x-7 gap-y-6 xl:grid-cols-[minmax(0,1fr)_340px]">
        <div className="min-w-0 space-y-6">
          <Section title={kind.title} aside={<span className="mono">{kind.id}</span>}>
            <p className="max-w-190 text-fg-2">{kind.description}</p>
            <p className="mt-1 text-fg-3">
              <b className="font-strong text-fg">{NATURES[kind.nature].word}.</b> {NATURES[kind.nature].meaning}
            </p>
          </Section>
          <Section title="Documents">
            <SourceDocuments api={api} kind={kind} documents={page.documents} />
            {page.ended.length > 0 ? (
              <Disclosure summary={<span>Ended documents ({page.ended.length})</span>}>
                <EndedDocuments documents={page.ended} />
              </Disclosure>
            ) : null}
          </Section>
          <Section title="Add a document">
            {kind.uploadableTo.length === 0 ? (
              <Note>
                {kind.nature === "register"
                  ? "What was approved is kept by an owner or a compliance officer. You can read it here."
                  : "It takes the role owner, compliance officer or platform engineer to add one. You can read what is here."}
              </Note>
            ) : (
              <SourceUpload api={api} kind={kind} slug={slug} documents={page.documents} />
            )}
          </Section>
          {kind.example === null ? null : (
            <Section title="A valid document">
              <CodeBlock
                title={`Example of ${kind.title.toLowerCase()}`}
                text={kind.example}
                language={kind.format === "yaml" ? "yaml" : "text"}
                maxHeight="22rem"
              />
            </Section>
          )}
        </div>
        <aside aria-label="About this source" className="min-w-0 space-y-6">
          <Section title="Controls that read it">
            <ul className="space-y-2.5">
              {kind.controls.map((control) => (
                <li key={control.id}>
                  <Link
                    prefetch={false}
                    className="row-link block"
                    href={`/o/${organization}/controls/${control.id}?cluster=${slug}`}
                  >
                    {control.title}
                  </Link>
                  <StatusLabel
                    status={control.status}
                    note={control.unknown > 0 ? `(${control.unknown.toLocaleString("en")})` : undefined}
                  />
                </li>
              ))}
            </ul>
          </Section>
          <Section title="How to get it">
            <p className="break-words text-fg-2">{kind.howToGet}</p>
          </Section>
          <p className="text-fg-3">
            {FORMATS[kind.format]}, at most {formatBytes(kind.maxBytes)}. What it says is kept, with the file’s digest;
            the file itself is not. A document that holds a private key, a token or a card number is refused.
          </p>
        </aside>
      </div>
    </>
  );
}
