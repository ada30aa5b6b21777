import clsx from "clsx";
import type { z } from "zod";
import type { severity } from "@/lib/api/common";

export type Severity = z.infer<typeof severity>;
export const SEVERITY_WORDS: Record<Severity, { word: string; bars: number }> = {
  critical: { word: "Critical", bars: 4 },
  high: { word: "High", bars: 3 },
  medium: { word: "Medium", bars: 2 },
  low: { word: "Low", bars: 1 },
};

/** Severity is length, not hue; only critical is coloured as well. */
export function SeverityBars({ severity, bare = false }: { severity: Severity; bare?: boolean }) {
  const { word, bars } = SEVERITY_WORDS[severity];
  const critical = severity === "critical";
  return (
    <span
      className={clsx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        critical ? "font-medium text-fail-fg" : "text-fg-2",
      )}
    >
      <svg aria-hidden="true" width="15" height="15" viewBox="0 0 16 15" className="shrink-0">
        {[0, 1, 2, 3].map((bar) => (
          <rect
            key={bar}
            x={1 + bar * 3.6}
            y={10.5 - bar * 2.8}
            width="2.6"
            height={3.5 + bar * 2.8}
            rx=".8"
            fill={bar < bars ? (critical ? "var(--fail)" : "var(--fg-2)") : "var(--border-strong)"}
          />
        ))}
      </svg>
      <span className={bare ? "sr-only" : undefined}>{word}</span>
    </span>
  );
}
