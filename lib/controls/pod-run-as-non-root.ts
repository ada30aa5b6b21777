/**
 * CDE containers run as a non-root user.
 *
 * Reads: runAsNonRoot and runAsUser of the pod's and of every container's securityContext, spec.hostUsers, spec.os.name, and the
 * API server's version. CDE and connected-to namespaces. A container's value overrides the pod's, in both directions.
 * Pass: every container's effective runAsNonRoot is true and no runAsUser is 0; or `hostUsers: false` on Kubernetes 1.35 or later,
 * where Pod Security no longer asks (root in the pod is nobody on the node).
 * Fail: effective runAsNonRoot false or unset; runAsUser 0 at either level; runAsNonRoot=false on the pod even where all
 * containers say true (Pod Security refuses it). Medium when every offending container runs as a user above 0 and only the
 * promise is missing.
 * Unknown: pods were not read, an object is invalid, no scope is declared, or the answer hangs on an API server version that is
 * not known.
 * Not applicable: no workload in the namespace; finished pods are not judged. Windows pods (spec.os.name) have no such field:
 * for them runAsUserName ContainerAdministrator fails and everything else passes.
 *
 * Setting it on the pod alone is enough; demanding it at both levels, as some guides do, is not.
 */
import type { PodVariant, Workload } from "@/lib/inventory/inventory";
import { isWindows, minorOfVersion, visitContainers } from "@/lib/podsecurity";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control, EvidencePointer } from "./types";
import { remediateWorkload, sameForContainers } from "./workload-patch";
import {
  containerListEvidence,
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  windowsHint,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
/** First version in which Pod Security lets pods in a user namespace run as root. */
const USER_NAMESPACE_MINOR = 35;

export const podRunAsNonRoot: Control = {
  id: "pod-run-as-non-root",
  title: "CDE containers run as a non-root user",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "Root inside a container is one kernel fault away from root on the node; running as another user is the setting that prevents it.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale: "An application rarely needs root, so an unprivileged user is its least privilege.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "runAsNonRoot and runAsUser of pods and containers, hostUsers and os.name, of live pods in CDE and connected-to namespaces; the container's value overrides the pod's.",
    pass: "Every container effectively has runAsNonRoot=true and no runAsUser is 0; or the pod has hostUsers=false on Kubernetes 1.35 or later.",
    fail: "runAsNonRoot is effectively false or unset, false on the pod, or runAsUser is 0 anywhere; medium when all offending containers run as a numbered user above 0.",
    unknown:
      "Pods could not be listed, an object is invalid, the scope is not declared, or the API server's version decides and is not known.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "With runAsNonRoot the kubelet refuses to start a container whose user is 0, whatever the image says.",
    cannotSee:
      "The user that an image names for itself; without runAsNonRoot it may be anybody, and may change with the next image.",
  },
  evaluate: (context) => {
    const serverMinor = minorOfVersion(context.inventory.facts.gitVersion);
    return judgeWorkloads(context, CATEGORIES, (workload) => judge(workload, serverMinor));
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.os.name!="windows")|(.spec.securityContext//{}) as $s|. as $p|allc|. as $c|([.securityContext.runAsNonRoot,$s.runAsNonRoot]|map(select(.!=null))|.[0]) as $n|([.securityContext.runAsUser,$s.runAsUser]|map(select(.!=null))|.[0]) as $u|select($n!=true or $u==0 or $s.runAsNonRoot==false or $s.runAsUser==0)|"\\($p.metadata.namespace)/\\($p.metadata.name) \\($c.name) nonRoot=\\($n) uid=\\($u) hostUsers=\\($p.spec.hostUsers)"'`,
    ),
    expect:
      "No output, except pods with hostUsers=false on Kubernetes 1.35 or later. Each line is a container that may run as root.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Promise a non-root user on the pod. If the image has no numeric user of its own, set runAsUser to one that it can work with.",
        risk: "A container whose image runs as root does not start any more; files that belong to root may not be writable for it.",
      },
      (spec) => ({
        spec: {
          securityContext: {
            runAsNonRoot: true,
            ...(spec.securityContext?.runAsUser === 0 ? { runAsUser: 10001 } : {}),
          },
        },
        containers: {
          ...sameForContainers(spec, (c) => c.securityContext?.runAsNonRoot === false, {
            securityContext: { runAsNonRoot: true },
          }),
          ...sameForContainers(spec, (c) => c.securityContext?.runAsUser === 0, {
            securityContext: { runAsNonRoot: true, runAsUser: 10001 },
          }),
        },
      }),
    ),
};

interface Offence {
  /** What is wrong, with the effective values. */
  words: string;
  container: string;
  evidence: EvidencePointer;
  /** The user is a number above 0 and only the promise is missing. */
  isOnlyPromise: boolean;
}

function judge(workload: Workload, serverMinor: number | null): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const hint = distinct(workload.variants.map((variant) => windowsHint(variant.spec))).join("");
  const relaxable = workload.variants.filter((v) => !isWindows(v.spec) && v.spec.hostUsers === false);
  const offences = workload.variants.flatMap((variant) => {
    if (isWindows(variant.spec)) return windowsOffences(variant);
    const isRelaxed = variant.spec.hostUsers === false && serverMinor !== null && serverMinor >= USER_NAMESPACE_MINOR;
    return isRelaxed ? [] : linuxOffences(variant);
  });
  if (offences.length === 0) {
    const relaxed = relaxable.length > 0 ? " The pod runs in a user namespace of its own (hostUsers: false)." : "";
    return {
      status: "pass",
      reason: relaxable.length > 0 ? "runs in its own user namespace" : "runs as non-root",
      detail: `${subject}: every container must start as a user other than root.${relaxed}`,
      evidence: containerListEvidence(workload),
    };
  }
  const names = distinct(offences.map((offence) => offence.container));
  const detail = `${subject}: ${distinct(offences.map((offence) => offence.words)).join("; ")}.${hint}`;
  const evidence = offences.map((offence) => offence.evidence);
  if (
    serverMinor === null &&
    offences.every((offence) => relaxable.some((v) => offence.evidence.ref === v.source.ref))
  ) {
    return {
      status: "unknown",
      reason: "hostUsers=false counts from Kubernetes 1.35; version not known",
      detail: `${detail} With hostUsers=false this is accepted from Kubernetes 1.35 on; the API server's version is not in the snapshot.`,
      evidence,
    };
  }
  const isOnlyPromise = offences.every((offence) => offence.isOnlyPromise);
  return {
    status: "fail",
    ...(isOnlyPromise ? { severity: "medium" as const } : {}),
    reason: isOnlyPromise
      ? `runs as non-zero UID without runAsNonRoot: ${nameSome(names, 2)}`
      : `may run as root: ${nameSome(names, 3)}`,
    detail,
    evidence,
  };
}

function linuxOffences(variant: PodVariant): Offence[] {
  const pod = variant.spec.securityContext;
  const offences: Offence[] = [];
  if (pod?.runAsNonRoot === false) {
    offences.push({
      words: "the pod says runAsNonRoot=false",
      container: "pod",
      evidence: specEvidence(variant, "/securityContext/runAsNonRoot", "false"),
      isOnlyPromise: false,
    });
  }
  if (pod?.runAsUser === 0) {
    offences.push({
      words: "the pod says runAsUser=0",
      container: "pod",
      evidence: specEvidence(variant, "/securityContext/runAsUser", "0"),
      isOnlyPromise: false,
    });
  }
  for (const { container, pointer } of visitContainers(variant.spec)) {
    const own = container.securityContext;
    const nonRoot = own?.runAsNonRoot ?? pod?.runAsNonRoot;
    const user = own?.runAsUser ?? pod?.runAsUser;
    const values = `runAsNonRoot=${nonRoot ?? "unset"}, runAsUser=${user ?? "unset"}`;
    if (user === 0 && own?.runAsUser === 0) {
      offences.push({
        words: `container ${container.name} runs as root (${values})`,
        container: container.name,
        evidence: specEvidence(variant, `${pointer}/securityContext/runAsUser`, "0"),
        isOnlyPromise: false,
      });
    } else if (nonRoot !== true) {
      const isNumbered = user !== undefined && user > 0;
      offences.push({
        words: isNumbered
          ? `container ${container.name} runs as non-zero UID ${user} but nothing promises it (${values})`
          : `container ${container.name} may run as root (${values})`,
        container: container.name,
        evidence: specEvidence(variant, `${pointer}/securityContext/runAsNonRoot`, own?.runAsNonRoot?.toString()),
        isOnlyPromise: isNumbered && own?.runAsNonRoot !== false && pod?.runAsNonRoot !== false,
      });
    }
  }
  return offences;
}

function windowsOffences(variant: PodVariant): Offence[] {
  const podUser = variant.spec.securityContext?.windowsOptions?.runAsUserName;
  return visitContainers(variant.spec).flatMap(({ container, pointer }) => {
    const own = container.securityContext?.windowsOptions?.runAsUserName;
    const user = own ?? podUser;
    if (user === undefined || !isContainerAdministrator(user)) return [];
    const at =
      own === undefined
        ? "/securityContext/windowsOptions/runAsUserName"
        : `${pointer}/securityContext/windowsOptions/runAsUserName`;
    return [
      {
        words: `container ${container.name} runs as ${user}`,
        container: container.name,
        evidence: specEvidence(variant, at, user),
        isOnlyPromise: false,
      },
    ];
  });
}

/** User names on Windows ignore case and may carry a domain: `User Manager\ContainerAdministrator`. */
function isContainerAdministrator(user: string): boolean {
  return user.slice(user.lastIndexOf("\\") + 1).toLowerCase() === "containeradministrator";
}
