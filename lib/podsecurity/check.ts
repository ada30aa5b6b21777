/**
 * What a check of the Pod Security Standards is given and what it answers.
 *
 * The standard is a list of checks; each has an id, the level it belongs to, and one revision per Kubernetes minor version in
 * which its rule changed. Reason and detail use the wording of the API server, so that a result can be laid beside the message
 * that `kubectl` shows when a pod is refused.
 */
import { allContainers } from "@/lib/inventory/inventory";
import type { Container, PodSpec } from "@/lib/inventory/kinds";

/** As much of a pod (or of a pod template) as the standard reads. */
export interface PodUnderCheck {
  annotations: Record<string, string>;
  spec: PodSpec;
}

/** One field that breaks a check. `pointer` is a JSON pointer below the pod's spec or below its annotations. */
export interface ForbiddenField {
  in: "spec" | "annotations";
  pointer: string;
  /** The value found, as text; absent when the field is missing although it is required. */
  found?: string;
}

export type CheckOutcome =
  | { allowed: true }
  | { allowed: false; reason: string; detail: string; fields: readonly ForbiddenField[] };

export const ALLOWED: CheckOutcome = { allowed: true };

export interface CheckRevision {
  /** First minor version of Kubernetes 1 in which this revision holds; the one before ends there. */
  sinceMinor: number;
  /** Checks of the baseline level that this one replaces at the restricted level, because it is stricter. */
  overrides?: readonly string[];
  evaluate(pod: PodUnderCheck): CheckOutcome;
}

export interface Check {
  id: string;
  level: "baseline" | "restricted";
  /** Oldest first. */
  revisions: readonly CheckRevision[];
}

export interface VisitedContainer {
  container: Container;
  pointer: string;
}

/** Init containers (with restartable sidecars), containers, ephemeral containers: all three lists count, in this order. */
export function visitContainers(spec: PodSpec): VisitedContainer[] {
  // A template without any container cannot run, but it can be written down; it must not stop the evaluation.
  return Array.isArray(spec.containers) ? allContainers(spec) : allContainers({ ...spec, containers: [] });
}

/** Before 1.25 no check knew Windows; since then three Linux-only checks skip pods that declare `spec.os.name: windows`. */
export function isWindows(spec: PodSpec): boolean {
  return spec.os?.name === "windows";
}

/** Pods in a user namespace (`hostUsers: false`), for which three checks are relaxed from version 1.35. */
export function hasUserNamespace(spec: PodSpec): boolean {
  return spec.hostUsers === false;
}

/** `"a", "b"`, without escaping, as the API server writes lists. */
export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(", ");
}

export function plural(singular: string, several: string, count: number): string {
  return count === 1 ? singular : several;
}

/** `container "a"` or `containers "a", "b"`. */
export function containersNamed(names: readonly string[]): string {
  return `${plural("container", "containers", names.length)} ${quoted(names)}`;
}

/** Distinct values in byte order, as Go's sorted sets print them. */
export function sortedSet(values: Iterable<string>): string[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Escapes one segment of a JSON pointer (RFC 6901): annotation keys hold slashes. */
export function pointerSegment(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
