"use client";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { ImportCheck, ImportCreated, ImportKindRow, ImportRow } from "@/lib/api/imports";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { Spinner } from "@/components/ui/spinner";
import { useToast } from "@/components/ui/toast";
import { useRefresh } from "../../live";
import { Problem } from "../../problem";
import { request } from "../../request";
import { FORMATS, formatBytes } from "./words";

const CHECK_MS = 700;
const EXTENSION: Record<ImportKindRow["format"], string> = { json: "json", yaml: "yaml", jsonl: "jsonl" };

type Checked =
  | { state: "none" }
  | { state: "checking" }
  | { state: "done"; check: ImportCheck }
  | { state: "failed"; error: unknown };

/** A file or pasted text, read by the server while it is being written, so that what is wrong is known before it counts. */
export function SourceUpload({
  api,
  kind,
  slug,
  documents,
}: {
  api: string;
  kind: ImportKindRow;
  slug: string;
  documents: readonly ImportRow[];
}) {
  const id = useId();
  const toast = useToast();
  const refresh = useRefresh();
  const picker = useRef<HTMLInputElement>(null);
  const [content, setContent] = useState<Blob | null>(null);
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [scope, setScope] = useState(kind.uploadableTo[0] ?? "cluster");
  const [readAt, setReadAt] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const checked = useCheck(api, kind, content);
  const fileName = name.trim() === "" ? `${kind.id}.${EXTENSION[kind.format]}` : name.trim();
  const replaced = documents.find((document) => document.name === fileName && document.scope === scope);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (content === null || busy) return;
    setBusy(true);
    setProblem(null);
    const query = new URLSearchParams({ kind: kind.id, name: fileName, scope });
    if (readAt !== "") query.set("collectedAt", new Date(`${readAt}Z`).toISOString());
    request<ImportCreated>(`${api}?${query}`, { method: "POST", document: content })
      .then(async ({ clusters }) => {
        toast({
          tone: "done",
          title: "Uploaded",
          text:
            clusters === 0
              ? "It counts from the first scan on."
              : clusters === 1
                ? "The last snapshot is evaluated again with it."
                : `The last snapshots of ${clusters} clusters are evaluated again with it.`,
        });
        setContent(null);
        setText("");
        setName("");
        setReadAt("");
        if (picker.current) picker.current.value = "";
        await refresh();
      }, setProblem)
      .finally(() => setBusy(false));
  };
  const wrong = checked.state === "done" && checked.check.problem !== null;
  return (
    <form onSubmit={submit} className="grid max-w-170 gap-3.5">
      <label className="block">
        <span className="mb-1 block font-medium">File</span>
        <input
          ref={picker}
          type="file"
          className="field h-auto w-full py-1.5"
          onChange={(event) => {
            const file = event.target.files?.[0] ?? null;
            setText("");
            setContent(file);
            setProblem(null);
            if (file) setName(file.name);
          }}
        />
      </label>
      <label className="block">
        <span className="mb-1 block font-medium">or its text</span>
        <textarea
          className="field mono h-44 w-full py-2"
          spellCheck={false}
          autoComplete="off"
          value={text}
          placeholder={`${FORMATS[kind.format]}, as in the example below`}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={`${id}-check`}
          onChange={(event) => {
            const { value } = event.target;
            setText(value);
            setProblem(null);
            if (picker.current) picker.current.value = "";
            setContent(value.trim() === "" ? null : new Blob([value]));
          }}
        />
      </label>
      <div id={`${id}-check`} aria-live="polite">
        <Check checked={checked} maxBytes={kind.maxBytes} size={content?.size ?? 0} />
      </div>
      <div className="grid gap-3.5 sm:grid-cols-2">
        <label className="block">
          <span className="mb-1 block font-medium">Name</span>
          <input
            className="field w-full"
            value={name}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            placeholder={fileName}
            aria-describedby={`${id}-name`}
            onChange={(event) => setName(event.target.value)}
          />
          <span id={`${id}-name`} className="mt-1 block text-small text-fg-3">
            {replaced ? "Replaces the document of this name." : "A document of the same name is replaced."}
          </span>
        </label>
        <label className="block">
          <span className="mb-1 block font-medium">Read at (UTC)</span>
          <input
            type="datetime-local"
            className="field w-full"
            value={readAt}
            aria-describedby={`${id}-read`}
            onChange={(event) => setReadAt(event.target.value)}
          />
          <span id={`${id}-read`} className="mt-1 block text-small text-fg-3">
            When the source was read. Empty: now.
          </span>
        </label>
      </div>
      {kind.uploadableTo.length > 1 ? (
        <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
          <legend className="mb-1 font-medium">It holds for</legend>
          {kind.uploadableTo.map((each) => (
            <label key={each} className="inline-flex items-center gap-1.5">
              <input type="radio" name={`${id}-scope`} checked={scope === each} onChange={() => setScope(each)} />
              {each === "cluster" ? slug : "every cluster of the organization"}
            </label>
          ))}
        </fieldset>
      ) : null}
      {problem === null ? null : (
        <Note tone="fail" role="alert">
          <Problem error={problem} />
        </Note>
      )}
      <div>
        <Button type="submit" tone="primary" disabled={busy || content === null || wrong}>
          {busy ? <Spinner size={14} /> : null} Upload
        </Button>
      </div>
    </form>
  );
}

/** What the server makes of the document, a moment after it last changed. */
function useCheck(api: string, kind: ImportKindRow, content: Blob | null): Checked {
  const [checked, setChecked] = useState<{ of: Blob; result: Checked } | null>(null);
  useEffect(() => {
    if (content === null || content.size > kind.maxBytes) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const query = new URLSearchParams({ kind: kind.id, name: "document" });
      request<ImportCheck>(`${api}/check?${query}`, { method: "POST", document: content, signal: stop.signal }).then(
        (check) => setChecked({ of: content, result: { state: "done", check } }),
        (error: unknown) => {
          if (!stop.signal.aborted) setChecked({ of: content, result: { state: "failed", error } });
        },
      );
    }, CHECK_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, kind.id, kind.maxBytes, content]);
  if (content === null) return { state: "none" };
  return checked?.of === content ? checked.result : { state: "checking" };
}

function Check({ checked, maxBytes, size }: { checked: Checked; maxBytes: number; size: number }) {
  if (size > maxBytes) {
    return (
      <p className="text-fail-fg">
        {formatBytes(size)} are more than the {formatBytes(maxBytes)} that this source may have.
      </p>
    );
  }
  switch (checked.state) {
    case "none":
      return <p className="text-fg-3">It is read as you choose or write it; nothing is kept before you upload it.</p>;
    case "checking":
      return (
        <p className="inline-flex items-center gap-2 text-fg-3">
          <Spinner size={13} /> Reading it
        </p>
      );
    case "failed":
      return (
        <p className="text-warn-fg">
          It could not be checked: <Problem error={checked.error} />
        </p>
      );
    case "done": {
      const { problem, adds } = checked.check;
      if (problem !== null) {
        return (
          <p className="text-fail-fg">
            <code className="mono">{problem.where}</code>: {problem.message}
          </p>
        );
      }
      return (
        <p className="text-pass-fg">
          It can be read and adds{" "}
          {adds.map(({ name, entries }, index) => (
            <span key={name}>
              {index === 0 ? "" : ", "}
              <code className="mono">{name}</code>
              {entries === null ? "" : ` (${entries.toLocaleString("en")} ${entries === 1 ? "entry" : "entries"})`}
            </span>
          ))}
          .
        </p>
      );
    }
  }
}
