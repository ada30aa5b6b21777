import Link from "next/link";
import type { ReactNode } from "react";
import clsx from "clsx";
import { FreshnessText } from "./status/freshness-text";
import { type Freshness, StatusLabel } from "./status/status-label";
import { STATUS_ORDER, type Status } from "./status/statuses";

/** So many clusters are drawn; of more, the worst. */
const MOST = 24;

/** One small card for each cluster: its status, one line, the age of its evidence. */
export function ClusterTiles({
  tiles,
}: {
  tiles: readonly {
    slug: string;
    name: string;
    href: string;
    status: Status;
    freshness: Freshness;
    lastScanAt: string | null;
    line?: ReactNode;
  }[];
}) {
  const rank = (tile: { status: Status }) => STATUS_ORDER.indexOf(tile.status);
  const shown = tiles.length <= MOST ? tiles : tiles.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST);
  return (
    <ul className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-4">
      {shown.map((tile) => (
        <li key={tile.slug}>
          <Link
            prefetch={false}
            href={tile.href}
            className={clsx(
              "block h-full rounded-lg border px-3 py-2 hover:border-line-strong",
              tile.status === "fail"
                ? "border-fail-line bg-fail-tint"
                : tile.freshness === "stale"
                  ? "hatch border-warn-line"
                  : "border-line",
            )}
          >
            <span className="flex items-baseline gap-2 text-small">
              <b className="truncate font-strong">{tile.name}</b>
              <span className={clsx("ml-auto", tile.status === "fail" ? "text-fail-fg" : "text-fg-3")}>
                <FreshnessText at={tile.lastScanAt} freshness={tile.freshness} />
              </span>
            </span>
            <span className="mt-1 block">
              <StatusLabel status={tile.status} freshness={tile.freshness} />
            </span>
            {tile.line ? (
              <span className={clsx("block text-small", tile.status === "fail" ? "text-fail-fg" : "text-fg-3")}>
                {tile.line}
              </span>
            ) : null}
          </Link>
        </li>
      ))}
      {shown.length < tiles.length ? (
        <li className="col-span-full text-fg-3">
          The {MOST} worst of {tiles.length.toLocaleString("en")} clusters. Choose another one above.
        </li>
      ) : null}
    </ul>
  );
}
