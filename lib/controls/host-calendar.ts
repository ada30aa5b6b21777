/**
 * Until when operating systems and container runtimes of nodes get security updates, and who says so.
 *
 * `end`: the last day on which everybody gets updates; null: rolling releases, where the date of the last update decides alone.
 * `paidUntil`: updates go on for subscribers, which nobody sees from here. `isImmutable`: the system is an image that is replaced
 * as a whole, so the age of the node says something about the age of the image.
 */
export interface HostSupport {
  /** Matches the whole osImage or runtime as the kubelet reports it. */
  pattern: RegExp;
  name: string;
  end: string | null;
  paidUntil?: string;
  isImmutable?: boolean;
  source: string;
}

const UBUNTU = "https://ubuntu.com/about/release-cycle";
const DEBIAN = "https://wiki.debian.org/LTS";
const RHEL = "https://access.redhat.com/support/policy/updates/errata";
const SLES = "https://www.suse.com/lifecycle";
const AMAZON = "https://docs.aws.amazon.com/linux/";
const WINDOWS = "https://learn.microsoft.com/lifecycle";

/**
 * The state of the sources that the dates were taken from. An end that had passed then doesn't come back. One that was planned
 * then and has passed since may have been put off (Amazon did so twice): it settles nothing. Dates that lie ahead are published
 * years before, so that they are used longer than those of Kubernetes versions.
 */
export const HOST_CALENDAR_SEEN_AT = "2025-12-01";
export const RUNTIME_CALENDAR_SEEN_AT = "2026-05-04";
export const HOST_CALENDAR_MAX_AGE_DAYS = 400;

export const OS_CALENDAR: readonly HostSupport[] = [
  { pattern: /^Ubuntu (?:14|16)\.04/, name: "Ubuntu 16.04 or older", end: "2021-04-30", source: UBUNTU },
  { pattern: /^Ubuntu 18\.04/, name: "Ubuntu 18.04", end: "2023-05-31", paidUntil: "2028-04-30", source: UBUNTU },
  { pattern: /^Ubuntu 20\.04/, name: "Ubuntu 20.04", end: "2025-05-31", paidUntil: "2030-04-30", source: UBUNTU },
  { pattern: /^Ubuntu 22\.04/, name: "Ubuntu 22.04", end: "2027-05-31", paidUntil: "2032-04-30", source: UBUNTU },
  { pattern: /^Ubuntu 24\.04/, name: "Ubuntu 24.04", end: "2029-05-31", paidUntil: "2034-04-30", source: UBUNTU },
  { pattern: /^Debian GNU\/Linux (?:8|9|10)\b/, name: "Debian 10 or older", end: "2024-06-30", source: DEBIAN },
  { pattern: /^Debian GNU\/Linux 11\b/, name: "Debian 11", end: "2026-08-31", source: DEBIAN },
  { pattern: /^Debian GNU\/Linux 12\b/, name: "Debian 12", end: "2028-06-30", source: DEBIAN },
  { pattern: /^Debian GNU\/Linux 13\b/, name: "Debian 13", end: "2030-06-30", source: DEBIAN },
  {
    pattern: /^CentOS Linux (?:6|7|8)\b/,
    name: "CentOS Linux",
    end: "2024-06-30",
    source: "https://www.centos.org/centos-linux-eol/",
  },
  {
    pattern: /^Red Hat Enterprise Linux (?:Server )?7\b/,
    name: "RHEL 7",
    end: "2024-06-30",
    paidUntil: "2028-06-30",
    source: RHEL,
  },
  { pattern: /^Red Hat Enterprise Linux 8\b/, name: "RHEL 8", end: "2029-05-31", source: RHEL },
  { pattern: /^Red Hat Enterprise Linux 9\b/, name: "RHEL 9", end: "2032-05-31", source: RHEL },
  {
    pattern: /^(?:Rocky Linux|AlmaLinux) 8\b/,
    name: "Rocky or Alma Linux 8",
    end: "2029-03-01",
    source: "https://wiki.almalinux.org/release-notes/",
  },
  {
    pattern: /^(?:Rocky Linux|AlmaLinux) 9\b/,
    name: "Rocky or Alma Linux 9",
    end: "2032-05-31",
    source: "https://wiki.almalinux.org/release-notes/",
  },
  {
    pattern: /^SUSE Linux Enterprise Server 12\b/,
    name: "SLES 12",
    end: "2024-10-31",
    paidUntil: "2027-10-31",
    source: SLES,
  },
  {
    pattern: /^SUSE Linux Enterprise Server 15 SP[1-5]\b/,
    name: "SLES 15 SP5 or older",
    end: "2024-12-31",
    source: SLES,
  },
  { pattern: /^SUSE Linux Enterprise Server 15 SP6\b/, name: "SLES 15 SP6", end: "2025-12-31", source: SLES },
  { pattern: /^SUSE Linux Enterprise Server 15 SP7\b/, name: "SLES 15 SP7", end: "2031-07-31", source: SLES },
  { pattern: /^Amazon Linux 2$/, name: "Amazon Linux 2", end: "2026-06-30", source: AMAZON },
  { pattern: /^Amazon Linux 2023\b/, name: "Amazon Linux 2023", end: "2029-06-30", source: AMAZON },
  {
    pattern: /^CBL-Mariner/,
    name: "CBL-Mariner 2",
    end: "2025-07-31",
    source: "https://learn.microsoft.com/azure/aks/use-azure-linux",
  },
  {
    pattern: /^Bottlerocket OS /,
    name: "Bottlerocket",
    end: null,
    isImmutable: true,
    source: "https://github.com/bottlerocket-os/bottlerocket",
  },
  {
    pattern: /^Flatcar Container Linux/,
    name: "Flatcar",
    end: null,
    isImmutable: true,
    source: "https://www.flatcar.org/releases",
  },
  { pattern: /^Talos /, name: "Talos", end: null, isImmutable: true, source: "https://www.talos.dev" },
  {
    pattern: /^Container-Optimized OS/,
    name: "Container-Optimized OS",
    end: null,
    isImmutable: true,
    source: "https://cloud.google.com/container-optimized-os/docs/concepts/versioning",
  },
  { pattern: /^Red Hat Enterprise Linux CoreOS/, name: "RHEL CoreOS", end: null, isImmutable: true, source: RHEL },
  { pattern: /^Windows Server 2016/, name: "Windows Server 2016", end: "2027-01-12", source: WINDOWS },
  { pattern: /^Windows Server 2019/, name: "Windows Server 2019", end: "2029-01-09", source: WINDOWS },
  { pattern: /^Windows Server 2022/, name: "Windows Server 2022", end: "2031-10-14", source: WINDOWS },
];

const CONTAINERD = "https://containerd.io/releases/ (support horizon)";
export const RUNTIME_CALENDAR: readonly HostSupport[] = [
  {
    pattern: /^docker:\/\//,
    name: "the Docker shim",
    end: "2022-05-03",
    source: "https://kubernetes.io/blog/2022/02/17/dockershim-faq/",
  },
  { pattern: /^containerd:\/\/v?1\.[0-5]\./, name: "containerd 1.5 or older", end: "2023-02-28", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?1\.6\./, name: "containerd 1.6", end: "2025-08-23", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?1\.7\./, name: "containerd 1.7", end: "2026-09-30", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?2\.0\./, name: "containerd 2.0", end: "2025-11-07", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?2\.1\./, name: "containerd 2.1", end: "2026-05-05", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?2\.2\./, name: "containerd 2.2", end: "2026-11-06", source: CONTAINERD },
  { pattern: /^containerd:\/\/v?2\.3\./, name: "containerd 2.3", end: "2028-04-27", source: CONTAINERD },
];
