import {
  cdeNamespace,
  container,
  deployment,
  minimalPod,
  minimalPodSpec,
  restrictedPodSpec,
} from "@/lib/fixtures/builders";
import { podRunAsNonRoot } from "./pod-run-as-non-root";
import { describeControl } from "./testing";

const cde = cdeNamespace();
type Fields = Record<string, unknown>;
const app = (pod: Fields | undefined, own: Fields | undefined, fields: Fields = {}) => [
  cde,
  deployment("app", "cde", {
    ...(pod === undefined ? {} : { securityContext: pod }),
    containers: [container(own === undefined ? {} : { securityContext: own })],
    ...fields,
  }),
];
const root = { runAsUser: 0 };
const facts = (gitVersion?: string) => ({ facts: { ...(gitVersion === undefined ? {} : { gitVersion }) } });

describeControl(podRunAsNonRoot, [
  {
    name: "pod says so, containers inherit",
    assessor: { prints: "" },
    objects: app({ runAsNonRoot: true }, undefined),
    status: "pass",
  },
  { name: "the container alone says so", objects: app(undefined, { runAsNonRoot: true }), status: "pass" },
  {
    name: "a container says so though the API filled in an empty pod context",
    objects: app({}, { runAsNonRoot: true, runAsUser: 1000 }),
    status: "pass",
  },
  {
    name: "nothing is set",
    assessor: { prints: "cde/app-0 app nonRoot=null" },
    objects: app(undefined, undefined),
    status: "fail",
    says: "container app may run as root (runAsNonRoot=unset, runAsUser=unset)",
  },
  {
    name: "the container undoes the pod",
    objects: app({ runAsNonRoot: true }, { runAsNonRoot: false }),
    status: "fail",
  },
  {
    name: "the pod says false though all containers say true",
    objects: app({ runAsNonRoot: false }, { runAsNonRoot: true }),
    status: "fail",
    says: "the pod says runAsNonRoot=false",
  },
  { name: "user 0 on the container", objects: app({ runAsNonRoot: true }, root), status: "fail", says: "runs as root" },
  {
    name: "user 0 on the pod",
    objects: app({ runAsNonRoot: true, ...root }, undefined),
    status: "fail",
    says: "the pod says runAsUser=0",
  },
  {
    name: "user 0 on the pod though the container says otherwise",
    objects: app({ runAsNonRoot: true, ...root }, { runAsUser: 1000 }),
    status: "fail",
  },
  {
    name: "a numbered user without the promise is medium",
    objects: app({ runAsUser: 1000 }, undefined),
    status: "fail",
    severity: "medium",
    says: "runs as non-zero UID",
  },
  {
    name: "a numbered user next to one without is not medium",
    objects: [
      cde,
      deployment("app", "cde", {
        containers: [container({ securityContext: { runAsUser: 1 } }), container({ name: "b" })],
      }),
    ],
    status: "fail",
    severity: undefined,
  },
  {
    name: "an init container",
    objects: app(undefined, { runAsNonRoot: true }, { initContainers: [container({ name: "init" })] }),
    status: "fail",
    says: "init",
  },
  {
    name: "an ephemeral container",
    objects: [
      cde,
      minimalPod("app", "cde", {
        spec: restrictedPodSpec({
          ephemeralContainers: [container({ name: "debug", securityContext: { runAsUser: 0 } })],
        }),
      }),
    ],
    status: "fail",
    says: "debug",
  },
  {
    name: "a user namespace of its own on 1.35",
    objects: app(root, undefined, { hostUsers: false }),
    options: facts("v1.35.0"),
    status: "pass",
    says: "user namespace",
  },
  {
    name: "a user namespace of its own on 1.34 is not enough",
    objects: app(root, undefined, { hostUsers: false }),
    options: facts("v1.34.9"),
    status: "fail",
  },
  {
    name: "a user namespace of its own on an unknown version",
    objects: app(root, undefined, { hostUsers: false }),
    options: facts(),
    status: "unknown",
    says: "1.35",
  },
  { name: "Windows without a user", objects: app(undefined, undefined, { os: { name: "windows" } }), status: "pass" },
  {
    name: "Windows as administrator",
    objects: app({ windowsOptions: { runAsUserName: "ContainerAdministrator" } }, undefined, {
      os: { name: "windows" },
    }),
    status: "fail",
    says: "runs as ContainerAdministrator",
  },
  {
    name: "Windows: the container overrides the pod",
    objects: app(
      { windowsOptions: { runAsUserName: "ContainerUser" } },
      { windowsOptions: { runAsUserName: "User Manager\\containeradministrator" } },
      { os: { name: "windows" } },
    ),
    status: "fail",
  },
  {
    name: "a Windows node selector alone is Linux, with a hint",
    objects: app(undefined, undefined, { nodeSelector: { "kubernetes.io/os": "windows" } }),
    status: "fail",
    says: "does not say spec.os.name",
  },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { spec: minimalPodSpec(), status: { phase: "Succeeded" } })],
    status: "not-applicable",
  },
  {
    name: "pods are forbidden",
    objects: app(undefined, undefined),
    options: { sections: { pods: { status: "forbidden" } } },
    status: "unknown",
  },
]);
