import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** A line that opens; native details, so it works without script and opens for find-in-page. */
export function Disclosure({
  summary,
  children,
  open = false,
}: {
  summary: ReactNode;
  children: ReactNode;
  open?: boolean;
}) {
  return (
    <details open={open} className="group">
      <summary className="flex min-h-9 items-center gap-2 py-1.5">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="shrink-0 text-fg-3 transition-transform group-open:rotate-90"
        />
        {summary}
      </summary>
      <div className="pb-3 pl-5.5">{children}</div>
    </details>
  );
}
