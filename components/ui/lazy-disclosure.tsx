import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { LazyDetails } from "./lazy-details";

/** As Disclosure, for long lists of long contents: what is inside enters the page when the line is opened for the first time. */
export function LazyDisclosure({ summary, children }: { summary: ReactNode; children: ReactNode }) {
  return (
    <LazyDetails
      className="group"
      summaryClass="flex min-h-9 items-center gap-2 py-1.5"
      summary={
        <>
          <ChevronRight
            size={14}
            aria-hidden="true"
            className="shrink-0 text-fg-3 transition-transform group-open:rotate-90"
          />
          {summary}
        </>
      }
    >
      <div className="pb-3 pl-5.5">{children}</div>
    </LazyDetails>
  );
}
