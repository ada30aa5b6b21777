/**
 * ver-addons-supported: Security-relevant add-ons are supported and current.
 *
 * Reads: the images of workloads in CDE and connected-to namespaces that are add-ons this release recognises (plug-in, ingress, DNS,
 *   certificates, policy engine, sensor, shipper, mesh, scanner, delivery), a dated calendar, the organization's register of support.
 * Pass: every recognised image of the workload has a version that is supported today by the register, or by a calendar of at most 90 days.
 * Fail: support of the version has ended, or the add-on was discontinued.
 * Unknown: an image by digest or with a tag that says no version (the label app.kubernetes.io/version is taken then); a version that
 *   calendar and register don't hold; a calendar that is too old.
 * Not applicable: no recognised add-on; no CDE or connected-to namespace.
 * Vendors' rebuilds under other names aren't recognised; enter them into the register, which is asked first for every image it names.
 */
import { type Workload, allContainers } from "@/lib/inventory/inventory";
import { ADDONS, type Addon } from "./addon-calendar";
import { clusterResult, findUnreadable, judgeCluster, nameSome } from "./population";
import { shortReason } from "./short-reason";
import { CALENDAR_MAX_AGE_DAYS, daysBetween } from "./support-calendar";
import { registeredSupport } from "./support-register";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

export const verAddonsSupported: Control = {
  id: "ver-addons-supported",
  title: "Security-relevant add-ons are supported and current",
  severity: "medium",
  requirements: [
    {
      requirement: "12.3.4",
      kind: "primary",
      rationale: "The yearly review of technologies asks for each whether its vendor still keeps it up.",
    },
    {
      requirement: "6.3.3",
      kind: "primary",
      rationale: "An add-on without support gets no fix that could be installed.",
    },
    {
      requirement: "10.7.2",
      kind: "supporting",
      rationale: "Among the add-ons are the security controls whose failure has to be noticed.",
    },
    {
      requirement: "A3.3.2",
      kind: "supporting",
      rationale: "Designated entities review yearly whether their technologies still meet the security requirements.",
    },
  ],
  judges: "workload",
  sections: [...WORKLOAD_SECTIONS],
  rule: {
    reads:
      "Images of recognised add-ons in CDE and connected-to namespaces, a dated calendar, the register of support.",
    pass: "Every recognised image has a version that is supported today.",
    fail: "Support of the version has ended, or the add-on was discontinued.",
    unknown: "No version in the image, or calendar and register don't hold it or are too old.",
    notApplicable: "No recognised add-on, or no CDE or connected-to namespace.",
    why: "Add-ons hold wide rights in the cluster; a weakness in one that nobody fixes stays open.",
    cannotSee: "Rebuilds under other names, and what a vendor ports back.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde", "connected-to"], () => {
      const unreadable = findUnreadable(context, ["pods"]);
      if (unreadable !== null) return [unreadable];
      const results = context.scope
        .inCategory("cde", "connected-to")
        .flatMap((namespace) => context.inventory.workloadsIn(namespace))
        .flatMap((workload) => judge(context, workload));
      if (results.length > 0) return results;
      return [
        clusterResult(
          "not-applicable",
          "no recognised add-on in scope",
          "No workload of a CDE or connected-to namespace runs an add-on that this release recognises.",
        ),
      ];
    }),
  verify: () => ({
    command:
      "kubectl get deploy,ds,sts -A -o json | jq -r '.items[].spec.template.spec|((.initContainers//[])+.containers)[].image' | sort | uniq -c | sort -rn | grep -Ei 'ingress|kyverno|gatekeeper|cert-manager|calico|cilium|coredns|falco|fluent|vector|velero|istio|argo|flux|linkerd|trivy|notary|opendistro|dashboard|traefik|external-secrets' || echo 'none recognised'",
    expect: "Versions that their projects support today, by the release page of each.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Upgrade ${result.object.kind} ${result.object.namespace ?? ""}/${result.object.name} to a supported version, or replace what was discontinued. ${result.detail}`,
    risk: "Add-ons change their CRDs between minor versions; read the upgrade notes and go one minor version at a time.",
  }),
};

interface Answer {
  status: "pass" | "fail" | "unknown";
  words: string;
  evidence: EvidencePointer[];
}

function judge(context: EvaluationContext, workload: Workload): Result[] {
  const seen = new Map<string, Answer>();
  for (const { spec, source } of workload.variants) {
    for (const { container, pointer } of allContainers(spec)) {
      const image = container.image ?? "";
      if (seen.has(image)) continue;
      const evidence = { ref: source.ref, pointer: `${source.pointer}${pointer}/image`, found: image };
      const answer = judgeImage(context, workload, image, evidence);
      if (answer !== null) seen.set(image, answer);
    }
  }
  const answers = [...seen.values()];
  if (answers.length === 0) return [];
  const worst =
    answers.find(({ status }) => status === "fail") ?? answers.find(({ status }) => status === "unknown") ?? answers[0];
  const status = worst?.status ?? "unknown";
  const shown = answers.filter((answer) => answer.status === status);
  return [
    {
      status,
      object: workload.ref,
      reason: shortReason(worst?.words ?? ""),
      detail: `${workload.ref.kind} ${workload.namespace}/${workload.ref.name}: ${nameSome(
        answers.map(({ words }) => words),
        8,
      )}.`,
      evidence: shown.flatMap(({ evidence }) => evidence),
    },
  ];
}

function judgeImage(
  context: EvaluationContext,
  workload: Workload,
  image: string,
  evidence: EvidencePointer,
): Answer | null {
  const [withTag = ""] = image.split("@");
  const slash = withTag.lastIndexOf("/");
  const colon = withTag.indexOf(":", slash < 0 ? 0 : slash);
  const name = colon < 0 ? withTag : withTag.slice(0, colon);
  const tag = colon < 0 ? "" : withTag.slice(colon + 1);
  const versionOf = (text: string | undefined): string | null =>
    /^v?(\d+\.\d+(?:\.\d+)?)/.exec(text ?? "")?.[1] ?? null;
  const version = versionOf(tag) ?? versionOf(workload.labels["app.kubernetes.io/version"]);
  const registered = registeredSupport(context, name, version);
  if (registered !== null) {
    const status = registered.isSupported ? "pass" : "fail";
    return {
      status,
      words: `${name} ${version ?? ""}: ${registered.words}`,
      evidence: [evidence, registered.evidence],
    };
  }
  const addon = ADDONS.find((candidate) => candidate.image.test(name));
  return addon === undefined ? null : judgeAddon(context.asOf, addon, version, evidence);
}

function judgeAddon(asOf: string, addon: Addon, version: string | null, evidence: EvidencePointer): Answer {
  const { name, retired, endedUpTo, supported, source = "", seenAt = "" } = addon;
  const answer = (status: Answer["status"], words: string): Answer => ({ status, words, evidence: [evidence] });
  if (retired !== undefined && Date.parse(asOf) >= Date.parse(retired.since)) {
    return answer(
      "fail",
      `${name} was discontinued on ${retired.since}; followed by ${retired.followedBy} (${source})`,
    );
  }
  if (version === null)
    return answer("unknown", `${name}: the image says no version; a label app.kubernetes.io/version or a tag would`);
  const minor = version.split(".").slice(0, 2).join(".");
  if (
    endedUpTo !== undefined &&
    compare(minor, endedUpTo.version) <= 0 &&
    Date.parse(asOf) >= Date.parse(endedUpTo.on)
  ) {
    const when = minor === endedUpTo.version ? `on ${endedUpTo.on}` : `before ${endedUpTo.on}`;
    return answer("fail", `${name} ${version}: support ended ${when} (${source})`);
  }
  if (supported === undefined || !supported.includes(minor)) {
    return answer("unknown", `${name} ${version} is in no calendar; enter its end of support into the register`);
  }
  const age = daysBetween(seenAt, asOf);
  if (age > CALENDAR_MAX_AGE_DAYS) {
    return answer(
      "unknown",
      `${name} ${version}: the calendar is ${age} days old (${source}); the register can say more`,
    );
  }
  return answer("pass", `${name} ${version} is supported (calendar of ${seenAt}, ${source})`);
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
