import {
  cdeNamespace,
  clusterRoleBinding,
  cronJob,
  deployment,
  job,
  minimalPod,
  minimalPodSpec,
  namespace,
  roleBinding,
  serviceAccount,
  serviceAccountSubject,
  staticPod,
  userSubject,
  restrictedPodSpec,
} from "@/lib/fixtures/builders";
import { podDedicatedServiceAccount } from "./pod-dedicated-service-account";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const using = (account: string | undefined, fields: Record<string, unknown> = {}) =>
  minimalPodSpec({ ...(account === undefined ? {} : { serviceAccountName: account }), ...fields });
const labelled = (name: string, account: string, labels: Record<string, string>) => {
  const made = deployment(name, "cde", using(account));
  const spec = made.spec as { template: { metadata: { labels: Record<string, string> } } };
  spec.template.metadata.labels = labels;
  return made;
};
const off = { automountServiceAccountToken: false };

describeControl(podDedicatedServiceAccount, [
  {
    name: "an account of its own",
    assessor: { prints: "cde\tapp\tapp" },
    objects: [cde, deployment("app", "cde", using("app")), deployment("web", "cde", using("web"))],
    status: "pass",
  },
  {
    name: "no account named is the default account",
    objects: [cde, deployment("app", "cde", using(undefined))],
    status: "fail",
    says: "default account",
  },
  { name: "the default account by name", objects: [cde, deployment("app", "cde", using("default"))], status: "fail" },
  {
    name: "shared by unrelated workloads",
    assessor: { prints: "cde\tshared\tapp,web" },
    objects: [cde, deployment("app", "cde", using("shared")), deployment("web", "cde", using("shared"))],
    status: "fail",
    object: "Deployment/cde/app",
    says: "also used by Deployment web",
  },
  {
    name: "the same name in another namespace is another account",
    objects: [
      cde,
      cdeNamespace("cde-2"),
      deployment("app", "cde", using("app")),
      deployment("app2", "cde-2", using("app")),
    ],
    status: "pass",
  },
  {
    name: "canary and stable of one application",
    objects: [
      cde,
      labelled("app", "app", { app: "shop", track: "stable" }),
      labelled("app-canary", "app", { app: "shop", track: "canary" }),
    ],
    status: "pass",
  },
  {
    name: "the recommended label decides over the short one",
    objects: [
      cde,
      labelled("a", "x", { "app.kubernetes.io/name": "shop", app: "a" }),
      labelled("b", "x", { "app.kubernetes.io/name": "shop", app: "b" }),
    ],
    status: "pass",
  },
  {
    name: "a CronJob and its Jobs are one workload",
    objects: [
      cde,
      cronJob("nightly", "cde", using("nightly")),
      job("nightly-29012345", "cde", using("nightly"), {
        metadata: { ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: "nightly", controller: true }] },
      }),
    ],
    status: "pass",
  },
  {
    name: "the default account bound by a RoleBinding",
    objects: [
      cde,
      deployment("app", "cde", using("app")),
      roleBinding("rb", "cde", "view", [serviceAccountSubject("default", "cde")]),
    ],
    status: "fail",
    object: "ServiceAccount/cde/default",
    says: "RoleBinding rb",
  },
  {
    name: "the default account bound by its user name, cluster-wide",
    objects: [
      cde,
      deployment("app", "cde", using("app")),
      clusterRoleBinding("crb", "view", [userSubject("system:serviceaccount:cde:default")]),
    ],
    status: "fail",
    object: "ServiceAccount/cde/default",
  },
  {
    name: "another namespace's default account",
    objects: [
      cde,
      deployment("app", "cde", using("app")),
      clusterRoleBinding("crb", "view", [serviceAccountSubject("default", "dev")]),
    ],
    status: "pass",
  },
  {
    name: "default account without token and without binding",
    objects: [cde, serviceAccount("default"), deployment("app", "cde", using(undefined, off))],
    status: "not-applicable",
    says: "not used",
  },
  {
    name: "shared without token, but bound",
    objects: [
      cde,
      deployment("a", "cde", using("s", off)),
      deployment("b", "cde", using("s", off)),
      roleBinding("rb", "cde", "view", [serviceAccountSubject("s", "cde")]),
    ],
    status: "fail",
  },
  {
    name: "shared without token, bindings not read",
    objects: [cde, deployment("a", "cde", using("s", off)), deployment("b", "cde", using("s", off))],
    options: { sections: { rolebindings: { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "shared, and neither accounts nor bindings were read",
    objects: [cde, deployment("a", "cde", using("s")), deployment("b", "cde", using("s"))],
    options: { sections: { serviceaccounts: { status: "forbidden" }, rolebindings: { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "a connected-to namespace is not judged",
    objects: [
      cde,
      deployment("app", "cde", restrictedPodSpec()),
      namespace("ops", { "pci-scope": "connected-to" }),
      deployment("x", "ops"),
    ],
    status: "pass",
  },
  {
    name: "a static pod",
    objects: [cde, deployment("app", "cde", using("app")), namespace("kube-system"), staticPod("etcd", ["etcd"])],
    status: "pass",
  },
  { name: "no workload", objects: [cde], status: "not-applicable" },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { status: { phase: "Succeeded" } })],
    status: "not-applicable",
  },
  {
    name: "pods are forbidden",
    objects: [cde],
    options: { sections: { pods: { status: "forbidden" } } },
    status: "unknown",
  },
]);
