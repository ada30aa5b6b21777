import Link from "next/link";
import type { ClusterDetail } from "@/lib/api/clusters";
import { buttonClass } from "@/components/ui/button";
import { StatusIcon } from "../status/status-icon";
import { STATUSES, type Status } from "../status/statuses";

/** What the latest scan found: counts of results by status, each with its shape and word. */
export function FirstResult({ organization, cluster }: { organization: string; cluster: ClusterDetail }) {
  const counts = cluster.latestScan?.counts;
  if (!counts) return null;
  const parts: { status: Status; count: number }[] = [
    { status: "fail", count: counts.fail },
    { status: "unknown", count: counts.unknown },
    { status: "pass", count: counts.pass },
    { status: "not-applicable", count: counts.notApplicable },
  ];
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  return (
    <div className="card">
      <p className="flex flex-wrap items-center gap-2 border-b border-line px-3.5 py-2">
        <b className="font-strong">{total.toLocaleString("en")} results</b>
        <span className="text-fg-3">on {cluster.latestScan?.objects.toLocaleString("en")} objects</span>
        <Link
          prefetch={false}
          className={buttonClass({ small: true }, "ml-auto")}
          href={`/o/${organization}/findings?cluster=${cluster.slug}`}
        >
          {cluster.openFindings.toLocaleString("en")} open {cluster.openFindings === 1 ? "finding" : "findings"}
        </Link>
      </p>
      <ul className="grid grid-cols-2 sm:grid-cols-4">
        {parts.map(({ status, count }) => (
          <li key={status} className="px-3.5 py-2.5">
            <span className="flex items-center gap-1.5 text-[1.05rem]/6 font-heavy">
              <StatusIcon shape={STATUSES[status].shape} tone={STATUSES[status].tone} /> {count.toLocaleString("en")}
            </span>
            <span className="text-small text-fg-3">{STATUSES[status].word}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
