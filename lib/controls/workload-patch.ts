/**
 * Strategic-merge patches for the very workload that failed: containers are merged by name, so that only the named ones change.
 *
 * A bare Pod, a Job and a static pod can't be patched in place, and a kind that Kubernetes doesn't own merges lists whole: for
 * these the answer is words, not a patch that would be refused or would drop containers.
 */
import type { Workload } from "@/lib/inventory/inventory";
import type { PodSpec } from "@/lib/inventory/kinds";
import { renderPatch } from "./manifest";
import { shellQuote } from "./prelude";
import type { EvaluationContext, Remediation, Result } from "./types";
import { findWorkload, templatePath, wordsOf } from "./workloads";

export interface PodSpecPatch {
  /** Fields of the pod spec itself. */
  spec?: Record<string, unknown>;
  /** Fields per container name. */
  containers?: Record<string, Record<string, unknown>>;
  /** Annotations of the pod template that are taken away; those that no pod spec of the workload carries are left out. */
  annotations?: Record<string, null>;
}

export interface PatchWords {
  summary: string;
  risk: string;
}

/**
 * The remediation of a result about a workload.
 *
 * @param patchFor fields to change in the (first) spec of the workload; containers that it names but the spec lacks are left out.
 */
export function remediateWorkload(
  context: EvaluationContext,
  result: Result,
  words: PatchWords,
  patchFor: (spec: PodSpec) => PodSpecPatch,
): Remediation {
  const workload = findWorkload(context, result);
  if (workload === undefined) return words;
  const path = templatePath(workload.ref);
  const subject = `${wordsOf(workload.ref)} in namespace ${workload.namespace}`;
  if (workload.isStatic) {
    return {
      ...words,
      summary: `${words.summary} ${subject} is a static pod: change its manifest file on the node (usually /etc/kubernetes/manifests); the kubelet restarts it.`,
    };
  }
  if (path === null) {
    const how =
      workload.ref.kind === "Pod" || workload.ref.kind === "Job"
        ? "cannot be changed in place: correct its manifest, delete it and create it again"
        : "belongs to a controller of its own kind: change the pod template in that object";
    return { ...words, summary: `${words.summary} ${subject} ${how}.` };
  }
  const patch = mergePatches(workload.variants.map((variant) => specPatch(variant.spec, patchFor(variant.spec))));
  const annotations = annotationsPatch(workload, patchFor);
  const template = { ...(annotations === null ? {} : { metadata: { annotations } }), spec: patch };
  const above = path.slice(0, -1);
  const manifest = renderPatch(
    above.reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), template),
  );
  const kind = workload.ref.kind.toLowerCase();
  const name = shellQuote(workload.ref.name);
  return {
    ...words,
    manifest,
    apply: `kubectl -n ${shellQuote(workload.namespace)} patch ${kind} ${name} --patch-file patch.yaml`,
  };
}

function annotationsPatch(workload: Workload, patchFor: (spec: PodSpec) => PodSpecPatch): Record<string, null> | null {
  const taken = workload.variants.flatMap(({ spec, annotations }) =>
    Object.keys(patchFor(spec).annotations ?? {}).filter((key) => annotations[key] !== undefined),
  );
  return taken.length === 0 ? null : Object.fromEntries(taken.map((key) => [key, null]));
}

function specPatch(spec: PodSpec, patch: PodSpecPatch): Record<string, unknown> {
  const listFor = (containers: PodSpec["containers"] | undefined) =>
    (containers ?? []).flatMap(({ name }) => {
      const fields = patch.containers?.[name];
      return fields === undefined ? [] : [{ name, ...fields }];
    });
  const containers = listFor(spec.containers);
  const initContainers = listFor(spec.initContainers);
  return {
    ...patch.spec,
    ...(initContainers.length > 0 ? { initContainers } : {}),
    ...(containers.length > 0 ? { containers } : {}),
  };
}

/** Several pod specs of one workload (a rollout under way) need one patch: containers are joined by name, first one wins. */
function mergePatches(patches: Record<string, unknown>[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const patch of patches) {
    for (const [key, value] of Object.entries(patch)) {
      const known = merged[key];
      if (Array.isArray(known) && Array.isArray(value)) {
        const names = new Set(known.map((entry: { name?: string }) => entry.name));
        merged[key] = [...known, ...value.filter((entry: { name?: string }) => !names.has(entry.name))];
      } else if (known === undefined) merged[key] = value;
    }
  }
  return merged;
}

/** Containers of init and ordinary lists for which `wants` holds, each with the same fields. */
export function sameForContainers(
  spec: PodSpec,
  wants: (container: PodSpec["containers"][number]) => boolean,
  fields: Record<string, unknown>,
): Record<string, Record<string, unknown>> {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  return Object.fromEntries(all.filter(wants).map(({ name }) => [name, fields]));
}
