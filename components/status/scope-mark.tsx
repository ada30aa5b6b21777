import type { z } from "zod";
import type { scopeCategory } from "@/lib/api/common";

export type ScopeCategory = z.infer<typeof scopeCategory>;
export const SCOPES: Record<ScopeCategory, { word: string; meaning: string }> = {
  cde: { word: "CDE", meaning: "Stores, processes or transmits cardholder data." },
  "connected-to": { word: "Connected-to", meaning: "Connects to the CDE or affects its protection." },
  "out-of-scope": { word: "Out of scope", meaning: "Declared to be neither in the CDE nor connected to it." },
  undeclared: { word: "Not declared", meaning: "The cluster carries no scope label, so nothing is known." },
};

/** Scope has its own hue and its own fill, never red or green: being in the CDE is not a failure. */
export function ScopeMark({ category }: { category: ScopeCategory }) {
  const { word, meaning } = SCOPES[category];
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap" title={meaning}>
      <svg aria-hidden="true" width="10" height="10" viewBox="0 0 10 10" className="shrink-0">
        {category === "cde" ? <rect width="10" height="10" rx="2.5" fill="var(--scope-cde)" /> : null}
        {category === "connected-to" ? (
          <>
            <rect
              x=".75"
              y=".75"
              width="8.5"
              height="8.5"
              rx="2"
              fill="none"
              stroke="var(--scope-cde)"
              strokeWidth="1.5"
            />
            <path d="M1 9V1h8z" fill="var(--scope-cde)" />
          </>
        ) : null}
        {category === "out-of-scope" ? (
          <rect x=".75" y=".75" width="8.5" height="8.5" rx="2" fill="none" stroke="var(--none)" strokeWidth="1.5" />
        ) : null}
        {category === "undeclared" ? (
          <rect
            x=".75"
            y=".75"
            width="8.5"
            height="8.5"
            rx="2"
            fill="none"
            stroke="var(--none)"
            strokeWidth="1.3"
            strokeDasharray="2 1.5"
          />
        ) : null}
      </svg>
      {word}
    </span>
  );
}
