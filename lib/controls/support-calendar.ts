/**
 * Until when each Kubernetes minor version is supported, by whom, and when we last saw the source say so.
 *
 * Updated by release. `seenAt` is the state of the source that the dates were taken from, not the day of copying: a calendar that
 * is more than 90 days older than the evaluated moment is not used, because dates move and versions are added.
 * Extended support is paid for and counts as supported; without it a version ends at `standardEnd`.
 */
export interface VersionSupport {
  /** ISO dates: the last day of support. */
  standardEnd: string;
  extendedEnd?: string;
}
export interface SupportCalendar {
  supplier: string;
  source: string;
  seenAt: string;
  versions: Readonly<Record<string, VersionSupport>>;
}

/** Three minor versions at a time, about 14 months each. The page was read in its state after 1.37.1 (15 September 2026). */
export const UPSTREAM_CALENDAR: SupportCalendar = {
  supplier: "the Kubernetes project",
  source: "https://kubernetes.io/releases/ (pages of the release series)",
  seenAt: "2026-09-15",
  versions: {
    "1.27": { standardEnd: "2024-06-28" },
    "1.28": { standardEnd: "2024-10-28" },
    "1.29": { standardEnd: "2025-02-28" },
    "1.30": { standardEnd: "2025-06-28" },
    "1.31": { standardEnd: "2025-10-28" },
    "1.32": { standardEnd: "2026-02-28" },
    "1.33": { standardEnd: "2026-06-28" },
    "1.34": { standardEnd: "2026-10-27" },
    "1.35": { standardEnd: "2027-02-28" },
    "1.36": { standardEnd: "2027-06-28" },
    "1.37": { standardEnd: "2027-10-28" },
  },
};

/** 14 months of standard support from Amazon's own release, then 12 months of extended support. */
export const EKS_CALENDAR: SupportCalendar = {
  supplier: "Amazon EKS",
  source: "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html (release calendar)",
  seenAt: "2026-04-24",
  versions: {
    "1.29": { standardEnd: "2025-03-23", extendedEnd: "2026-03-23" },
    "1.30": { standardEnd: "2025-07-23", extendedEnd: "2026-07-23" },
    "1.31": { standardEnd: "2025-11-26", extendedEnd: "2026-11-26" },
    "1.32": { standardEnd: "2026-03-23", extendedEnd: "2027-03-23" },
    "1.33": { standardEnd: "2026-07-29", extendedEnd: "2027-07-29" },
    "1.34": { standardEnd: "2026-12-02", extendedEnd: "2027-12-02" },
    "1.35": { standardEnd: "2027-03-27", extendedEnd: "2028-03-27" },
  },
};

/** Days after which a calendar is too old to conclude from. */
export const CALENDAR_MAX_AGE_DAYS = 90;
/** Support that ends sooner than this fails already, so that an upgrade can be planned. */
export const NOTICE_DAYS = 60;

const DAY_MS = 86_400_000;
/** Whole days from one ISO time to another; negative when `to` lies before `from`. */
export function daysBetween(from: string, to: string): number {
  return Math.floor((Date.parse(to) - Date.parse(from)) / DAY_MS);
}
