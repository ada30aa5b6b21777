import type { ReactNode } from "react";
import { StatusIcon } from "./status-icon";
import type { StatusEntry } from "./statuses";

/** One figure of a summary: the shape of its status, how many, and the word. */
export function StatusFigure({
  entry,
  value,
  children,
}: {
  entry: Pick<StatusEntry, "shape" | "tone">;
  value: number;
  children: ReactNode;
}) {
  return (
    <div className="border-line px-4 py-2.5 max-lg:bg-surface lg:border-l">
      <p className="flex items-center gap-2 text-[1.125rem]/6 font-heavy tracking-[-0.015em]">
        <StatusIcon shape={entry.shape} tone={entry.tone} /> {value.toLocaleString("en")}
      </p>
      <p className="text-small text-fg-3">{children}</p>
    </div>
  );
}

/** A part of the bar beside the figures, as wide as its share; nothing for none. */
export function BarPart({ value, look }: { value: number; look: string }) {
  return value > 0 ? <i className={`block min-w-[3px] rounded-[1.5px] ${look}`} style={{ flex: value }} /> : null;
}
