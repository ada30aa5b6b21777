import type { ReactNode } from "react";
import { Logo } from "./shell/logo";

/** The frame of the pages outside an organization: one column, one task. */
export function EntryPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center bg-canvas px-4 py-10">
      <div className="w-full max-w-92">
        <p className="mb-6 flex items-center justify-center gap-2.5 text-[0.9375rem] font-heavy tracking-tight">
          <Logo size={28} /> Ringfence
        </p>
        <div className="card p-6 shadow-float">
          <h1 className="mb-3 text-title font-heavy tracking-[-0.017em]">{title}</h1>
          {children}
        </div>
      </div>
    </main>
  );
}
