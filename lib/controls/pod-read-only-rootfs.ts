/**
 * CDE containers use a read-only root file system.
 *
 * Reads: securityContext.readOnlyRootFilesystem of init, ordinary and ephemeral containers. CDE and connected-to namespaces. The
 * field exists on containers only; there is nothing to inherit, and no Pod Security level asks for it.
 * Pass: true on every container of the three lists. Writable volumes beside it are fine.
 * Fail: false or unset on any of them.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: Windows pods (spec.os.name), which have no such setting; no workload in the namespace; finished pods.
 *
 * An ephemeral debug container nearly always fails here; it stands in the one result of its workload and goes with the pod.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { isWindows } from "@/lib/podsecurity";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  containerListEvidence,
  containersWhere,
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

export const podReadOnlyRootfs: Control = {
  id: "pod-read-only-rootfs",
  title: "CDE containers use a read-only root file system",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "A root file system that cannot be written keeps an intruder from changing the program or leaving tools behind.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "Files that cannot change need no comparison; it narrows what change detection has to watch.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "What runs stays what was released; a change needs a new image.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "securityContext.readOnlyRootFilesystem of all init, ordinary and ephemeral containers, of live pods in CDE and connected-to namespaces.",
    pass: "It is true on every container.",
    fail: "It is false or unset on any container.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "Windows pods; no workload in the namespace, or all its pods have finished.",
    why: "The container runtime mounts the image's file system read-only exactly when the field is true.",
    cannotSee: "What is written to the volumes that a container mounts beside it.",
  },
  evaluate: (context) => judgeWorkloads(context, CATEGORIES, judge),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.os.name!="windows")|. as $p|allc|select(.securityContext.readOnlyRootFilesystem!=true)|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.name)"'`,
    ),
    expect: "No output. Each line is a container whose root file system can be written.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Mount the root file system read-only and give the program an emptyDir for the folders that it writes to; the patch adds one at /tmp. An ephemeral container goes away with its pod: delete the pod.",
        risk: "A program that writes elsewhere (caches, pid files, its own configuration) fails until that folder is a volume too.",
      },
      (spec) => {
        const needsTmp = [...(spec.initContainers ?? []), ...spec.containers].filter(isWritable);
        if (needsTmp.length === 0) return {};
        return {
          spec: { volumes: [{ name: "ringfence-tmp", emptyDir: {} }] },
          containers: Object.fromEntries(
            needsTmp.map((container) => [
              container.name,
              {
                securityContext: { readOnlyRootFilesystem: true },
                ...(container.volumeMounts?.some((mount) => mount.mountPath === "/tmp")
                  ? {}
                  : { volumeMounts: [{ name: "ringfence-tmp", mountPath: "/tmp" }] }),
              },
            ]),
          ),
        };
      },
    ),
};

function isWritable(container: { securityContext?: { readOnlyRootFilesystem?: boolean } }): boolean {
  return container.securityContext?.readOnlyRootFilesystem !== true;
}

function judge(workload: Workload): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (workload.variants.every((variant) => isWindows(variant.spec))) {
    return {
      status: "not-applicable",
      reason: "Windows pod",
      detail: `${subject} declares spec.os.name: windows, and Windows containers have no read-only root file system.`,
      evidence: workload.variants.map((variant) => specEvidence(variant, "/os/name", "windows")),
    };
  }
  const writable = containersWhere(workload, (container, spec) =>
    !isWindows(spec) && isWritable(container)
      ? {
          pointer: "/securityContext/readOnlyRootFilesystem",
          found: container.securityContext?.readOnlyRootFilesystem?.toString(),
        }
      : null,
  );
  if (writable.length === 0) {
    return {
      status: "pass",
      reason: "root file systems are read-only",
      detail: `${subject}: every container sets readOnlyRootFilesystem=true.`,
      evidence: containerListEvidence(workload),
    };
  }
  const names = distinct(writable.map((c) => c.container));
  const hint = distinct(workload.variants.map((variant) => windowsHint(variant.spec))).join("");
  const debug = distinct(writable.filter((c) => c.pointer.startsWith("/ephemeralContainers")).map((c) => c.container));
  const debugWords =
    debug.length > 0
      ? ` Of these ${debug.join(", ")} ${debug.length === 1 ? "is an" : "are"} ephemeral debug ${debug.length === 1 ? "container" : "containers"}.`
      : "";
  return {
    status: "fail",
    reason: `writable root file system: ${nameSome(names, 3)}`,
    detail: `${subject}: readOnlyRootFilesystem is not true on ${names.join(", ")}.${debugWords}${hint}`,
    evidence: writable.map((c) => specEvidence(c.variant, c.pointer, c.found)),
  };
}
