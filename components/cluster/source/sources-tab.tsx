"use client";
import type { ImportsPage } from "@/lib/api/imports";
import type { SearchParams } from "@/components/ui/address";
import { Note } from "@/components/ui/note";
import { Spinner } from "@/components/ui/spinner";
import { useLive } from "../../live";
import { SourceTable } from "./source-table";
import { SourceView } from "./source-view";

/** What no API of the cluster shows: every source, or one of them with its documents and the way to add another. */
export function SourcesTab({
  organization,
  slug,
  source,
  params,
  initial,
}: {
  organization: string;
  slug: string;
  source: string | null;
  params: SearchParams;
  initial: ImportsPage;
}) {
  const api = `/api/o/${organization}/clusters/${slug}/imports`;
  const { data, isError } = useLive<ImportsPage>(
    source === null ? api : `${api}?kind=${encodeURIComponent(source)}`,
    initial,
    (page) => page.isPending,
  );
  const path = `/o/${organization}/clusters/${slug}`;
  const [kind] = data.kinds;
  return (
    <div className="space-y-4">
      {isError ? (
        <Note tone="warn" role="alert">
          <b className="font-strong">What is here now could not be read.</b> Below is what was read last; this page
          keeps trying.
        </Note>
      ) : null}
      {data.isPending ? (
        <Note role="status">
          <span className="inline-flex items-center gap-2">
            <Spinner size={13} /> The last snapshot is being evaluated again with the documents below.
          </span>
        </Note>
      ) : null}
      {data.lastScanSeq === null ? (
        <Note>This cluster has no evaluated scan yet. Documents count from the first one on.</Note>
      ) : null}
      {source !== null && kind !== undefined ? (
        <SourceView api={api} path={path} organization={organization} slug={slug} kind={kind} page={data} />
      ) : (
        <SourceTable path={path} params={params} page={data} />
      )}
    </div>
  );
}
