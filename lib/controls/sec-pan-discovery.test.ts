import { cdeNamespace, contextOf, deployment, namespace, object } from "@/lib/fixtures/builders";
import { secPanDiscovery } from "./sec-pan-discovery";
import { describeControl } from "./testing";

/** Satisfies Luhn and is no published test number. */
const CARD = "4539578763621486";
const configMap = (data: Record<string, string>, namespaceName = "cde") =>
  object("v1", "ConfigMap", "app-config", namespaceName, { data });
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  namespace("web", { "pci-scope": "out-of-scope" }),
  ...objects,
];
const origin = { by: "upload", name: "dlp.yaml by ann", collectedAt: "2026-11-21T00:00:00Z" } as const;
const search = (hits: object[], fields: object = {}) => ({
  cardDataScans: [
    {
      origin,
      target: "payments-logs",
      tool: "dlp",
      from: "2026-11-14T00:00:00Z",
      to: "2026-11-21T00:00:00Z",
      recordsScanned: 1000,
      hits: hits as never[],
      ...fields,
    },
  ],
});
const entry = {
  object: { kind: "ConfigMap", namespace: "cde", name: "app-config" },
  reason: "Ends of issuer ranges",
  approvedBy: "maria",
  approvedAt: "2026-01-01",
  expiresAt: "2027-01-01",
};

describeControl(secPanDiscovery, [
  {
    name: "nothing that looks like a card",
    status: "pass",
    objects: world(configMap({ note: "order 12345" }), deployment("app", "cde")),
    object: "Cluster/cluster",
    says: "nothing is said about them",
    assessor: { prints: "" },
  },
  {
    name: "a number that fails the Luhn check",
    status: "pass",
    objects: world(configMap({ card: "4539578763621487" })),
  },
  {
    name: "a card number in a ConfigMap",
    status: "fail",
    severity: "critical",
    objects: world(configMap({ "sample.json": `{"card": "${CARD}"}` })),
    object: "ConfigMap/cde/app-config",
    says: "a card number ending in 1486 in sample.json (/data/sample.json)",
    assessor: { prints: "ConfigMap cde/app-config data/sample.json", hides: CARD },
  },
  {
    name: "outside of the CDE as well",
    status: "fail",
    severity: "critical",
    objects: world(configMap({ pan: CARD }, "web")),
    object: "ConfigMap/web/app-config",
  },
  {
    name: "in an annotation of a Service",
    status: "fail",
    objects: world(
      object("v1", "Service", "s", "web", {
        metadata: { annotations: { note: `visa ${CARD}` } },
        spec: { ports: [{ port: 80 }] },
      }),
    ),
    object: "Service/web/s",
  },
  {
    name: "in the environment",
    status: "fail",
    objects: world(
      deployment("app", "cde", { containers: [{ name: "a", image: "a:1", env: [{ name: "TEST_PAN", value: CARD }] }] }),
    ),
    object: "Deployment/cde/app",
    says: "in TEST_PAN",
  },
  {
    name: "stripe data",
    status: "fail",
    severity: "critical",
    objects: world(configMap({ raw: `;${CARD}=29051010000000000?` })),
    says: "magnetic stripe data",
  },
  {
    name: "a published test number outside of the CDE",
    status: "fail",
    severity: "medium",
    objects: world(configMap({ card: "4111111111111111" }, "web")),
    says: "a published test card number",
  },
  {
    name: "a published test number in the CDE",
    status: "fail",
    severity: "high",
    objects: world(configMap({ card: "4111 1111 1111 1111" })),
    says: "before a system goes into production",
  },
  {
    name: "right in form without context: a person has to look",
    status: "unknown",
    objects: world(configMap({ DATASET_ID: CARD })),
    object: "ConfigMap/cde/app-config",
    says: "may be a card number",
  },
  {
    name: "an approved false positive",
    status: "pass",
    objects: world(configMap({ DATASET_ID: CARD })),
    options: {
      registers: { patternFalsePositives: [{ ...entry, rule: "possible-card-number", name: "DATASET_ID" }] },
    },
    says: "maria at 2026-01-01",
  },
  {
    name: "a false positive of another rule",
    status: "unknown",
    objects: world(configMap({ DATASET_ID: CARD })),
    options: { registers: { patternFalsePositives: [{ ...entry, rule: "card-number", name: "DATASET_ID" }] } },
  },
  {
    name: "ConfigMaps were not granted",
    status: "unknown",
    objects: world(),
    options: { sections: { configmaps: { status: "not-collected", message: "The operator did not grant it." } } },
    says: "The operator did not grant it.",
  },
  {
    name: "the scan is switched off",
    status: "unknown",
    objects: world(),
    options: { facts: { patternScan: undefined as never } },
    says: "objects were not looked through",
  },
  { name: "no object at all was looked through", status: "unknown", objects: [], says: "looked at nothing" },
  {
    name: "the list is cut off",
    status: "unknown",
    objects: world(),
    options: {
      facts: {
        patternScan: {
          rulesVersion: 1,
          sections: contextOf([]).inventory.facts.patternScan?.sections ?? [],
          objects: 2,
          hits: [],
          totals: [{ rule: "card-number", count: 300 }],
        },
      },
    },
    says: "more was found",
  },
  {
    name: "a card number in searched logs",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: { facts: search([{ location: "logs/1", rule: "card-number", masked: "************1486" }]) },
    object: "SearchedStore/payments-logs",
    says: "logs/1 (************1486)",
  },
  {
    name: "test numbers in searched logs",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: { facts: search([{ location: "logs/1", rule: "test-card-number" }]) },
  },
  {
    name: "logs were searched and are clean",
    status: "pass",
    objects: world(),
    options: { facts: search([{ location: "logs/1", rule: "card-number", falsePositiveBy: "maria" }]) },
    says: "Logs and volumes: payments-logs.",
  },
  {
    name: "a search that looked at nothing",
    status: "unknown",
    objects: world(),
    options: { facts: search([], { recordsScanned: 0 }) },
    says: "looked at nothing",
  },
  { name: "no scope declared: numbers are looked for all the same", status: "pass", objects: [namespace("shop")] },
]);
