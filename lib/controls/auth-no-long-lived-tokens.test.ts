import { cdeNamespace, namespace, staticPod } from "@/lib/fixtures/builders";
import type { SecretMetadata } from "@/lib/inventory/imported-access";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { authNoLongLivedTokens } from "./auth-no-long-lived-tokens";
import { describeControl } from "./testing";

const base = [
  cdeNamespace(),
  namespace("kube-system", { "pci-scope": "connected-to" }),
  namespace("shop", { "pci-scope": "out-of-scope" }),
];
const token = (fields: Partial<SecretMetadata> = {}): SecretMetadata => ({
  namespace: "cde",
  name: "ci-token",
  type: "kubernetes.io/service-account-token",
  createdAt: "2023-02-01T10:00:00Z",
  labels: { "kubernetes.io/legacy-token-last-used": "2026-11-19" },
  annotations: { "kubernetes.io/service-account.name": "ci" },
  ...fields,
});
const listOf = (secrets: SecretMetadata[], collectedAt = "2026-11-21T08:00:00Z") => ({
  facts: { secretInventory: { origin: { by: "upload" as const, name: "secrets.json", collectedAt }, secrets } },
});
const recorded = (secrets: SecretMetadata[]) => ({ "secrets.json": JSON.stringify({ secrets }) });
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "ServiceAccount" as const, name: "ci", namespace: "cde" },
        controls: ["auth-no-long-lived-tokens"],
        isBreakGlass: false,
        reason: "old pipeline",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        expiresAt: "2027-01-31",
        ...fields,
      },
    ],
  },
});
const opaque = token({ name: "app", type: "Opaque" });

describeControl(authNoLongLivedTokens, [
  {
    name: "none exists",
    status: "pass",
    objects: base,
    options: listOf([opaque]),
    object: "Cluster/cluster",
    assessor: { prints: "", recorded: recorded([opaque]) },
  },
  {
    name: "a namespace out of scope",
    status: "pass",
    objects: base,
    options: listOf([token({ namespace: "shop" })]),
  },
  {
    name: "approved with an end and a last use",
    status: "pass",
    objects: base,
    options: { ...listOf([token()]), ...approval() },
    object: "Secret/cde/ci-token",
    says: "until 2027-01-31",
  },
  {
    name: "one exists",
    status: "fail",
    objects: base,
    options: listOf([token()]),
    object: "Secret/cde/ci-token",
    says: "ServiceAccount cde/ci",
    assessor: {
      prints: "cde\tci-token\tci\t2023-02-01T10:00:00Z\tlast used 2026-11-19",
      recorded: recorded([token()]),
    },
  },
  {
    name: "in kube-system",
    status: "fail",
    objects: [cdeNamespace()],
    options: listOf([token({ namespace: "kube-system" })]),
  },
  {
    name: "marked invalid by the cleaner, still there",
    status: "fail",
    severity: "low",
    objects: base,
    options: listOf([token({ labels: { "kubernetes.io/legacy-token-invalid-since": "2026-08-01" } })]),
    says: "marked it invalid",
  },
  {
    name: "approved without an end",
    status: "fail",
    objects: base,
    options: {
      ...listOf([token()]),
      registers: { approvedAccess: approval().registers.approvedAccess.map(({ expiresAt: _, ...entry }) => entry) },
    },
    says: "an end",
  },
  {
    name: "approved, but nobody knows when it was last used",
    status: "fail",
    objects: base,
    options: { ...listOf([token({ labels: {} })]), ...approval() },
    says: "a recorded last use",
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: base,
    options: { ...listOf([token()]), ...approval({ expiresAt: "2026-11-01" }) },
    says: "expired at 2026-11-01",
  },
  {
    name: "a token of nobody",
    status: "fail",
    objects: base,
    options: { ...listOf([token({ annotations: {} })]), ...approval() },
    says: "an account that isn't named",
  },
  {
    name: "tokens of pods for a year are noted",
    status: "fail",
    objects: [...base, staticPod("kube-apiserver", ["kube-apiserver"])],
    options: listOf([token()]),
    says: "bound tokens of pods are given for a year",
  },
  { name: "not imported", status: "unknown", objects: base, says: "is imported" },
  {
    name: "an old list",
    status: "unknown",
    objects: base,
    options: listOf([], "2026-11-10T00:00:00Z"),
    says: "too old",
  },
  {
    name: "no scope declared: kube-system is judged",
    status: "unknown",
    objects: [namespace("shop")],
    options: listOf([token({ namespace: "shop" })]),
  },
  {
    name: "no scope declared, a token in kube-system",
    status: "fail",
    objects: [namespace("shop")],
    options: listOf([token({ namespace: "kube-system" })]),
  },
]);
