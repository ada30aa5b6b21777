import { Download } from "lucide-react";
import Link from "next/link";
import type { z } from "zod";
import type { ScanRow } from "@/lib/api/clusters";
import type { pageQuery } from "@/lib/api/common";
import type { SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { Spinner } from "@/components/ui/spinner";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { Breakdown } from "../status/breakdown";
import { Moment } from "../status/moment";
import { PackageDigestButton } from "./package-digest";

const STATES: Record<ScanRow["state"], string> = {
  uploading: "Uploading",
  queued: "Waiting for a worker",
  evaluating: "Evaluating",
  done: "Done",
  failed: "Failed",
};

/** Every scan of a cluster, newest first, each with its evidence to take away. */
export function ScansTab({
  organization,
  path,
  apiPath,
  params,
  page,
  mayDownload,
}: {
  organization: string;
  path: string;
  apiPath: string;
  params: SearchParams;
  page: z.infer<typeof pageQuery> & { items: ScanRow[]; total: number; totalUnfiltered: number };
  mayDownload: boolean;
}) {
  const columns: Column<ScanRow>[] = [
    { id: "seq", head: "Scan", lead: true, cell: (scan) => `Scan ${scan.seq}` },
    { id: "collected", head: "Collected", cell: (scan) => <Moment at={scan.collectedAt} /> },
    {
      id: "state",
      head: "State",
      cell: (scan) => (
        <span className="inline-flex items-center gap-1.5" title={scan.error ?? undefined}>
          {scan.state === "done" || scan.state === "failed" ? null : <Spinner size={13} />}
          <span className={scan.state === "failed" ? "text-fail-fg" : undefined}>{STATES[scan.state]}</span>
          {scan.error ? <span className="text-fg-3">{scan.error}</span> : null}
        </span>
      ),
    },
    {
      id: "objects",
      head: "Objects",
      end: true,
      cell: (scan) => (
        <>
          {scan.objects.toLocaleString("en")}
          {scan.imports > 0 ? (
            <span className="block text-fg-3">
              and {scan.imports} {scan.imports === 1 ? "document" : "documents"}
            </span>
          ) : null}
        </>
      ),
    },
    {
      id: "results",
      head: "Results",
      cell: (scan) =>
        scan.counts ? (
          <Breakdown
            counts={{
              pass: scan.counts.pass,
              fail: scan.counts.fail,
              unknown: scan.counts.unknown,
              "not-applicable": scan.counts.notApplicable,
            }}
          />
        ) : (
          <span className="text-fg-3">not yet</span>
        ),
    },
    {
      id: "findings",
      head: "Findings",
      cell: (scan) => (scan.counts ? `${scan.newFindings} new, ${scan.closedFindings} resolved` : "–"),
      wideOnly: true,
    },
    {
      id: "catalog",
      head: "Catalogue",
      cell: (scan) =>
        scan.catalogVersion === null ? (
          "–"
        ) : (
          <span title={scan.codeVersion === null ? undefined : `Evaluated by the code of ${scan.codeVersion}`}>
            <Link
              prefetch={false}
              className="row-link mono"
              href={`/o/${organization}/catalog/${encodeURIComponent(scan.catalogVersion)}`}
            >
              {scan.catalogVersion}
            </Link>
            {scan.codeVersion === null || scan.codeVersion === scan.catalogVersion ? null : (
              <span className="block text-fg-3">code of {scan.codeVersion}</span>
            )}
          </span>
        ),
      wideOnly: true,
    },
    {
      id: "package",
      head: "Evidence",
      end: true,
      cell: (scan) =>
        mayDownload && scan.state === "done" ? (
          <span className="block">
            <a className={buttonClass({ small: true })} href={`${apiPath}/${scan.seq}/package`} download>
              <Download size={13} aria-hidden="true" /> ZIP<span className="sr-only"> of scan {scan.seq}</span>
            </a>
            <PackageDigestButton address={`${apiPath}/${scan.seq}/package/digest`} scan={scan.seq} />
          </span>
        ) : (
          <span className="text-fg-3">–</span>
        ),
    },
  ];
  return (
    <DataTable
      caption="Scans, newest first"
      noun="scans"
      columns={columns}
      rowKey={(scan) => scan.id}
      state={tableState({ status: "ready", ...page })}
      address={{ path, params, clearHref: `${path}?tab=scans` }}
      empty={<Message title="No scan yet">The first one starts when the agent has enrolled.</Message>}
      footer={
        <Pager path={path} params={params} page={page.page} pageSize={page.pageSize} total={page.total} noun="scans" />
      }
    />
  );
}
