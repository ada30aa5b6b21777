import type { ReactNode } from "react";

/** Title, one line under it, actions at the right. */
export function PageHead({
  title,
  mark,
  children,
  actions,
}: {
  title: ReactNode;
  /** Beside the title, for a status. */
  mark?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 pt-4.5 pb-3.5 md:px-6">
      <div className="min-w-0 flex-1 basis-80">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-title font-heavy tracking-[-0.017em]">{title}</h1>
          {mark}
        </div>
        {children ? <div className="mt-0.5 max-w-190 text-fg-3">{children}</div> : null}
      </div>
      {actions ? <div className="no-print flex flex-wrap items-center gap-2">{actions}</div> : null}
    </header>
  );
}

/** The padded body below a PageHead. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className="space-y-3.5 px-4 pb-10 md:px-6">{children}</div>;
}

/** Main column and a rail of facts; the rail goes below on a narrow screen. */
export function WithRail({ children, rail }: { children: ReactNode; rail: ReactNode }) {
  return (
    <div className="grid gap-x-7 gap-y-8 px-4 pb-10 md:px-6 xl:grid-cols-[minmax(0,1fr)_300px]">
      <div className="min-w-0 space-y-6">{children}</div>
      <aside aria-label="Facts" className="min-w-0 divide-y divide-line">
        {rail}
      </aside>
    </div>
  );
}

export function RailBox({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="py-3.5 first:pt-0 last:pb-0">
      <h2 className="mb-2 text-small font-medium text-fg-3">{title}</h2>
      {children}
    </section>
  );
}

export function Section({
  title,
  aside,
  children,
  id,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  id?: string;
}) {
  return (
    <section id={id}>
      <div className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="text-section font-heavy tracking-[-0.01em]">{title}</h2>
        {aside ? <div className="ml-auto flex items-center gap-2 text-fg-3">{aside}</div> : null}
      </div>
      {children}
    </section>
  );
}
