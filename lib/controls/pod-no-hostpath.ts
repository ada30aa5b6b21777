/**
 * CDE pods mount no host paths and no container runtime socket.
 *
 * Reads: spec.volumes[].hostPath, the readOnly of its mounts in all containers, and the PersistentVolumes that are bound to the pod's
 * claims. CDE and connected-to namespaces.
 * Pass: no hostPath volume, and no claim bound to a PersistentVolume of type hostPath. One of type local is named, not failed.
 * Fail: any of them. Critical when the path is, contains or (for the kubelet's and the control plane's folders) lies
 * under one that gives power over the node, or when it is writable; high when all mounts are read-only and the path is harmless.
 * Unknown: pods were not read, an object of the namespace is invalid, no scope is declared, or a pod has a claim and
 * PersistentVolumes were not read, or the files hold one of type hostPath that names no claim.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * `/var/run` is `/run` on every node, so both names of a socket count; a folder that holds a socket counts as the socket.
 */
import { type Inventory, type PodVariant, refOf, type Workload } from "@/lib/inventory/inventory";
import type { PersistentVolume } from "@/lib/inventory/kinds";
import { visitContainers } from "@/lib/podsecurity";
import { findUnreadable, nameSome } from "./population";
import { CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control, Result } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  distinct,
  findWorkload,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

/** Who writes to one of these commands the container runtime. Symlinks are resolved: /var/run is /run. */
const RUNTIME_SOCKETS = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/crio/crio.sock",
  "/run/cri-dockerd.sock",
  "/run/podman",
];
/** Folders with credentials or manifests: the folder itself, what holds it, and everything below. */
const POWERFUL_FOLDERS = ["/etc/kubernetes", "/var/lib/kubelet", "/var/lib/etcd"];
/** The folder itself and what holds it. */
const SYSTEM_FOLDERS = ["/", "/etc"];

export const podNoHostpath: Control = {
  id: "pod-no-hostpath",
  title: "CDE pods mount no host paths and no container runtime socket",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "A folder of the node inside a container lets it read and change what belongs to the node and to other pods.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale:
        "The runtime's socket or the kubelet's folder gives an application the rights of the node's administrator.",
    },
    {
      requirement: "10.3.2",
      kind: "supporting",
      rationale: "Node logs can be changed by whoever can write to the folder they lie in.",
    },
    {
      requirement: "3.5.1",
      kind: "supporting",
      rationale: "Data written to a node's disk leaves the volumes whose protection is managed.",
    },
  ],
  judges: "workload",
  sections: [...WORKLOAD_SECTIONS, "persistentvolumes"],
  rule: {
    reads:
      "spec.volumes[].hostPath and how the containers mount it, of live pods in CDE and connected-to namespaces, and the PersistentVolumes behind their claims.",
    pass: "No volume is a hostPath, and no claim is bound to a PersistentVolume of type hostPath.",
    fail: "Any hostPath; critical when it is writable or gives access to a runtime socket, the kubelet's or control plane's folder, /etc or /.",
    unknown:
      "Pods could not be listed, an object is invalid, the scope is not declared, or PersistentVolumes could not be read for a pod with a claim.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "A hostPath is mounted as written; it shows every pod that reaches into its node.",
    cannotSee: "Folders of the node that a CSI driver or a flexVolume mounts on its own account.",
  },
  evaluate: (context) => {
    const unreadable = findUnreadable(context, ["persistentvolumes"]);
    const volumes = boundVolumes(context.inventory);
    const unclaimed = unclaimedVolumes(context.inventory);
    return judgeWorkloads(context, CATEGORIES, (workload) => judge(workload, volumes, unclaimed, unreadable));
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      CDE_PODS,
      `cdepods | jq -r '. as $p|(.spec.volumes//[])[]|select(.hostPath)|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.hostPath.path)"'`,
      `kubectl get pv -o json | jq -r --argjson cde "$CDE" '.items[]|select(.spec.hostPath or .spec.local)|select(.spec.claimRef.namespace as $n|$cde|index($n))|"\\(.spec.claimRef.namespace)/\\(.spec.claimRef.name) \\((.spec.hostPath//.spec.local).path) (PersistentVolume \\(.metadata.name))"'`,
    ),
    expect: "No output. Each line is a folder of the node inside a pod, or behind a claim of the namespace.",
    needs: [],
  }),
  remediate: (context, result) =>
    findWorkload(context, result)?.variants.some(({ spec }) =>
      (spec.volumes ?? []).some((volume) => volume.hostPath),
    ) !== true
      ? {
          summary:
            "Make a claim of a storage class whose driver manages the disk, copy the data, and let the pod use that claim; then delete the PersistentVolume of type hostPath or local.",
          risk: "The application must be stopped while its data is copied.",
        }
      : remediateWorkload(
          context,
          result,
          {
            summary:
              "Replace the hostPath by an emptyDir (scratch data), a PersistentVolumeClaim (data to keep) or a CSI driver; the patch takes an emptyDir. The restricted Pod Security level then keeps it out.",
            risk: "The container no longer sees the node's files; data in the old folder stays on the node and must be moved by hand.",
          },
          (spec) => ({
            spec: {
              volumes: (spec.volumes ?? [])
                .filter((volume) => volume.hostPath)
                .map(({ name }) => ({ name, hostPath: null, emptyDir: {} })),
            },
          }),
        ),
};

interface HostMount {
  variant: PodVariant;
  pointer: string;
  path: string;
  /** Why it is more than a read-only look at a harmless folder; null if it isn't. */
  danger: string | null;
  mountedBy: string[];
}

function judge(
  workload: Workload,
  volumes: ReadonlyMap<string, PersistentVolume>,
  unclaimed: readonly string[],
  unreadable: Result | null,
): Verdict {
  const claims = workload.variants.flatMap(claimsOf);
  const mounts = workload.variants.flatMap(hostMounts);
  const behind = claims.flatMap((claim) => {
    const volume = volumes.get(`${workload.namespace}/${claim.name}`);
    const path = volume?.spec.hostPath?.path;
    return volume === undefined || path === undefined ? [] : [{ claim, volume, path, power: powerOf(path) }];
  });
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (mounts.length === 0 && behind.length === 0) {
    const evidence = workload.variants.map((variant) =>
      specEvidence(variant, "/volumes", variant.spec.volumes?.map((volume) => volume.name).join(", ")),
    );
    if (claims.length > 0 && unreadable !== null) {
      return {
        status: "unknown",
        reason: "what lies behind its claims is not known",
        detail: `${subject}: none of its volumes is a hostPath, but a PersistentVolume behind ${nameSome(distinct(claims.map((claim) => claim.name)))} may be a folder of the node. ${unreadable.detail}`,
        evidence,
      };
    }
    const loose = claims.filter((claim) => !volumes.has(`${workload.namespace}/${claim.name}`));
    if (loose.length > 0 && unclaimed.length > 0) {
      return {
        status: "unknown",
        reason: "its claims may get a hostPath volume of the files",
        detail: `${subject}: none of its volumes is a hostPath, but ${nameSome(distinct(loose.map((claim) => claim.name)))} may be bound to PersistentVolume ${nameSome(unclaimed)}, a folder of the node that names no claim.`,
        evidence,
      };
    }
    const local = claims.flatMap((claim) => {
      const path = volumes.get(`${workload.namespace}/${claim.name}`)?.spec.local?.path;
      return path === undefined ? [] : [`${claim.name} (${path})`];
    });
    const note =
      local.length > 0
        ? ` Bound to a local disk of a node by a PersistentVolume of type local: ${nameSome(distinct(local))}.`
        : "";
    return {
      status: "pass",
      reason: "no hostPath volume",
      detail: `${subject}: none of its volumes is a folder of the node.${note}`,
      evidence,
    };
  }
  const isCritical = mounts.some((mount) => mount.danger !== null) || behind.some((found) => found.power !== null);
  const listed = [
    ...mounts.map((mount) => {
      const by = mount.mountedBy.length > 0 ? `mounted by ${mount.mountedBy.join(", ")}` : "mounted by no container";
      return `${mount.path} (${by}${mount.danger === null ? ", read-only" : `; ${mount.danger}`})`;
    }),
    ...behind.map(
      ({ claim, volume, path, power }) =>
        `${path} (claim ${claim.name}, PersistentVolume ${volume.metadata.name}, hidden from Pod Security${power === null ? "" : `; ${power}`})`,
    ),
  ];
  return {
    status: "fail",
    ...(isCritical ? { severity: "critical" as const } : {}),
    reason: `hostPath ${nameSome(distinct([...mounts.map((mount) => mount.path), ...behind.map((found) => found.path)]), 3)}`,
    detail: `${subject} mounts folders of its node: ${distinct(listed).join("; ")}.`,
    evidence: [
      ...mounts.map((mount) => specEvidence(mount.variant, mount.pointer, mount.path)),
      ...behind.flatMap(({ claim, volume, path }) => [
        specEvidence(claim.variant, claim.pointer, claim.name),
        { ref: refOf(volume), pointer: "/spec/hostPath/path", found: path },
      ]),
    ],
  };
}

/** PersistentVolumes by the claim that they are bound to; one that a claim has let go of stands behind one that it holds. */
function boundVolumes(inventory: Inventory): ReadonlyMap<string, PersistentVolume> {
  const isLetGo = (volume: PersistentVolume) =>
    volume.status?.phase === "Released" || volume.status?.phase === "Failed";
  return new Map(
    [...inventory.list("persistentvolumes")]
      .sort((a, b) => Number(isLetGo(b)) - Number(isLetGo(a)))
      .flatMap((volume) => {
        const { namespace, name } = volume.spec.claimRef ?? {};
        return namespace === undefined || name === undefined ? [] : [[`${namespace}/${name}`, volume] as const];
      }),
  );
}

/** In files: PersistentVolumes of type hostPath that name no claim, and that any claim of the files may therefore get. */
function unclaimedVolumes(inventory: Inventory): string[] {
  if (inventory.snapshot.source !== "manifests") return [];
  return inventory
    .list("persistentvolumes")
    .filter(({ spec }) => spec.hostPath !== undefined && spec.claimRef?.name === undefined)
    .map((volume) => volume.metadata.name);
}

/** Claims of a variant: those that it names, and those that Kubernetes makes per pod for a generic ephemeral volume. */
function claimsOf(variant: PodVariant): { variant: PodVariant; pointer: string; name: string }[] {
  return (variant.spec.volumes ?? []).flatMap((volume, i) => {
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined)
      return [{ variant, pointer: `/volumes/${i}/persistentVolumeClaim/claimName`, name: claim }];
    if (volume.ephemeral === undefined) return [];
    return variant.podNames.map((pod) => ({
      variant,
      pointer: `/volumes/${i}/ephemeral`,
      name: `${pod}-${volume.name}`,
    }));
  });
}

function hostMounts(variant: PodVariant): HostMount[] {
  return (variant.spec.volumes ?? []).flatMap((volume, i) => {
    if (!volume.hostPath) return [];
    const mounts = visitContainers(variant.spec).flatMap(({ container }) =>
      (container.volumeMounts ?? [])
        .filter((mount) => mount.name === volume.name)
        .map((mount) => ({ container: container.name, isWritable: mount.readOnly !== true })),
    );
    const writers = distinct(mounts.filter((mount) => mount.isWritable).map((mount) => mount.container));
    const power = powerOf(volume.hostPath.path);
    return [
      {
        variant,
        pointer: `/volumes/${i}/hostPath/path`,
        path: volume.hostPath.path,
        danger: power ?? (writers.length > 0 ? `writable by ${writers.join(", ")}` : null),
        mountedBy: distinct(mounts.map((mount) => mount.container)),
      },
    ];
  });
}

/** Why the path gives power over the node, or null. */
function powerOf(path: string): string | null {
  const real = realPath(path);
  const socket = RUNTIME_SOCKETS.find((candidate) => isWithin(candidate, real) || isWithin(real, candidate));
  if (socket !== undefined) return `reaches the container runtime's socket ${socket}`;
  const powerful = POWERFUL_FOLDERS.find((folder) => isWithin(folder, real) || isWithin(real, folder));
  if (powerful !== undefined) return `reaches ${powerful}`;
  if (SYSTEM_FOLDERS.includes(real)) return `is the node's ${real}`;
  return null;
}

/** Resolves doubled and dotted segments and the symlink /var/run → /run. */
function realPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  const real = `/${segments.join("/")}`;
  return real === "/var/run" || real.startsWith("/var/run/") ? real.slice("/var".length) : real;
}

/** True when `inner` is `outer` or lies below it. */
function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}
