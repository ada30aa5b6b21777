/**
 * Patch releases of Kubernetes and the days on which they came out, from the pages of the release series (kubernetes.io/releases).
 *
 * Which of them hold a fix that the organization ranks as critical is not known from here: that is the organization's own ranking
 * (the register of Kubernetes patches). `seenAt`: the state of that page; what came later isn't known.
 */
export interface PatchSeries {
  seenAt: string;
  /** Patch number → day of release. */
  releases: Readonly<Record<number, string>>;
}

export const PATCH_CALENDAR_SOURCE = "https://kubernetes.io/releases/";
export const PATCH_CALENDAR: Readonly<Record<string, PatchSeries>> = {
  "1.34": {
    seenAt: "2026-06-09",
    releases: {
      1: "2025-09-09",
      2: "2025-11-11",
      3: "2025-12-09",
      4: "2026-02-10",
      5: "2026-02-26",
      6: "2026-03-19",
      7: "2026-04-14",
      8: "2026-05-12",
      9: "2026-06-09",
    },
  },
  "1.35": {
    seenAt: "2026-09-15",
    releases: {
      1: "2026-02-10",
      2: "2026-02-26",
      3: "2026-03-19",
      4: "2026-04-14",
      5: "2026-05-12",
      6: "2026-06-09",
      7: "2026-07-14",
      8: "2026-08-11",
      9: "2026-09-15",
    },
  },
  "1.36": {
    seenAt: "2026-08-11",
    releases: { 1: "2026-05-13", 2: "2026-06-09", 3: "2026-07-14", 4: "2026-08-11" },
  },
  "1.37": { seenAt: "2026-09-15", releases: { 1: "2026-09-15" } },
};
