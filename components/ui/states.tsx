import { type LucideIcon, ServerCrash } from "lucide-react";
import type { ReactNode } from "react";
import clsx from "clsx";

/** One centred message: what is, then what to do. Every empty, refused and broken state is drawn by it. */
export function Message({
  icon: Icon,
  mark,
  tone = "plain",
  title,
  children,
  actions,
  level = 2,
}: {
  icon?: LucideIcon;
  /** Instead of an icon, for a status shape. */
  mark?: ReactNode;
  tone?: "plain" | "fail";
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  level?: 1 | 2;
}) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center px-4 py-14 text-center">
      {mark ??
        (Icon ? (
          <span
            className={clsx(
              "grid size-10 place-items-center rounded-xl",
              tone === "fail" ? "bg-fail-tint text-fail-fg" : "bg-subtle text-fg-2",
            )}
          >
            <Icon size={18} aria-hidden="true" />
          </span>
        ) : null)}
      <Heading className="mt-3 text-[0.9375rem]/6 font-heavy tracking-tight">{title}</Heading>
      {children ? <div className="mt-1 text-fg-3">{children}</div> : null}
      {actions ? <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div> : null}
    </div>
  );
}

/** Ours is broken: a reference for support, a way to try again, a second way in. */
export function ErrorState({
  title,
  reference,
  actions,
  level,
}: {
  title: string;
  reference: string | null;
  actions?: ReactNode;
  level?: 1 | 2;
}) {
  return (
    <Message icon={ServerCrash} tone="fail" title={title} actions={actions} level={level}>
      Nothing was lost.
      {reference ? (
        <>
          {" "}
          Reference <code className="mono">{reference}</code>.
        </>
      ) : null}
    </Message>
  );
}

/** Grey bars in the real layout; they appear only after 150 ms, so a fast answer never flickers. */
export function TableSkeleton({ rows = 8, columns = 4, label }: { rows?: number; columns?: number; label: string }) {
  return (
    <output className="card block" aria-label={label}>
      <div className="flex h-8 items-center gap-6 border-b border-line px-3.5">
        <div className="skeleton h-2.5 w-28" />
      </div>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-9.5 items-center gap-4 border-b border-line px-3.5 last:border-0">
          <div className="skeleton size-4 rounded-full" />
          <div className="skeleton h-2.5" style={{ width: `${22 + ((row * 7) % 20)}%` }} />
          {Array.from({ length: columns - 1 }, (_, column) => (
            <div key={column} className="skeleton ml-auto h-2.5 w-16 max-md:hidden" />
          ))}
        </div>
      ))}
    </output>
  );
}

/** Skeleton of a whole page: title, one strip, one table. */
export function PageSkeleton({ label, columns = 4 }: { label: string; columns?: number }) {
  return (
    <div className="px-4 py-4.5 md:px-6" aria-busy="true">
      <div className="skeleton h-5 w-44" />
      <div className="skeleton mt-2.5 mb-5 h-3 w-80 max-w-full" />
      <TableSkeleton label={label} columns={columns} />
    </div>
  );
}
