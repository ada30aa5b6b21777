"use client";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { ImportKindRow, ImportRow } from "@/lib/api/imports";
import { Button } from "@/components/ui/button";
import { Message } from "@/components/ui/states";
import { useToast } from "@/components/ui/toast";
import { useRefresh } from "../../live";
import { Problem } from "../../problem";
import { request } from "../../request";
import { FreshnessText } from "../../status/freshness-text";
import { Moment } from "../../status/moment";
import { formatBytes } from "./words";

const ConfirmDialog = dynamic(() => import("@/components/ui/confirm-dialog").then((module) => module.ConfirmDialog), {
  ssr: false,
});
const describeProblem = (error: unknown) => <Problem error={error} />;

/** The current documents of a source: which file it was, how old its reading is, who brought it, and whether results know it. */
export function SourceDocuments({
  api,
  kind,
  documents,
}: {
  api: string;
  kind: ImportKindRow;
  documents: readonly ImportRow[];
}) {
  const [asking, setAsking] = useState<ImportRow | null>(null);
  const toast = useToast();
  const refresh = useRefresh();
  if (documents.length === 0) {
    return (
      <div className="card">
        <Message title="No document yet">
          {kind.nature === "register"
            ? "Nothing is approved by it, so controls count everything as not approved."
            : "Controls that have no other source answer Could not evaluate, never Pass."}
        </Message>
      </div>
    );
  }
  const withdraw = async (document: ImportRow) => {
    await request(`${api}/${document.id}`, { method: "DELETE" });
    toast({ tone: "done", title: "Withdrawn", text: "The last snapshot is evaluated again without it." });
    await refresh();
  };
  return (
    <>
      <div className="card">
        <table className="rows">
          <caption className="sr-only">Current documents</caption>
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">About</th>
              <th scope="col">Read</th>
              <th scope="col">Uploaded</th>
              <th scope="col">In results</th>
              <th scope="col" className="end">
                <span className="sr-only">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {documents.map((document) => (
              <tr key={document.id}>
                <td data-lead="">
                  <span className="block break-all">{document.name}</span>
                  <Digest document={document} />
                </td>
                <td data-label="About">{document.scope === "organization" ? "The organization" : "This cluster"}</td>
                <td data-label="Read">
                  <FreshnessText at={document.collectedAt} />
                </td>
                <td data-label="Uploaded">
                  <FreshnessText at={document.uploadedAt} /> by {document.uploadedBy}
                </td>
                <td data-label="In results">
                  {document.isInLastScan ? "Used by the last scan" : <span className="text-fg-3">not yet</span>}
                </td>
                <td data-label={document.mayWithdraw ? "Change" : undefined} className="end">
                  {document.mayWithdraw ? (
                    <Button small tone="danger" onClick={() => setAsking(document)}>
                      Withdraw<span className="sr-only"> {document.name}</span>
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {asking === null ? null : (
        <ConfirmDialog
          title={`Withdraw ${asking.name}?`}
          confirmLabel="Withdraw"
          onConfirm={() => withdraw(asking)}
          onClose={() => setAsking(null)}
          describeProblem={describeProblem}
        >
          <p>
            {asking.scope === "organization" ? "Every cluster of the organization is" : "This cluster is"} evaluated
            again without it. Scans that used it keep what they said. A document that it replaced does not come back:
            upload that one again if you need it.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** Documents that count no longer, and why. */
export function EndedDocuments({ documents }: { documents: readonly ImportRow[] }) {
  return (
    <ul className="space-y-2">
      {documents.map((document) => (
        <li key={document.id}>
          <span className="break-all">{document.name}</span>{" "}
          <span className="text-fg-3">
            {document.ended?.how === "withdrawn" ? "withdrawn" : "replaced by a newer one"}{" "}
            {document.ended === null ? null : <Moment at={document.ended.at} />}
            {document.ended?.by ? ` by ${document.ended.by}` : null}
          </span>
          <Digest document={document} />
        </li>
      ))}
    </ul>
  );
}

/** The file's SHA-256, to be compared with `sha256sum`. */
function Digest({ document: { digest, bytes } }: { document: ImportRow }) {
  return (
    <span className="mono block text-fg-3" title={`SHA-256 ${digest}`}>
      {digest.slice(0, 16)}… · {formatBytes(bytes)}
    </span>
  );
}
