import { cdeNamespace, minimalPod, namespace, networkPolicy } from "@/lib/fixtures/builders";
import type { SegmentationProbe, SegmentationProbeRun } from "@/lib/inventory/imported-exposure";
import { netSegmentationProbe } from "./net-segmentation-probe";
import { describeControl } from "./testing";

const UID = "6d0f3a52-1111-4222-8333-444455556666";
const policy = (fields: object = {}) => {
  const object = networkPolicy("default-deny", "cde", { podSelector: {} });
  return { ...object, metadata: { ...object.metadata, uid: UID, generation: 1, ...fields } };
};
const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const world = (...objects: unknown[]) => [cdeNamespace(), shop, policy(), ...objects];
const target = minimalPod("app", "cde", {
  spec: { containers: [{ name: "app", image: "x", ports: [{ containerPort: 8443 }] }] },
  status: { phase: "Running", podIP: "10.1.4.7" },
});
const negative = (fields: Partial<SegmentationProbe> = {}): SegmentationProbe => ({
  from: { namespace: "shop" },
  to: { namespace: "cde", address: "10.1.4.7", port: 8443 },
  expects: "blocked",
  outcome: "timeout",
  at: "2026-11-20T09:00:05Z",
  ...fields,
});
const positive = (fields: Partial<SegmentationProbe> = {}): SegmentationProbe =>
  negative({
    to: { namespace: "kube-system", address: "10.96.0.10", port: 53 },
    expects: "open",
    outcome: "connected",
    ...fields,
  });
const run = (probes: SegmentationProbe[], fields: Partial<SegmentationProbeRun> = {}): SegmentationProbeRun => ({
  origin: { by: "upload", name: "probes.yaml by ann", collectedAt: "2026-11-20T10:00:00Z" },
  policies: [{ kind: "NetworkPolicy", namespace: "cde", name: "default-deny", uid: UID, generation: 1 }],
  probes,
  ...fields,
});
const imported = (...segmentationProbes: SegmentationProbeRun[]) => ({ facts: { segmentationProbes } });

describeControl(netSegmentationProbe, [
  {
    name: "blocked, with a positive control",
    status: "pass",
    objects: world(target),
    options: imported(run([negative(), positive()])),
    object: "Namespace/cde",
    says: "1 probe blocked",
    assessor: { prints: "-n shop --image=$PROBE_IMAGE --restart=Never --rm -i --command -- nc -z -w 5 10.1.4.7 8443" },
  },
  {
    name: "prohibited by the plug-in",
    status: "pass",
    objects: world(),
    options: imported(run([negative({ outcome: "prohibited" }), positive()])),
  },
  {
    name: "a newer run repairs what an older one found",
    status: "pass",
    objects: world(),
    options: imported(
      run([negative({ outcome: "connected", at: "2026-11-18T09:00:00Z" }), positive({ at: "2026-11-18T09:00:00Z" })]),
      run([negative(), positive()]),
    ),
  },
  {
    name: "a negative probe connected",
    status: "fail",
    objects: world(target),
    options: imported(run([negative(), negative({ outcome: "connected" }), positive()])),
    says: "shop reached 10.1.4.7:8443 connected",
    assessor: { prints: "policy cde/default-deny generation 1" },
  },
  {
    name: "refused: the packets arrived",
    status: "fail",
    objects: world(),
    options: imported(run([negative({ outcome: "refused" }), positive()])),
    says: "refused",
  },
  {
    name: "out of the CDE",
    status: "fail",
    objects: world(),
    options: imported(
      run([
        negative(),
        positive(),
        negative({
          from: { namespace: "cde" },
          to: { namespace: "shop", address: "10.1.9.9", port: 80 },
          outcome: "connected",
        }),
      ]),
    ),
    object: "Namespace/shop",
  },
  { name: "nobody probed", status: "unknown", objects: world(), says: "no run of segmentation probes" },
  {
    name: "another CDE namespace was not probed",
    status: "unknown",
    objects: world(cdeNamespace("vault")),
    options: imported(run([negative(), positive()])),
    object: "Namespace/vault",
  },
  {
    name: "probed from within the CDE only",
    status: "unknown",
    objects: world(cdeNamespace("vault")),
    options: imported(
      run([
        negative(),
        positive(),
        negative({ from: { namespace: "vault" } }),
        positive({ from: { namespace: "vault" } }),
      ]),
    ),
    object: "Namespace/vault",
    says: "no negative probe from a namespace outside the CDE",
  },
  {
    name: "older than 30 days",
    status: "unknown",
    objects: world(),
    options: imported(run([negative({ at: "2026-10-01T09:00:00Z" }), positive({ at: "2026-10-01T09:00:00Z" })])),
    says: "older than 30 days",
  },
  {
    name: "no positive control",
    status: "unknown",
    objects: world(),
    options: imported(run([negative(), positive({ from: { namespace: "other" } })])),
    says: "no positive control",
  },
  {
    name: "the positive control failed",
    status: "unknown",
    objects: world(),
    options: imported(run([negative(), positive({ outcome: "timeout" })])),
    says: "ended with timeout",
  },
  {
    name: "the probe itself failed",
    status: "unknown",
    objects: world(),
    options: imported(run([negative({ outcome: "error" }), positive()])),
  },
  {
    name: "a policy has changed since",
    status: "unknown",
    objects: [cdeNamespace(), shop, policy({ generation: 2 })],
    options: imported(run([negative(), positive()])),
    says: "NetworkPolicy cde/default-deny has changed since",
  },
  {
    name: "a policy is gone since",
    status: "unknown",
    objects: [cdeNamespace(), shop],
    options: imported(run([negative(), positive()])),
    says: "is gone since",
  },
  {
    name: "a policy came since",
    status: "unknown",
    objects: world(networkPolicy("allow", "shop", { podSelector: {} })),
    options: imported(run([negative(), positive()])),
    says: "was not there",
  },
  {
    name: "policies of other namespaces don't matter",
    status: "pass",
    objects: world(
      namespace("web", { "pci-scope": "out-of-scope" }),
      networkPolicy("allow", "web", { podSelector: {} }),
    ),
    options: imported(run([negative(), positive()])),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "everything is in scope", status: "not-applicable", objects: [cdeNamespace()] },
  { name: "no CDE", status: "not-applicable", objects: [shop] },
]);
