"use client";
import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";

/** As Disclosure, for long lists of long contents: what is inside enters the page when the line is opened for the first time. */
export function LazyDisclosure({ summary, children }: { summary: ReactNode; children: ReactNode }) {
  const [wasOpened, setOpened] = useState(false);
  return (
    <details
      className="group"
      onToggle={(event) => {
        if (event.currentTarget.open) setOpened(true);
      }}
    >
      <summary className="flex min-h-9 items-center gap-2 py-1.5">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="shrink-0 text-fg-3 transition-transform group-open:rotate-90"
        />
        {summary}
      </summary>
      {wasOpened ? <div className="pb-3 pl-5.5">{children}</div> : null}
    </details>
  );
}
