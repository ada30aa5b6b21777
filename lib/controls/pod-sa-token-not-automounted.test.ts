import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  container,
  contextOf,
  deployment,
  groupSubject,
  minimalPod,
  minimalPodSpec,
  roleBinding,
  runningDeployment,
  serviceAccount,
  serviceAccountSubject,
  staticPod,
  namespace,
} from "@/lib/fixtures/builders";
import { podSaTokenNotAutomounted } from "./pod-sa-token-not-automounted";
import { describeControl } from "./testing";
import type { Registers } from "./types";

const cde = cdeNamespace();
const spec = (fields: Record<string, unknown> = {}) => minimalPodSpec({ serviceAccountName: "app", ...fields });
const off = { automountServiceAccountToken: false };
const tokenVolume = (audience?: string, name = "token") => ({
  volumes: [
    {
      name,
      projected: {
        sources: [{ serviceAccountToken: { path: "token", ...(audience === undefined ? {} : { audience }) } }],
      },
    },
  ],
});
const reader = clusterRole("reader", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }]);

describeControl(podSaTokenNotAutomounted, [
  ...["--api-audiences=vault,https://issuer.example.com", "--service-account-issuer=https://issuer.example.com"].map(
    (flag) => ({
      name: `a token volume for an audience that the API server takes: ${flag}`,
      objects: [
        cde,
        serviceAccount(),
        deployment("app", "cde", spec({ ...off, ...tokenVolume("https://issuer.example.com") })),
        staticPod("kube-apiserver", ["kube-apiserver", flag]),
      ],
      status: "fail" as const,
      says: "volume token brings one",
    }),
  ),
  {
    name: "the pod says no",
    assessor: { prints: "" },
    objects: [cde, serviceAccount(), deployment("app", "cde", spec(off))],
    status: "pass",
  },
  {
    name: "the account says no and the pod nothing",
    objects: [cde, serviceAccount("app", "cde", off), deployment("app", "cde", spec())],
    status: "pass",
  },
  {
    name: "neither says anything",
    remediates: true,
    assessor: { prints: "cde/app-0 account=cde/app automount=null" },
    objects: [cde, serviceAccount(), deployment("app", "cde", spec())],
    status: "fail",
    says: "without permissions",
  },
  {
    name: "the pod wins over the account",
    objects: [
      cde,
      serviceAccount("app", "cde", off),
      deployment("app", "cde", spec({ automountServiceAccountToken: true })),
    ],
    status: "fail",
  },
  {
    name: "the pod wins the other way too",
    objects: [
      cde,
      serviceAccount("app", "cde", { automountServiceAccountToken: true }),
      deployment("app", "cde", spec(off)),
    ],
    status: "pass",
  },
  {
    name: "an account that is not among the objects has the API's default",
    objects: [cde, deployment("app", "cde", spec())],
    status: "fail",
    says: "not among the objects",
  },
  {
    name: "the default account",
    objects: [cde, serviceAccount("default"), deployment()],
    status: "fail",
    says: "ServiceAccount default",
  },
  {
    name: "a token volume written by hand, though automounting is off",
    objects: [cde, serviceAccount(), deployment("app", "cde", spec({ ...off, ...tokenVolume() }))],
    status: "fail",
    says: "volume token brings one",
  },
  {
    name: "a token for the API by its name",
    objects: [
      cde,
      serviceAccount(),
      deployment("app", "cde", spec({ ...off, ...tokenVolume("https://kubernetes.default.svc.cluster.local") })),
    ],
    status: "fail",
  },
  {
    name: "a token for a vault is no API credential",
    objects: [cde, serviceAccount(), deployment("app", "cde", spec({ ...off, ...tokenVolume("vault") }))],
    status: "pass",
  },
  {
    name: "a token for a cloud's identity service is no API credential",
    objects: [cde, serviceAccount(), deployment("app", "cde", spec({ ...off, ...tokenVolume("sts.amazonaws.com") }))],
    status: "pass",
  },
  {
    name: "a pod that was started before automounting was switched off still has its token",
    objects: [
      cde,
      serviceAccount("app", "cde", off),
      ...runningDeployment("app", "cde", spec(tokenVolume(undefined, "kube-api-access-x7k2p"))),
    ],
    status: "fail",
  },
  {
    name: "an account with permissions that is not registered",
    objects: [
      cde,
      serviceAccount(),
      reader,
      roleBinding("b", "cde", "reader", [serviceAccountSubject("app", "cde")]),
      deployment("app", "cde", spec()),
    ],
    status: "fail",
    says: "get configmaps",
  },
  {
    name: "discovery for everybody is not a need",
    objects: [
      cde,
      serviceAccount(),
      clusterRole("system:discovery", [{ nonResourceURLs: ["/api"], verbs: ["get"] }]),
      clusterRoleBinding("d", "system:discovery", [groupSubject("system:authenticated")]),
      deployment("app", "cde", spec()),
    ],
    status: "fail",
    says: "without permissions",
  },
  {
    name: "a static pod cannot have one",
    objects: [cde, namespace("kube-system"), staticPod("etcd", ["etcd"])],
    status: "pass",
    object: "Pod/kube-system/etcd-control-plane-1",
  },
  {
    name: "accounts are forbidden and the pod leaves it to them",
    objects: [cde, deployment("app", "cde", spec())],
    options: { sections: { serviceaccounts: { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "accounts are forbidden but the pod decides",
    objects: [cde, deployment("app", "cde", spec(off))],
    options: { sections: { serviceaccounts: { status: "forbidden" } } },
    status: "pass",
  },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { status: { phase: "Succeeded" } })],
    status: "not-applicable",
  },
  {
    name: "an init container does not change the pod's answer",
    objects: [
      cde,
      serviceAccount(),
      deployment("app", "cde", spec({ ...off, initContainers: [container({ name: "init" })] })),
    ],
    status: "pass",
  },
]);

describe("the register", () => {
  const objects = [
    cde,
    serviceAccount(),
    reader,
    roleBinding("b", "cde", "reader", [serviceAccountSubject("app", "cde")]),
    deployment("app", "cde", spec()),
  ];
  const statusWith = (registers: Registers, options = {}) =>
    podSaTokenNotAutomounted.evaluate({ ...contextOf(objects, options), registers }).map((r) => [r.status, r.reason]);
  const client = {
    namespace: "cde",
    serviceAccount: "app",
    reason: "Reads its configuration",
    approvedBy: "maria.keller@example.com",
    approvedAt: "2026-01-01",
  };

  it("passes a registered account with just the approved permissions", () => {
    const permissions = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }];
    expect(statusWith({ apiClients: [{ ...client, permissions }] })).toEqual([
      ["pass", "registered, with approved permissions only"],
    ]);
  });
  it("fails a registered account whose approval has run out", () => {
    const permissions = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }];
    expect(statusWith({ apiClients: [{ ...client, permissions, expiresAt: "2026-02-01" }] })[0]?.[0]).toBe("fail");
  });
  it("does not count what Kubernetes' own binding gives every account", () => {
    const issuer = { nonResourceURLs: ["/openid/v1/jwks"], verbs: ["get"] };
    const discovery = clusterRole("system:service-account-issuer-discovery", [issuer]);
    const everybody = clusterRoleBinding(
      "system:service-account-issuer-discovery",
      "system:service-account-issuer-discovery",
      [groupSubject("system:serviceaccounts")],
    ) as { metadata: Record<string, unknown> };
    const byDefault = {
      ...everybody,
      metadata: { ...everybody.metadata, labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } },
    };
    const permissions = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }];
    const judged = (binding: object) =>
      podSaTokenNotAutomounted
        .evaluate({
          ...contextOf([...objects, discovery, binding] as typeof objects),
          registers: { apiClients: [{ ...client, permissions }] },
        })
        .map(({ status }) => status);
    expect(judged(byDefault)).toEqual(["pass"]);
    expect(judged(everybody)).toEqual(["fail"]);
  });
  it("fails a registered account that may do more", () => {
    const permissions = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }];
    expect(statusWith({ apiClients: [{ ...client, permissions }] })).toEqual([
      ["fail", "account holds more than the register approves"],
    ]);
  });
  it("does not take an entry for another namespace", () => {
    expect(statusWith({ apiClients: [{ ...client, namespace: "other", permissions: [] }] })[0]?.[0]).toBe("fail");
  });
  it("does not know a registered account whose permissions could not be read", () => {
    const sections = { clusterroles: { status: "forbidden" } };
    expect(statusWith({ apiClients: [{ ...client, permissions: [] }] }, { sections })[0]?.[0]).toBe("unknown");
    expect(statusWith({}, { sections })[0]?.[0]).toBe("fail");
  });
});
