/**
 * ver-patch-current: Security patch releases of Kubernetes are applied in time.
 *
 * Reads: the full version of the API server and of every kubelet, and the register of patch releases with the security fixes in each,
 *   ranked by the organization; without it the days of release alone.
 * Pass: no fix that is ranked critical has been missing for more than 30 days, and no other one longer than the organization allows;
 *   without a register, no patch release has been missing for more than 30 days. What is read must be at most 30 days old.
 * Fail: a fix is missing for longer: high if it is ranked critical, else medium.
 * Unknown: no register, and a patch release is missing for more than 30 days (nobody says what it fixes); the register or the calendar
 *   is older than 30 days or doesn't hold the minor version; a provider's build (eks, gke) lacks a fix by its number, which may be
 *   ported back; versions not read.
 * Not applicable: no CDE namespace. On EKS, GKE and AKS the provider patches the control plane: the nodes are judged.
 * Weaknesses of Kubernetes are mostly ranked high or medium by its authors: the organization's own ranking decides (6.3.1).
 */
import { refOf } from "@/lib/inventory/inventory";
import type { KubernetesPatches } from "@/lib/inventory/registers/kubernetes-patches";
import { PATCH_CALENDAR, PATCH_CALENDAR_SOURCE } from "./patch-calendar";
import { clusterResult, invalidResults, judgeCluster, nameSome } from "./population";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const CRITICAL_DAYS = 30;
const MAX_AGE_DAYS = 30;

export const verPatchCurrent: Control = {
  id: "ver-patch-current",
  title: "Security patch releases of Kubernetes are applied in time",
  severity: "high",
  requirements: [
    {
      requirement: "6.3.3",
      kind: "primary",
      rationale:
        "Fixes for critical weaknesses have to be installed within a month of their release, others in the time that the entity sets.",
    },
    {
      requirement: "6.3.1",
      kind: "supporting",
      rationale: "The ranking in the register is the entity's own assessment of each weakness.",
    },
  ],
  judges: "cluster",
  sections: ["nodes"],
  rule: {
    reads: "The versions of the API server and the kubelets, and the register of patch releases and ranked fixes.",
    pass: "No critical fix has been missing for more than 30 days, and no other one longer than the organization allows.",
    fail: "A fix has been missing for longer.",
    unknown:
      "No register and a release is missing, it is older than 30 days, or a provider's build hides what is ported back.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "Weaknesses of the API server and the kubelet become known with the release that fixes them.",
    cannotSee: "What a provider's build has ported back.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context), ...invalidResults(context, ["Node"])]),
  verify: () => ({
    command: `kubectl get --raw /version | jq -r .gitVersion; kubectl get nodes -o json | jq -r '[.items[].status.nodeInfo.kubeletVersion]|group_by(.)[]|"\\(length) \\(.[0])"'`,
    expect: `The newest patch of the minor version (${PATCH_CALENDAR_SOURCE}), or one that lacks no critical fix for more than 30 days by your own ranking.`,
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Upgrade to the newest patch of the minor version: control plane first, then each node (drain, upgrade, uncordon). ${result.detail}`,
    risk: "Patch releases change no API; nodes are drained one after the other.",
  }),
};

interface Version {
  text: string;
  minor: string;
  patch: number;
  isProviderBuild: boolean;
}
function parse(text: string | undefined): Version | null {
  const match = /^v?(\d+\.\d+)\.(\d+)((?:[-+].*)?)$/.exec(text ?? "");
  if (match === null || text === undefined) return null;
  const suffix = match[3] ?? "";
  if (/^-(?:alpha|beta|rc)\b/.test(suffix)) return null;
  return { text, minor: match[1] ?? "", patch: Number(match[2]), isProviderBuild: /-(?:eks|gke|aks)[-.]/.test(suffix) };
}

interface Answer {
  status: "pass" | "fail" | "unknown";
  severity?: "high" | "medium";
  words: string;
}

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const isManaged = ["eks", "gke", "aks"].includes(inventory.provider);
  const groups = new Map<string, { names: string[]; evidence: EvidencePointer }>();
  const add = (version: string, name: string, evidence: EvidencePointer): void => {
    const group = groups.get(version);
    if (group === undefined) groups.set(version, { names: [name], evidence });
    else group.names.push(name);
  };
  const { gitVersion } = inventory.facts;
  if (!isManaged) {
    const found = gitVersion === undefined ? {} : { found: gitVersion };
    add(gitVersion ?? "", "the API server", { ref: CLUSTER_REF, pointer: "/facts/gitVersion", ...found });
  }
  for (const node of inventory.nodes) {
    const version = node.status?.nodeInfo?.kubeletVersion ?? "";
    const found = version === "" ? {} : { found: version };
    add(version, `kubelet of ${node.metadata.name}`, {
      ref: refOf(node),
      pointer: "/status/nodeInfo/kubeletVersion",
      ...found,
    });
  }
  const answers = [...groups].map(([text, { names, evidence }]) => {
    const version = parse(text);
    const answer: Answer =
      version === null
        ? {
            status: "unknown",
            words: text === "" ? "its version was not read" : `${text} is not recognised as a release`,
          }
        : judgeVersion(context, version);
    return { ...answer, who: nameSome(names, 3), evidence };
  });
  const readable = inventory.readable("nodes");
  if (!readable.known || inventory.nodes.length === 0) {
    answers.push({
      status: "unknown",
      words: readable.known ? "the snapshot holds no node" : readable.message,
      who: "the kubelets",
      evidence: { ref: CLUSTER_REF, pointer: "/facts" },
    });
  }
  const worst =
    answers.find(({ status, severity }) => status === "fail" && severity === "high") ??
    answers.find(({ status }) => status === "fail") ??
    answers.find(({ status }) => status === "unknown") ??
    answers[0];
  const note = isManaged ? " The provider patches the control plane." : "";
  return {
    ...clusterResult(
      worst?.status ?? "unknown",
      shortReason(worst === undefined ? "no version was read" : `${worst.who}: ${worst.words}`),
      `${answers.map(({ who, words }) => `${who}: ${words}`).join("; ")}.${note}`,
    ),
    ...(worst?.severity === undefined ? {} : { severity: worst.severity }),
    evidence: answers.filter(({ status }) => status === worst?.status).map(({ evidence }) => evidence),
  };
}

function judgeVersion(context: EvaluationContext, version: Version): Answer {
  const register = context.registers?.kubernetesPatches;
  return register === undefined ? byCalendar(context.asOf, version) : byRegister(context.asOf, version, register);
}

function byRegister(asOf: string, version: Version, register: KubernetesPatches): Answer {
  const source = `register of ${register.seenAt}, ${register.source}`;
  const released = new Map(register.releases.map((release) => [release.version, release.releasedAt]));
  const limits = { critical: CRITICAL_DAYS, ...register.days };
  const overdue = register.fixes.flatMap(({ id, ranking, fixedIn }) => {
    const fixed = fixedIn.find((candidate) => candidate.startsWith(`${version.minor}.`));
    if (fixed === undefined || Number(fixed.split(".")[2]) <= version.patch) return [];
    const releasedAt = released.get(fixed);
    if (releasedAt === undefined)
      return [
        { id, ranking, words: `${id} (${ranking}, fixed in ${fixed}, whose day isn't registered)`, isKnown: false },
      ];
    const days = daysBetween(releasedAt, asOf);
    return days > limits[ranking]
      ? [{ id, ranking, words: `${id} (${ranking}, fixed in ${fixed} ${days} days ago)`, isKnown: true }]
      : [];
  });
  const late = overdue.filter(({ isKnown }) => isKnown);
  if (late.length > 0) {
    const words = `${version.text} lacks ${nameSome(
      late.map((fix) => fix.words),
      3,
    )} (${source})`;
    if (version.isProviderBuild)
      return { status: "unknown", words: `${words}; a provider's build may have it ported back` };
    return { status: "fail", severity: late.some(({ ranking }) => ranking === "critical") ? "high" : "medium", words };
  }
  if (overdue.length > 0)
    return {
      status: "unknown",
      words: `${version.text} lacks ${nameSome(
        overdue.map((fix) => fix.words),
        3,
      )}`,
    };
  const age = daysBetween(register.seenAt, asOf);
  if (age > MAX_AGE_DAYS)
    return { status: "unknown", words: `the ${source} is ${age} days old; at most ${MAX_AGE_DAYS} are used` };
  if (!register.releases.some((release) => release.version.startsWith(`${version.minor}.`))) {
    return { status: "unknown", words: `the ${source} holds no release of ${version.minor}` };
  }
  return { status: "pass", words: `${version.text} lacks no fix for longer than allowed (${source})` };
}

function byCalendar(asOf: string, version: Version): Answer {
  const series = PATCH_CALENDAR[version.minor];
  if (series === undefined) {
    return {
      status: "unknown",
      words: `patch releases of ${version.minor} are not in the calendar; enter them and their fixes into the register`,
    };
  }
  const missing = Object.entries(series.releases)
    .map(([patch, day]) => ({ patch: Number(patch), day }))
    .filter(({ patch, day }) => patch > version.patch && daysBetween(day, asOf) > CRITICAL_DAYS);
  const [first] = missing;
  const last = missing.at(-1);
  if (first !== undefined && last !== undefined) {
    const range =
      first === last
        ? `${version.minor}.${first.patch}`
        : `${version.minor}.${first.patch} to ${version.minor}.${last.patch}`;
    return {
      status: "unknown",
      words: `${version.text} lacks ${range}, the first out since ${first.day}; whether they fix something critical is for the register of patches to say`,
    };
  }
  const age = daysBetween(series.seenAt, asOf);
  if (age > MAX_AGE_DAYS) {
    return {
      status: "unknown",
      words: `the calendar of ${version.minor} is ${age} days old; at most ${MAX_AGE_DAYS} are used`,
    };
  }
  return {
    status: "pass",
    words: `${version.text} lacks no patch release for more than ${CRITICAL_DAYS} days (${PATCH_CALENDAR_SOURCE})`,
  };
}
