import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  container,
  contextOf,
  deployment,
  minimalPod,
  minimalPodSpec,
  object,
  restrictedPodSpec,
} from "@/lib/fixtures/builders";
import { podNoHostpath } from "./pod-no-hostpath";
import { describeControl } from "./testing";

const cde = cdeNamespace();
/** A Deployment that mounts a folder of its node in the lists named. */
function mounting(path: string, mount: Record<string, unknown> | null = { readOnly: true }, list = "containers") {
  const mounts = mount === null ? [] : [{ name: "host", mountPath: "/host", ...mount }];
  const own = container({ name: "reader", volumeMounts: mounts });
  const spec = minimalPodSpec({ volumes: [{ name: "host", hostPath: { path } }] });
  return [
    cde,
    deployment("app", "cde", list === "containers" ? { ...spec, containers: [own] } : { ...spec, [list]: [own] }),
  ];
}
const critical = (path: string) =>
  ({ name: `critical: ${path}`, objects: mounting(path), status: "fail", severity: "critical" }) as const;

const claiming = [
  cde,
  deployment(
    "app",
    "cde",
    minimalPodSpec({ volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] }),
  ),
];
const volume = (source: Record<string, unknown>, claimNamespace = "cde") =>
  object("v1", "PersistentVolume", "pv-1", undefined, {
    spec: { ...source, claimRef: { kind: "PersistentVolumeClaim", namespace: claimNamespace, name: "data" } },
  });

describeControl(podNoHostpath, [
  {
    name: "no volumes",
    assessor: { prints: "" },
    objects: [cde, deployment("app", "cde", restrictedPodSpec())],
    status: "pass",
  },
  {
    name: "other volumes, a claim on a driver's volume among them",
    objects: [...claiming, volume({ csi: { driver: "ebs.csi.aws.com", volumeHandle: "v" } })],
    status: "pass",
  },
  {
    name: "a claim bound to a hostPath volume, hidden from Pod Security",
    assessor: { prints: "cde/data /data (PersistentVolume pv-1)" },
    objects: [...claiming, volume({ hostPath: { path: "/data" } })],
    status: "fail",
    severity: undefined,
    says: "claim data, PersistentVolume pv-1, hidden from Pod Security",
  },
  {
    name: "a claim bound to a powerful hostPath volume",
    objects: [...claiming, volume({ hostPath: { path: "/var/lib/kubelet" } })],
    status: "fail",
    severity: "critical",
  },
  {
    name: "a claim bound to a local volume is named",
    objects: [...claiming, volume({ local: { path: "/mnt/disks/1" } })],
    status: "pass",
    says: "data (/mnt/disks/1)",
  },
  {
    name: "another namespace's claim of the same name",
    objects: [...claiming, volume({ hostPath: { path: "/data" } }, "dev")],
    status: "pass",
  },
  {
    name: "a volume that the claim has let go of does not hide the one that it holds",
    status: "fail",
    objects: [
      ...claiming,
      { ...volume({ hostPath: { path: "/srv/data" } }), status: { phase: "Bound" } },
      {
        ...volume({ csi: { driver: "ebs.csi.aws.com" } }),
        metadata: { name: "pv-2" },
        status: { phase: "Released" },
      },
    ],
  },
  {
    name: "files with a hostPath volume that names no claim",
    status: "unknown",
    objects: [
      ...claiming,
      object("v1", "PersistentVolume", "pv-1", undefined, { spec: { hostPath: { path: "/srv/data" } } }),
    ],
    options: { source: "manifests" },
    says: "pv-1",
  },
  {
    name: "a claim, and PersistentVolumes are forbidden",
    objects: claiming,
    options: { sections: { persistentvolumes: { status: "forbidden" } } },
    status: "unknown",
    says: "persistentvolumes",
  },
  {
    name: "no claim, so forbidden PersistentVolumes do not matter",
    objects: [cde, deployment("app", "cde", restrictedPodSpec())],
    options: { sections: { persistentvolumes: { status: "forbidden" } } },
    status: "pass",
  },
  {
    name: "a read-only harmless folder is high",
    objects: mounting("/usr/share/zoneinfo"),
    status: "fail",
    severity: undefined,
    says: "read-only",
  },
  {
    name: "a folder that nothing mounts",
    objects: mounting("/opt/data", null),
    status: "fail",
    says: "mounted by no container",
  },
  {
    name: "a writable folder is critical",
    objects: mounting("/opt/data", {}),
    status: "fail",
    severity: "critical",
    says: "writable by reader",
  },
  {
    name: "a writable mount of an init container",
    objects: mounting("/opt/data", {}, "initContainers"),
    status: "fail",
    severity: "critical",
  },
  {
    name: "a writable mount of an ephemeral container",
    objects: mounting("/opt/data", {}, "ephemeralContainers"),
    status: "fail",
    severity: "critical",
  },
  critical("/var/run/docker.sock"),
  critical("/run/docker.sock"),
  critical("/var/run/crio/crio.sock"),
  critical("/run/containerd"),
  critical("/run/containerd/containerd.sock"),
  critical("/run/podman/podman.sock"),
  critical("/var/run"),
  critical("/"),
  critical("/etc"),
  critical("/etc/"),
  critical("/etc/kubernetes/pki"),
  critical("/var/lib/kubelet/pods"),
  critical("/var/lib"),
  critical("/opt/../var/./run//docker.sock"),
  { name: "a file below /etc is not /etc", objects: mounting("/etc/ssl/certs"), status: "fail", severity: undefined },
  {
    name: "a name that only begins alike is another folder",
    objects: mounting("/runner"),
    status: "fail",
    severity: undefined,
  },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { status: { phase: "Succeeded" } })],
    status: "not-applicable",
  },
  {
    name: "pods not collected",
    objects: [cde],
    options: { sections: { pods: { status: "not-collected" } } },
    status: "unknown",
  },
]);

describe("remediation", () => {
  it("turns the volume into an emptyDir", () => {
    const context = contextOf(mounting("/opt/data"));
    const result = podNoHostpath.evaluate(context)[0];
    if (result === undefined) throw new Error("no result");
    expect(podNoHostpath.remediate(context, result).manifest).toContain(
      "- name: host\n          hostPath: null\n          emptyDir: {}",
    );
  });
});
