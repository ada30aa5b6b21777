import { cdeNamespace, namespace, object } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import type { EndpointProbe, EndpointRecord } from "@/lib/inventory/imported-control-plane";
import { cpEndpointPrivate } from "./cp-endpoint-private";
import { describeControl } from "./testing";

const origin: ImportOrigin = { by: "upload", name: "describe-cluster.json", collectedAt: "2026-11-20T00:00:00Z" };
const record = (change: Partial<EndpointRecord> = {}): EndpointRecord => ({
  origin,
  provider: "eks",
  isPublic: false,
  publicRanges: null,
  hasIdentityGuardedName: false,
  found: "endpointPublicAccess=false",
  ...change,
});
const probe = (outcome: EndpointProbe["outcome"], collectedAt = origin.collectedAt): EndpointProbe => ({
  origin: { ...origin, collectedAt },
  target: "api.example.com:6443",
  from: "203.0.113.7",
  outcome,
});
const slice = (address: string) =>
  object("discovery.k8s.io/v1", "EndpointSlice", "kubernetes", "default", {
    metadata: { labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address] }],
  });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const of = (endpointRecord?: EndpointRecord, ...endpointProbes: EndpointProbe[]) => ({
  provider: "eks" as const,
  facts: { ...(endpointRecord === undefined ? {} : { endpointRecord }), endpointProbes },
});

describeControl(cpEndpointPrivate, [
  {
    name: "public access off",
    status: "pass",
    objects: world(slice("10.0.0.1")),
    options: of(record()),
    says: "No probe from outside was made",
    assessor: { prints: /^10\.0\.0\.1$[\s\S]*^000$/m, recorded: { curl: "000\n" } },
  },
  {
    name: "limited to named ranges",
    status: "pass",
    objects: world(),
    options: of(record({ isPublic: true, publicRanges: ["198.51.100.0/24"] }), probe("timed-out")),
    says: "limited to 198.51.100.0/24",
  },
  {
    name: "no record, and probes could not connect",
    status: "pass",
    objects: world(),
    options: { facts: { endpointProbes: [probe("timed-out"), probe("refused")] } },
    says: "where they came from",
  },
  {
    name: "open to everybody",
    status: "fail",
    severity: "critical",
    objects: world(slice("10.0.0.1")),
    options: of(record({ isPublic: true, publicRanges: ["0.0.0.0/0"] })),
    assessor: { prints: /^200$/m, recorded: { curl: "200\n" } },
  },
  {
    name: "open in two halves",
    status: "fail",
    objects: world(),
    options: of(record({ isPublic: true, publicRanges: ["0.0.0.0/1", "128.0.0.0/1"] })),
  },
  {
    name: "public without a limit",
    status: "fail",
    objects: world(),
    options: of(record({ isPublic: true })),
    says: "without a limit",
  },
  {
    name: "open to everybody over IPv6",
    status: "fail",
    objects: world(),
    options: of(record({ isPublic: true, publicRanges: ["198.51.100.0/24", "::/0"] })),
  },
  {
    name: "GKE's DNS endpoint",
    status: "fail",
    severity: "high",
    objects: world(),
    options: { ...of(record({ provider: "gke", hasIdentityGuardedName: true })), provider: "gke" },
  },
  {
    name: "a probe connected although the record says private",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: of(record(), probe("connected")),
    says: "reached from outside",
  },
  {
    name: "neither record nor probe",
    status: "unknown",
    objects: world(slice("203.0.113.4")),
    options: of(),
    says: "listens on 203.0.113.4",
  },
  { name: "a private address says nothing", status: "unknown", objects: world(slice("10.0.0.1")) },
  {
    name: "a record that is too old",
    status: "unknown",
    objects: world(),
    options: of(record({ origin: { ...origin, collectedAt: "2026-01-01T00:00:00Z" } })),
    says: "too old",
  },
  {
    name: "a probe that is too old",
    status: "unknown",
    objects: world(),
    options: of(undefined, probe("timed-out", "2026-01-01T00:00:00Z")),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], options: of(record()) },
  {
    name: "no CDE namespace",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" })],
    options: of(record()),
  },
]);
