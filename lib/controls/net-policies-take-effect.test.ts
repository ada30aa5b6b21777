import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  cdeNamespace,
  contextOf,
  cronJob,
  daemonSet,
  deployment,
  minimalPodSpec,
  namespace,
  networkPolicy,
  object,
  runningDeployment,
  service,
} from "@/lib/fixtures/builders";
import { netPoliciesTakeEffect } from "./net-policies-take-effect";
import { calicoOn, describeControl, flannelOn, summaryOf } from "./testing";

const spec = (port?: number, name = "http") =>
  minimalPodSpec({
    nodeName: "n1",
    containers: [
      { name: "app", image: "app:1", ...(port === undefined ? {} : { ports: [{ name, containerPort: port }] }) },
    ],
  });
const run = (name: string, space: string, port?: number) =>
  runningDeployment(name, space, spec(port), { nodeName: "n1", replicas: 1 });
const select = (app: string) => ({ podSelector: { matchLabels: { app } } });
const inSpace = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const base = [cdeNamespace(), ...run("api", "cde", 8443), ...run("web", "cde", 8080), ...calicoOn(["n1"])];
const policy = (fields: object, name = "p") => networkPolicy(name, "cde", fields as Record<string, unknown>);
const deny = (space: string) =>
  networkPolicy("default-deny", space, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const good = { ...select("api"), ingress: [{ from: [select("web")], ports: [{ port: 8443 }] }] };

/** Frontend and processing have egress allows; processing and storage have no ingress allow. */
const seed = [
  cdeNamespace("frontend"),
  cdeNamespace("processing"),
  cdeNamespace("storage"),
  ...run("ui", "frontend", 8080),
  ...run("worker", "processing", 8443),
  ...run("db", "storage", 5432),
  ...calicoOn(["n1"]),
  ...["frontend", "processing", "storage"].map(deny),
  networkPolicy("to-processing", "frontend", {
    ...select("ui"),
    policyTypes: ["Egress"],
    egress: [{ to: [{ ...inSpace("processing"), ...select("worker") }], ports: [{ port: 8443 }] }],
  }),
  networkPolicy("to-storage", "processing", {
    ...select("worker"),
    policyTypes: ["Egress"],
    egress: [{ to: [{ ...inSpace("storage"), ...select("db") }], ports: [{ port: 5432 }] }],
  }),
];

describeControl(netPoliciesTakeEffect, [
  {
    name: "pods, peers and ports exist",
    objects: [...base, policy(good)],
    status: "pass",
    object: "NetworkPolicy/cde/p",
    assessor: { prints: "cde/p selects 1 pods" },
  },
  {
    name: "a misspelt label of the pods",
    objects: [...base, policy({ ...good, ...select("apii") })],
    status: "fail",
    says: "selects no pod of cde (no one carries app=apii)",
    assessor: { prints: "cde/p selects 0 pods" },
  },
  {
    name: "a misspelt key of a peer",
    objects: [...base, policy({ ...good, ingress: [{ from: [{ podSelector: { matchLabels: { ap: "web" } } }] }] })],
    status: "fail",
    says: "no one carries the label ap",
  },
  {
    name: "a namespace label that no namespace has",
    objects: [
      ...base,
      policy({ ...good, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "shop" } } }] }] }),
    ],
    status: "fail",
    says: "names no namespace (no one carries the label team)",
  },
  {
    name: "a namespace without the pods that a peer names",
    objects: [
      ...base,
      namespace("shop", { "pci-scope": "out-of-scope" }),
      policy({ ...good, ingress: [{ from: [{ ...inSpace("shop"), ...select("web") }] }] }),
    ],
    status: "fail",
    says: "names no pod of shop (no pod there)",
  },
  {
    name: "matchExpressions are evaluated too",
    objects: [
      ...base,
      policy({
        podSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["api", "x"] }] },
        ingress: good.ingress,
      }),
    ],
    status: "pass",
  },
  {
    name: "the seed: egress is allowed and the other side's ingress is not",
    objects: seed,
    status: "fail",
    object: "NetworkPolicy/frontend/to-processing",
    says: "frontend/ui to processing/worker on TCP 8443 is allowed here and not for Ingress of worker (NetworkPolicy processing/default-deny)",
  },
  {
    name: "the other side has policies that could not be read",
    objects: seed,
    options: { sections: { "cilium-networkpolicies": { status: "forbidden" } } },
    status: "unknown",
    object: "NetworkPolicy/frontend/to-processing",
    says: "could not be read or understood",
  },
  {
    name: "ingress is allowed and the other side's egress is not",
    objects: [...base, deny("cde"), policy(good)],
    status: "fail",
    says: "not for Egress of web",
  },
  {
    name: "a rule for the whole namespace that lets somebody through",
    objects: [
      ...base,
      deny("cde"),
      policy({ ...select("api"), ingress: [{ from: [{ podSelector: {} }] }] }),
      policy({ ...select("web"), policyTypes: ["Egress"], egress: [{ to: [select("api")] }] }, "q"),
    ],
    status: "pass",
  },
  {
    name: "a policy of a higher tier denies what it allows",
    objects: [
      ...base,
      policy(good),
      object("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "lock", undefined, {
        spec: {
          priority: 1,
          subject: { namespaces: {} },
          ingress: [{ action: "Deny", from: [{ namespaces: {} }] }],
        },
      }),
    ],
    status: "fail",
    says: "denied by AdminNetworkPolicy lock",
  },
  {
    name: "the port of the Service instead of the pod's",
    objects: [
      ...base,
      service("api", "cde", { ports: [{ port: 443, targetPort: 8443 }] }),
      policy({ ...good, ingress: [{ from: [select("web")], ports: [{ port: 443 }] }] }),
    ],
    status: "fail",
    says: "443 is the port of Service api, behind which the pods listen on 8443",
  },
  {
    name: "a named port that the pods have",
    objects: [...base, policy({ ...good, ingress: [{ from: [select("web")], ports: [{ port: "http" }] }] })],
    status: "pass",
  },
  {
    name: "a named port that no pod has",
    objects: [...base, policy({ ...good, ingress: [{ from: [select("web")], ports: [{ port: "https" }] }] })],
    status: "fail",
    says: "listens on TCP https",
  },
  {
    name: "pods that declare no port",
    objects: [
      cdeNamespace(),
      ...run("api", "cde"),
      ...run("web", "cde"),
      ...calicoOn(["n1"]),
      policy({ ...good, ingress: [{ from: [select("web")], ports: [{ port: 8443 }] }] }),
    ],
    status: "unknown",
    says: "declare no port",
  },
  {
    name: "rules of a direction that policyTypes leaves out",
    objects: [...base, policy({ ...good, policyTypes: ["Ingress"], egress: [{ to: [select("web")] }] })],
    status: "fail",
    says: "policyTypes leaves Egress out",
  },
  {
    name: "a short-lived Job is judged by its template",
    objects: [
      ...base,
      cronJob("nightly", "cde", minimalPodSpec(), {
        spec: {
          schedule: "0 3 * * *",
          jobTemplate: { spec: { template: { metadata: { labels: { app: "nightly" } }, spec: minimalPodSpec() } } },
        },
      }),
      policy({ ...good, ingress: [{ from: [select("nightly")], ports: [{ port: 8443 }] }] }),
    ],
    status: "pass",
  },
  {
    name: "a workload scaled to zero is judged by its template",
    objects: [...base, deployment("batch", "cde", spec(8443), { spec: { replicas: 0 } }), policy(select("batch"))],
    status: "pass",
  },
  {
    name: "node-local DNS: the rule for the DNS pods may not match",
    objects: [
      ...base,
      namespace("kube-system", { "pci-scope": "connected-to" }),
      ...runningDeployment("coredns", "kube-system", spec(53), { nodeName: "n1" }),
      daemonSet("node-local-dns", "kube-system", spec(), {
        spec: { template: { metadata: { labels: { "k8s-app": "node-local-dns" } }, spec: spec() } },
      }),
      policy({
        ...select("api"),
        policyTypes: ["Egress"],
        egress: [{ to: [{ ...inSpace("kube-system"), ...select("coredns") }], ports: [{ port: 53 }] }],
      }),
    ],
    status: "pass",
    object: "NetworkPolicy/cde/p",
    says: "an ipBlock is needed",
  },
  {
    name: "a default deny over an empty namespace",
    objects: [cdeNamespace(), deny("cde"), ...calicoOn(["n1"])],
    status: "not-applicable",
    object: "NetworkPolicy/cde/default-deny",
  },
  {
    name: "a plug-in that enforces nothing",
    objects: [
      cdeNamespace(),
      ...run("api", "cde", 8443),
      ...run("web", "cde", 8080),
      policy(good),
      ...flannelOn(["n1"]),
    ],
    status: "fail",
    says: "the network plug-in does not enforce it",
  },
  {
    name: "an unknown plug-in",
    objects: [cdeNamespace(), ...run("api", "cde", 8443), ...run("web", "cde", 8080), policy(good)],
    status: "unknown",
  },
  {
    name: "a label whose value was taken out of the snapshot",
    objects: [
      ...base,
      ...runningDeployment("x", "cde", spec(1), { nodeName: "n1" }).map((o) =>
        o.kind === "Pod" ? { ...o, metadata: { ...o.metadata, labels: { role: "<redacted>" } } } : o,
      ),
      policy({ podSelector: { matchLabels: { role: "payer" } } }),
    ],
    status: "unknown",
  },
  {
    name: "files may hold only a part of the cluster",
    objects: [
      ...base,
      policy({
        ...good,
        egress: [{ to: [{ ...inSpace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }] }],
      }),
    ],
    options: { source: "manifests" },
    status: "unknown",
  },
  {
    name: "owners of pods could not be listed",
    objects: [...base, policy(select("nightly"))],
    options: { sections: { cronjobs: { status: "forbidden", message: "no permission" } } },
    status: "unknown",
  },
]);

describe("the remediation", () => {
  it.each([
    ["the seed's missing counterparts", seed],
    ["a misspelt label of the pods", [...base, policy({ ...good, ...select("apii") })]],
    ["a misspelt peer", [...base, policy({ ...good, ingress: [{ from: [select("webb")], ports: [{ port: 8443 }] }] })]],
    [
      "a peer that is nobody",
      [...base, policy({ ...good, ingress: [{ from: [select("billing")], ports: [{ port: 8443 }] }] })],
    ],
    [
      "the port of the Service",
      [
        ...base,
        service("api", "cde", { ports: [{ port: 443, targetPort: 8443 }] }),
        policy({ ...good, ingress: [{ from: [select("web")], ports: [{ port: 443 }] }] }),
      ],
    ],
    ["one-sided ingress", [...base, deny("cde"), policy(good)]],
  ])("corrects %s", (_, world) => {
    let current: unknown[] = world;
    const context = contextOf(current);
    for (const result of netPoliciesTakeEffect.evaluate(context).filter(({ status }) => status === "fail")) {
      const { manifest } = netPoliciesTakeEffect.remediate(context, result);
      const applied = parseAllDocuments(manifest ?? "").map(
        (document) => document.toJS() as { metadata: { name: string; namespace: string } },
      );
      const names = new Set(applied.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
      current = current.filter((o) => {
        const { kind, metadata } = o as { kind: string; metadata: { name: string; namespace?: string } };
        return kind !== "NetworkPolicy" || !names.has(`${metadata.namespace}/${metadata.name}`);
      });
      current.push(...applied);
    }
    expect(summaryOf(netPoliciesTakeEffect.evaluate(contextOf(current)))).toBe("pass");
  });
});
