import clsx from "clsx";
import Link from "next/link";

export interface Tab {
  id: string;
  label: string;
  href: string;
  count?: number;
}

/** Tabs that are addresses: links in a nav, the current one marked. */
export function Tabs({ label, tabs, current }: { label: string; tabs: readonly Tab[]; current: string }) {
  return (
    <nav aria-label={label} className="no-print flex gap-1 overflow-x-auto border-b border-line px-4 md:px-5">
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          href={tab.href}
          prefetch={false}
          scroll={false}
          aria-current={tab.id === current ? "page" : undefined}
          className={clsx(
            "flex h-9 shrink-0 items-center gap-1.5 border-b-2 px-2",
            tab.id === current
              ? "border-fg font-strong text-fg"
              : "border-transparent font-medium text-fg-3 hover:text-fg",
          )}
        >
          {tab.label}
          {tab.count === undefined ? null : (
            <span className="text-small text-fg-3">{tab.count.toLocaleString("en")}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}

/** Two or three ways to see the same thing. */
export function Segmented({
  label,
  options,
  current,
}: {
  label: string;
  options: readonly { id: string; label: string; href: string }[];
  current: string;
}) {
  return (
    <nav aria-label={label} className="no-print inline-flex gap-0.5 rounded-control border border-line bg-subtle p-0.5">
      {options.map((option) => (
        <Link
          key={option.id}
          href={option.href}
          prefetch={false}
          scroll={false}
          aria-current={option.id === current ? "true" : undefined}
          className={clsx(
            "flex h-6 items-center rounded-[5px] px-2.5",
            option.id === current ? "bg-surface font-strong text-fg shadow-low" : "font-medium text-fg-3 hover:text-fg",
          )}
        >
          {option.label}
        </Link>
      ))}
    </nav>
  );
}
