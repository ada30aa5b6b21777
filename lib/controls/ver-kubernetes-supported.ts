/**
 * ver-kubernetes-supported: the Kubernetes minor version is supported and components are within skew.
 *
 * Reads: the API server's gitVersion, the nodes' kubeletVersion, and a calendar of support dates (see support-calendar.ts).
 * Pass: the supplier supports the minor version today and for 60 more days, and every kubelet is not newer than the API server
 *   and at most three minor versions older (Kubernetes, "Version Skew Policy").
 * Fail: support has ended, or a kubelet breaks the skew: high. Support ends within 60 days: medium.
 * Unknown: the version string isn't recognised, versions weren't read, the calendar is more than 90 days old or doesn't hold the
 *   version, or the supplier's own calendar isn't known and upstream's support doesn't settle it.
 * Not applicable: a cluster without CDE namespace.
 * Suppliers: self-managed clusters and distributions that only repackage (k3s, RKE2, kubeadm) follow the Kubernetes project.
 *   Amazon says that EKS supports a version longer than the project does, so a version that the project supports is supported
 *   there; extended support counts as supported, with a note that it is paid for. For GKE, AKS and OpenShift no calendar is held.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Provider } from "@/lib/inventory/snapshot";
import { clusterResult, invalidResults, judgeCluster, nameSome } from "./population";
import {
  CALENDAR_MAX_AGE_DAYS,
  daysBetween,
  EKS_CALENDAR,
  NOTICE_DAYS,
  type SupportCalendar,
  UPSTREAM_CALENDAR,
} from "./support-calendar";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { shortReason } from "./short-reason";

export const verKubernetesSupported: Control = {
  id: "ver-kubernetes-supported",
  title: "Kubernetes minor version is supported and components are within skew",
  severity: "high",
  requirements: [
    {
      requirement: "12.3.4",
      kind: "primary",
      rationale:
        "The yearly review of technologies asks whether the vendor still supports what is in use; the version and its end of support answer that for Kubernetes.",
    },
    {
      requirement: "6.3.3",
      kind: "primary",
      rationale: "Security fixes can't be installed in time for a version that no longer gets any.",
    },
    {
      requirement: "2.2.1",
      kind: "supporting",
      rationale: "Hardening standards for Kubernetes are written for supported versions.",
    },
  ],
  judges: "cluster",
  sections: ["nodes"],
  rule: {
    reads: "The API server's version, the kubelets' versions, and a dated calendar of support.",
    pass: "The supplier supports the minor version for at least 60 more days, and no kubelet is newer than the API server or more than three minor versions older.",
    fail: "Support has ended, a kubelet breaks the skew, or (medium) support ends within 60 days.",
    unknown:
      "Version not recognised or not read, calendar older than 90 days or without the version, or no calendar of the supplier.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "After its end of life a version gets no fixes, so known weaknesses stay open.",
    cannotSee: "Whether the patch level is current, and what a support contract says beyond the published dates.",
  },
  evaluate(context) {
    return judgeCluster(context, ["cde"], () => [judge(context), ...invalidResults(context, ["Node"])]);
  },
  verify() {
    return {
      command:
        "kubectl version -o json | jq -r .serverVersion.gitVersion; kubectl get nodes -o custom-columns='N:.metadata.name,V:.status.nodeInfo.kubeletVersion'",
      expect: `A minor version that its supplier supports for ${NOTICE_DAYS} more days (${UPSTREAM_CALENDAR.source}; for EKS ${EKS_CALENDAR.source}), and kubelets not newer and at most three minor versions older.`,
      needs: [],
    };
  },
  remediate(context, result) {
    const supported = Object.entries(UPSTREAM_CALENDAR.versions)
      .filter(([, { standardEnd }]) => daysBetween(context.asOf, standardEnd) >= NOTICE_DAYS)
      .map(([version]) => version);
    return {
      summary: `Upgrade one minor version at a time, control plane first, then nodes, to one of ${supported.join(", ")}; between the steps check removed APIs and the add-ons' compatibility. Seen: ${result.detail}`,
      risk: "APIs that a newer version removes break the manifests and operators that use them; nodes are drained during the upgrade.",
    };
  },
};

interface Version {
  major: number;
  minor: number;
}
/** `v1.32.4+k3s1`, `v1.31.7-eks-1234`, `v1.30.5-gke.100`: major and minor; null for anything else. */
export function parseVersion(text: string | undefined): Version | null {
  const match = /^v?(\d+)\.(\d+)\+?(?:\.\d+(?:[-+.][0-9A-Za-z.+~-]*)?)?$/.exec(text ?? "");
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

interface Problem {
  status: "fail" | "unknown";
  severity?: Result["severity"];
  reason: string;
  detail: string;
}

function judge(context: EvaluationContext): Result {
  const { gitVersion } = context.inventory.facts;
  const version = parseVersion(gitVersion);
  const evidence: EvidencePointer[] = [
    { ref: CLUSTER_REF, pointer: "/facts/gitVersion", ...(gitVersion === undefined ? {} : { found: gitVersion }) },
  ];
  const answer = (status: Result["status"], reason: string, detail: string, severity?: Result["severity"]): Result => ({
    ...clusterResult(status, reason, detail),
    ...(severity === undefined ? {} : { severity }),
    evidence,
  });
  if (version === null) {
    return gitVersion === undefined
      ? answer(
          "unknown",
          "the API server's version was not read",
          "The snapshot holds no gitVersion. It becomes known when the agent may read /version.",
        )
      : answer(
          "unknown",
          shortReason(`version ${gitVersion} is not recognised`),
          `The API server says ${gitVersion}, which is not a Kubernetes version as this release knows them.`,
        );
  }
  const skew = judgeSkew(context, version, evidence);
  const support = judgeSupport(context.inventory.provider, context.asOf, version, gitVersion ?? "");
  const problems = [support.problem, skew.problem].filter((problem) => problem !== null);
  const worst =
    problems.find((p) => p.status === "fail" && p.severity === "high") ??
    problems.find((p) => p.status === "fail") ??
    problems[0];
  const detail = `${support.text} ${skew.text}`.trim();
  if (worst === undefined) return answer("pass", shortReason(`${gitVersion}: ${support.short}`), detail);
  return answer(worst.status, shortReason(worst.reason), detail, worst.severity);
}

function judgeSupport(
  provider: Provider,
  asOf: string,
  version: Version,
  gitVersion: string,
): { problem: Problem | null; text: string; short: string } {
  const name = `${version.major}.${version.minor}`;
  const upstream = endOf(UPSTREAM_CALENDAR, name, asOf);
  if (provider === "self-managed" || provider === "other")
    return conclude(UPSTREAM_CALENDAR, name, asOf, gitVersion, upstream);
  if (provider === "eks") {
    if (upstream !== null && daysBetween(asOf, upstream.end) >= NOTICE_DAYS) {
      return {
        problem: null,
        short: `supported until after ${upstream.end}`,
        text: `${gitVersion}: the Kubernetes project supports ${name} until ${upstream.end}, and Amazon EKS supports each version longer than the project (${EKS_CALENDAR.source}).`,
      };
    }
    return conclude(EKS_CALENDAR, name, asOf, gitVersion, endOf(EKS_CALENDAR, name, asOf));
  }
  const text = `${gitVersion} comes from ${provider.toUpperCase()}, whose support dates this release does not hold. ${upstream === null ? "" : `The Kubernetes project supports ${name} until ${upstream.end}. `}Attach the provider's lifecycle page or record.`;
  return {
    problem: { status: "unknown", reason: `no support dates of ${provider} for ${name}`, detail: text },
    text,
    short: "",
  };
}

/** The end that counts and whether it is paid extended support; null when the calendar can't be used or lacks the version. */
function endOf(calendar: SupportCalendar, name: string, asOf: string): { end: string; isExtended: boolean } | null {
  const support = calendar.versions[name];
  if (support === undefined || daysBetween(calendar.seenAt, asOf) > CALENDAR_MAX_AGE_DAYS) return null;
  const isOver = daysBetween(asOf, support.standardEnd) < NOTICE_DAYS;
  return isOver && support.extendedEnd !== undefined
    ? { end: support.extendedEnd, isExtended: true }
    : { end: support.standardEnd, isExtended: false };
}

function conclude(
  calendar: SupportCalendar,
  name: string,
  asOf: string,
  gitVersion: string,
  found: { end: string; isExtended: boolean } | null,
): { problem: Problem | null; text: string; short: string } {
  const source = `calendar of ${calendar.seenAt}, ${calendar.source}`;
  const oldest = oldestOf(calendar);
  if (found === null && isBefore(name, oldest.name)) {
    // An end of support that has passed doesn't come back, so the calendar's age doesn't matter here.
    const text = `${gitVersion}: ${name} is older than every version in the ${source}; ${calendar.supplier} ended its support before that of ${oldest.name}, which ended on ${oldest.end}.`;
    return {
      problem: { status: "fail", severity: "high", reason: `${name} is long past its end of support`, detail: text },
      text,
      short: "",
    };
  }
  if (found === null) {
    const age = daysBetween(calendar.seenAt, asOf);
    const isStale = age > CALENDAR_MAX_AGE_DAYS;
    const reason = isStale ? `the support calendar is ${age} days old` : `the support calendar does not hold ${name}`;
    const text = `${gitVersion}: ${reason} (${source}); ${isStale ? `older than ${CALENDAR_MAX_AGE_DAYS} days it isn't used` : "the version is newer or older than the calendar"}. A newer release of this product brings newer dates.`;
    return { problem: { status: "unknown", reason, detail: text }, text, short: "" };
  }
  const left = daysBetween(asOf, `${found.end}T23:59:59Z`);
  const paid = found.isExtended ? " under paid extended support" : "";
  if (left < 0) {
    const text = `${gitVersion}: support of ${name} by ${calendar.supplier} ended on ${found.end} (${source}).`;
    return {
      problem: {
        status: "fail",
        severity: "high",
        reason: `${name} reached its end of support on ${found.end}`,
        detail: text,
      },
      text,
      short: "",
    };
  }
  const text = `${gitVersion}: ${calendar.supplier} supports ${name}${paid} until ${found.end}, ${left} more days (${source}).`;
  if (left < NOTICE_DAYS) {
    return {
      problem: {
        status: "fail",
        severity: "medium",
        reason: `support of ${name} ends in ${left} days, on ${found.end}`,
        detail: text,
      },
      text,
      short: "",
    };
  }
  return { problem: null, text, short: `supported${paid} until ${found.end}` };
}

function oldestOf(calendar: SupportCalendar): { name: string; end: string } {
  const [first] = Object.entries(calendar.versions).sort(([a], [b]) => (isBefore(a, b) ? -1 : 1));
  if (first === undefined) throw new RangeError(`the calendar of ${calendar.supplier} is empty`);
  const [name, support] = first;
  return { name, end: support.extendedEnd ?? support.standardEnd };
}

function isBefore(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA < majorB || (majorA === majorB && minorA < minorB);
}

function judgeSkew(
  context: EvaluationContext,
  server: Version,
  evidence: EvidencePointer[],
): { problem: Problem | null; text: string } {
  const readable = context.inventory.readable("nodes");
  if (!readable.known || context.inventory.nodes.length === 0) {
    const why = readable.known ? "the snapshot holds no node" : readable.message;
    const text = `The kubelets' versions aren't known: ${why}.`;
    return { problem: { status: "unknown", reason: "the kubelets' versions were not read", detail: text }, text };
  }
  const broken: string[] = [];
  const unread: string[] = [];
  for (const node of context.inventory.nodes) {
    const kubelet = node.status?.nodeInfo?.kubeletVersion;
    const version = parseVersion(kubelet);
    const difference = version === null || version.major !== server.major ? null : server.minor - version.minor;
    if (version === null) unread.push(`${node.metadata.name} (${kubelet ?? "no version"})`);
    else if (difference === null || difference < 0)
      broken.push(`${node.metadata.name} (${kubelet}, newer than the API server)`);
    else if (difference > 3) broken.push(`${node.metadata.name} (${kubelet}, ${difference} minor versions older)`);
    else continue;
    evidence.push({
      ref: refOf(node),
      pointer: "/status/nodeInfo/kubeletVersion",
      ...(kubelet === undefined ? {} : { found: kubelet }),
    });
  }
  if (broken.length > 0) {
    const text = `Kubelets outside the allowed skew: ${nameSome(broken)}.`;
    return {
      problem: {
        status: "fail",
        severity: "high",
        reason: `${broken.length} kubelet${broken.length === 1 ? "" : "s"} outside the allowed skew`,
        detail: text,
      },
      text,
    };
  }
  if (unread.length > 0) {
    const text = `Kubelet versions that aren't recognised: ${nameSome(unread)}.`;
    return { problem: { status: "unknown", reason: "a kubelet's version is not recognised", detail: text }, text };
  }
  return {
    problem: null,
    text: `All ${context.inventory.nodes.length} kubelets are within three minor versions of the API server.`,
  };
}
