/**
 * Local audit files are sized so that nothing is lost before shipping.
 *
 * Reads: --audit-log-path, --audit-log-maxage, --audit-log-maxbackup and --audit-log-maxsize of every API server's static pod; the
 * imported volume that it writes a day; the imported retention of the log stores.
 * Pass: the files hold at least three days of the measured volume, and a store keeps events for a year.
 * Fail: they hold less than one day; less than three days, or no connected store keeps events for a year and the files cannot: low.
 * Unknown: flags or volume are not known, or no store is connected.
 * Not applicable: managed control planes; API servers that deliver by webhook only; no CDE.
 *
 * Whichever limit is reached first deletes: a maxage of 365 days with ten files of 100 MB keeps about 1.1 GB, which is hours of a
 * busy cluster. maxbackup 0 keeps every file until maxage, and may fill the disk. A maxsize of 0 is documented as no limit while
 * the library that rotates takes 100 MB; where that makes the difference the answer is unknown. Compression changes nothing: files
 * are counted, and each is rotated at its full size. Local files never satisfy 10.3.3 by themselves.
 */
import type { AuditVolume } from "@/lib/inventory/imported-monitoring";
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import { type AuditFlags, auditFlags } from "./audit-sources";
import { renderPatch } from "./manifest";
import { clusterResult, judgeCluster } from "./population";
import { FLAGS, script } from "./prelude";
import { newestOf, sourceOf } from "./record-age";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const MEGABYTE = 1024 * 1024;
const LIBRARY_MAX_SIZE = 100;
const BUFFER_DAYS = 3;
const KEEP_DAYS = 365;
const MANAGED = ["eks", "gke", "aks", "openshift"];

export const logLocalRotation: Control = {
  id: "log-local-rotation",
  title: "Local audit files are sized so that nothing is lost before shipping",
  severity: "medium",
  requirements: [
    {
      requirement: "10.3.3",
      kind: "primary",
      rationale: "What the node deletes before the shipper has sent it never reaches the central store.",
    },
    {
      requirement: "10.5.1",
      kind: "supporting",
      rationale: "Rotation settings are often taken for retention, and are only a buffer.",
    },
  ],
  judges: "component",
  sections: ["pods"],
  rule: {
    reads: "Audit log flags of every API server, the measured volume a day, and the retention of the log stores.",
    pass: "The files hold three days or more, and a store keeps events for a year.",
    fail: "The files hold less than a day (or, low, less than three), or no connected store keeps events for a year.",
    unknown: "Flags, volume or store are not known.",
    notApplicable: "Managed control planes and API servers that deliver by webhook only; no CDE.",
    why: "While the shipper or the store is down, the node's files are the only copy, and their limits delete the oldest first.",
    cannotSee: "Room on the disk; whether the shipper reads every rotated file.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => judge(context)),
  verify: () => ({
    command: script(
      FLAGS,
      "flags kube-apiserver | grep -E -- '--audit-log-(path|max(age|backup|size)|mode)' || echo 'not visible or not set'",
    ),
    expect:
      "maxsize (MB) x (maxbackup + 1) divided by what the server writes a day gives the days that the files hold; maxage must not be less. Compare with the sizes of the files beside the audit log.",
    needs: [],
  }),
  remediate: (context, result) => {
    const volume = volumeFor(context.inventory, result.object, null)?.record.bytesPerDay ?? 0;
    const maxSize = 500;
    const maxBackup = Math.max(10, Math.ceil((volume * BUFFER_DAYS) / (maxSize * MEGABYTE)));
    const add = (value: string) => ({ op: "add", path: "/spec/containers/0/command/-", value });
    return {
      summary: `Keep enough files for an outage of the shipper: ${maxBackup} files of ${maxSize} MB. The patch is for kubeadm; the last value of a flag wins. Keep the year of history in a central store.`,
      manifest: renderPatch({
        patch: [
          add(`--audit-log-maxsize=${maxSize}`),
          add(`--audit-log-maxbackup=${maxBackup}`),
          add("--audit-log-maxage=30"),
        ],
      }).replace(/^patch:\n/, ""),
      apply:
        "# on each control-plane node, one after the other: save it as PATCHES/kube-apiserver+json.yaml, then run kubeadm upgrade node --patches PATCHES",
      risk: `The API server restarts; the files need up to ${Math.ceil(((maxBackup + 1) * maxSize) / 1024)} GB on the node's disk.`,
    };
  },
};

function judge({ inventory }: EvaluationContext): Result[] {
  if (MANAGED.includes(inventory.provider)) {
    return [
      clusterResult(
        "not-applicable",
        "managed control plane: the provider keeps the files",
        `${inventory.provider.toUpperCase()} runs the control plane and delivers its audit log; there are no files of its own to size.`,
      ),
    ];
  }
  const flags = auditFlags(inventory);
  if (!flags.visible) {
    return [
      clusterResult(
        "unknown",
        "API server flags are not visible",
        `${flags.reason}. How large the audit files may grow isn't known.`,
      ),
    ];
  }
  const results = flags.servers.map((server) => judgeServer(inventory, server));
  const hidden = flags.hiddenNodes.map((node) =>
    clusterResult(
      "unknown",
      `no API server visible on ${node}`,
      `The control-plane node ${node} shows no API server, so its flags are not known.`,
    ),
  );
  return [...results, ...hidden];
}

interface Buffer {
  /** Infinity when nothing deletes by size. */
  bytes: number;
  maxAgeDays: number;
  isAssumedSize: boolean;
  words: string;
  evidence: EvidencePointer[];
}

function judgeServer(inventory: Inventory, server: AuditFlags): Result {
  const { ref } = server.instance;
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason,
    detail: `${ref.name}: ${detail}`,
    evidence,
  });
  const here: EvidencePointer[] = [{ ref, pointer: server.instance.pointer }];
  if (server.logPath === null) {
    return server.hasWebhook
      ? answer("not-applicable", "it delivers by webhook only", "events leave by webhook; no file is written.", here)
      : answer("unknown", "it writes no audit log", "neither a file nor a webhook takes its events.", here);
  }
  if (!server.logPath.startsWith("/")) {
    return answer(
      "unknown",
      "its audit log goes to standard output",
      "the events go to its standard output, whose files the kubelet rotates; containerLogMaxSize and containerLogMaxFiles of the node decide, and are not judged here.",
      here,
    );
  }
  const buffer = bufferOf(server);
  if (buffer === null) {
    return answer(
      "unknown",
      "a rotation flag is not a number",
      "a rotation flag of it can't be read as a number.",
      here,
    );
  }
  const found = volumeFor(inventory, ref, server.instance.nodeName);
  if (found === null) {
    return answer(
      "unknown",
      "how much it writes a day is not known",
      `${buffer.words}. For how many days that lasts isn't known: import the measured volume of the audit log.`,
      buffer.evidence,
    );
  }
  const { record: volume, index } = found;
  const days = Math.min(buffer.bytes / volume.bytesPerDay, buffer.maxAgeDays);
  const evidence: EvidencePointer[] = [
    ...buffer.evidence,
    { ref: CLUSTER_REF, pointer: `/facts/auditVolumes/${index}/bytesPerDay`, found: String(volume.bytesPerDay) },
  ];
  const lasts = `${buffer.words}; at ${gigabytes(volume.bytesPerDay)} a day that lasts ${lasting(days)}. ${sourceOf(volume.origin)}`;
  if (days < BUFFER_DAYS) {
    if (buffer.isAssumedSize) {
      return answer(
        "unknown",
        "whether the size limit holds is not known",
        `${lasts} The maximum size is 0 or not set: the flag's documentation calls that no limit, the library that rotates takes ${LIBRARY_MAX_SIZE} MB. Set it.`,
        evidence,
      );
    }
    const result = answer("fail", `the local files hold ${lasting(days)}`, lasts, evidence);
    return days < 1 ? result : { ...result, severity: "low" };
  }
  const store = yearStore(inventory);
  if (store === null) {
    return answer(
      "unknown",
      "buffer is large enough; no log store is connected",
      `${lasts} Whether a central store keeps the events for a year isn't known: local files alone never do.`,
      evidence,
    );
  }
  if (!store.keeps) {
    return {
      ...answer(
        "fail",
        "no connected store keeps events for a year",
        `${lasts} ${store.words}, so that the local files would have to be the history, which they cannot.`,
        [...evidence, ...store.evidence],
      ),
      severity: "low",
    };
  }
  return answer("pass", `the local files hold ${lasting(days)}`, `${lasts} ${store.words}.`, [
    ...evidence,
    ...store.evidence,
  ]);
}

/** Null when a flag isn't a number. */
function bufferOf({ instance }: AuditFlags): Buffer | null {
  const evidence: EvidencePointer[] = [];
  const numberOf = (name: string): number => {
    const setting = instance.flags.get(name);
    if (setting === undefined) return 0;
    evidence.push({ ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" });
    return /^\d+$/.test(setting.value ?? "") ? Number(setting.value) : Number.NaN;
  };
  const maxSize = numberOf("audit-log-maxsize");
  const maxBackup = numberOf("audit-log-maxbackup");
  const maxAge = numberOf("audit-log-maxage");
  if ([maxSize, maxBackup, maxAge].some(Number.isNaN)) return null;
  if (evidence.length === 0) evidence.push({ ref: instance.ref, pointer: instance.pointer });
  const maxAgeDays = maxAge === 0 ? Number.POSITIVE_INFINITY : maxAge;
  const age = maxAge === 0 ? "without a limit of age" : `for at most ${maxAge} days`;
  if (maxBackup === 0) {
    const words = `every rotated file is kept ${age}, however many: watch the room on the disk`;
    return { bytes: Number.POSITIVE_INFINITY, maxAgeDays, isAssumedSize: false, words, evidence };
  }
  const size = maxSize === 0 ? LIBRARY_MAX_SIZE : maxSize;
  const bytes = size * MEGABYTE * (maxBackup + 1);
  const words = `${maxBackup} rotated files and the current one of ${size} MB hold ${gigabytes(bytes)}, ${age}`;
  return { bytes, maxAgeDays, isAssumedSize: maxSize === 0, words, evidence };
}

/** The newest measurement for the server, by pod or node; else one for all servers. */
function volumeFor(
  { facts }: Inventory,
  { name }: ResourceRef,
  nodeName: string | null,
): { record: AuditVolume; index: number } | null {
  const all = newestOf(facts.auditVolumes ?? [], (volume) => volume.instance ?? "");
  const own = all.find(({ record }) => record.instance === name || (nodeName !== null && record.instance === nodeName));
  return own ?? all.find(({ record }) => record.instance === undefined) ?? null;
}

function yearStore({ facts }: Inventory): { keeps: boolean; words: string; evidence: EvidencePointer[] } | null {
  const stores = facts.logStores ?? [];
  const known = stores.flatMap((store, index) => (store.retention === undefined ? [] : [{ store, index }]));
  const keeping = known.find(({ store }) => {
    const days = store.retention?.deleteAfterDays ?? null;
    return days === null || days >= KEEP_DAYS;
  });
  const shown = keeping ?? known[0];
  if (shown === undefined) return null;
  const days = shown.store.retention?.deleteAfterDays ?? null;
  return {
    keeps: keeping !== undefined,
    words: `Log store ${shown.store.name} ${days === null ? "never deletes events" : `keeps events ${days} days`}`,
    evidence: [
      {
        ref: CLUSTER_REF,
        pointer: `/facts/logStores/${shown.index}/retention/deleteAfterDays`,
        found: days === null ? "null" : String(days),
      },
    ],
  };
}

function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
function lasting(days: number): string {
  if (days === Number.POSITIVE_INFINITY) return "as long as the disk has room";
  return days < 2 ? `${Math.floor(days * 24)} hours` : `${Math.floor(days)} days`;
}
