import { Building2, Cpu, type LucideIcon, ScanEye, ServerCog, UserRound } from "lucide-react";
import type { z } from "zod";
import type { coverage } from "@/lib/api/common";

export type Coverage = z.infer<typeof coverage>;
export const COVERAGES: Record<Coverage, { word: string; short: string; meaning: string; icon: LucideIcon }> = {
  automated: { word: "Automated", short: "automated", meaning: "A cluster's state decides it.", icon: Cpu },
  partial: {
    word: "Partly automated",
    short: "partly",
    meaning: "A cluster shows a part of it; a person has to show the rest.",
    icon: ScanEye,
  },
  manual: { word: "Manual", short: "manual", meaning: "A person has to show it; a cluster can't.", icon: UserRound },
  provider: {
    word: "Provider",
    short: "provider",
    meaning: "The provider of the platform has to show it.",
    icon: ServerCog,
  },
  "outside-kubernetes": {
    word: "Outside Kubernetes",
    short: "outside Kubernetes",
    meaning: "It is about something outside a cluster.",
    icon: Building2,
  },
};
export const COVERAGE_ORDER: readonly Coverage[] = ["automated", "partial", "manual", "provider", "outside-kubernetes"];

export function CoverageLabel({ coverage }: { coverage: Coverage }) {
  const { word, meaning, icon: Icon } = COVERAGES[coverage];
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap text-fg-2" title={meaning}>
      <Icon size={14} aria-hidden="true" className="text-fg-3" /> {word}
    </span>
  );
}

const SEGMENT: Record<Coverage, string> = {
  automated: "bg-fg-2",
  partial: "bg-[repeating-linear-gradient(90deg,var(--fg-2)_0_2px,transparent_2px_4px)]",
  manual: "shadow-[inset_0_0_0_1px_var(--control)]",
  provider: "shadow-[inset_0_0_0_1px_var(--control)]",
  "outside-kubernetes": "shadow-[inset_0_0_0_1px_var(--control)]",
};

/** How the requirements are checked, as grey quantities; the numbers stand under it. */
export function CoverageBar({ counts }: { counts: Partial<Record<Coverage, number>> }) {
  return (
    <span aria-hidden="true" className="flex h-2 w-full gap-0.5">
      {COVERAGE_ORDER.filter((key) => (counts[key] ?? 0) > 0).map((key) => (
        <i key={key} className={`block min-w-[2px] rounded-[1.5px] ${SEGMENT[key]}`} style={{ flex: counts[key] }} />
      ))}
    </span>
  );
}
