/**
 * Which workload ships the audit log from the control-plane nodes.
 *
 * One that mounts the log's own folder or file, or that is called an audit shipper; else a log shipper by name or image that mounts
 * a folder above it and runs on a control-plane node. A node monitor that mounts the whole disk is none.
 */
import type { Inventory, Workload } from "@/lib/inventory/inventory";
import { visitContainers } from "@/lib/podsecurity";
import type { EvidencePointer } from "./types";
import { specEvidence } from "./workloads";

const SHIPPER_NAME =
  /fluent|vector|promtail|alloy|opentelemetry|otel|filebeat|logstash|splunk|datadog|syslog|log(?:s|ging)?[-_]?(?:agent|shipper|collector|forwarder)|audit/i;

export interface Shipper {
  workload: Workload;
  /** All workloads of it: static pods are one workload per node. */
  parts: Workload[];
  mount: EvidencePointer;
  mountsFile: boolean;
  mountWords: string;
}

export function findShippers(inventory: Inventory, logs: readonly string[], nodes: readonly string[]): Shipper[] {
  const specific = new Map<string, Shipper>();
  const general = new Map<string, Shipper>();
  for (const workload of inventory.workloads) {
    if (workload.ref.kind !== "DaemonSet" && !workload.isStatic) continue;
    if (workload.isStatic && /^(?:kube-|etcd)/.test(workload.ref.name)) continue;
    const found = mountOf(workload, logs);
    if (found === null) continue;
    const isCalledAudit = /audit/i.test(workload.ref.name);
    const isShipper = SHIPPER_NAME.test(`${workload.ref.name} ${imagesOf(workload).join(" ")}`);
    const onControlPlane = workload.pods.some((pod) => nodes.includes(pod.spec.nodeName ?? ""));
    const list = found.isOwn || isCalledAudit ? specific : isShipper && onControlPlane ? general : null;
    if (list === null) continue;
    const node = workload.pods[0]?.spec.nodeName ?? "";
    const key = workload.isStatic
      ? workload.ref.name.replace(new RegExp(`-${escapeRegExp(node)}$`), "")
      : `${workload.namespace}/${workload.ref.name}`;
    const known = list.get(key);
    if (known === undefined)
      list.set(key, {
        workload,
        parts: [workload],
        mount: found.evidence,
        mountsFile: found.isFile,
        mountWords: found.words,
      });
    else {
      known.parts.push(workload);
      known.mountsFile ||= found.isFile;
    }
  }
  return [...(specific.size > 0 ? specific : general).values()];
}

/** The hostPath by which a workload sees one of the logs; `isOwn` when it is the log's own folder or file. */
function mountOf(
  workload: Workload,
  logs: readonly string[],
): { isOwn: boolean; isFile: boolean; words: string; evidence: EvidencePointer } | null {
  for (const variant of workload.variants) {
    for (const [i, volume] of (variant.spec.volumes ?? []).entries()) {
      const path = volume.hostPath?.path.replace(/\/+$/, "") || (volume.hostPath ? "/" : null);
      if (path === null || !volume.hostPath) continue;
      const log = logs.find((candidate) => candidate === path || candidate.startsWith(path === "/" ? "/" : `${path}/`));
      if (log === undefined) continue;
      // A volume that no container mounts shows the log to nobody.
      const isMounted = visitContainers(variant.spec).some(({ container }) =>
        container.volumeMounts?.some((mount) => mount.name === volume.name),
      );
      if (!isMounted) continue;
      const { type } = volume.hostPath;
      return {
        isOwn: path === log || path === log.slice(0, log.lastIndexOf("/")),
        isFile: path === log || type === "File" || type === "FileOrCreate",
        words: `${path}${type ? ` (type ${type})` : ""}`,
        evidence: specEvidence(variant, `/volumes/${i}/hostPath/path`, path),
      };
    }
  }
  return null;
}

export function imagesOf(workload: Workload): string[] {
  return workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).map(({ container }) => container.image ?? ""),
  );
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
