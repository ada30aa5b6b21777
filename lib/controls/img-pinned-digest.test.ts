import { describe, expect, it } from "vitest";
import { cdeNamespace, deployment, minimalPod, namespace } from "@/lib/fixtures/builders";
import { imgPinnedDigest, tagOf } from "./img-pinned-digest";
import { describeControl } from "./testing";

const digest = (c: string) => `sha256:${c.repeat(64)}`;
const pinned = `registry.example.com:5000/app@${digest("a")}`;
const template = (image: string, fields: object = {}) =>
  deployment("app", "cde", { containers: [{ name: "app", image }], ...fields });
const running = (image: string, imageID?: string) =>
  minimalPod("app", "cde", {
    spec: { containers: [{ name: "app", image }] },
    status: {
      phase: "Running",
      ...(imageID === undefined ? {} : { containerStatuses: [{ name: "app", image, imageID }] }),
    },
  });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(imgPinnedDigest, [
  {
    name: "pinned and running as pinned",
    assessor: { prints: "" },
    status: "pass",
    objects: world(running(pinned, pinned)),
    says: "run as pinned",
  },
  {
    name: "tag and digest: the tag is ignored",
    status: "pass",
    objects: world(running(`app:latest@${digest("a")}`, `docker.io/library/app@${digest("a")}`)),
  },
  {
    name: "an image ID of Docker",
    status: "pass",
    objects: world(running(pinned, `docker-pullable://app@${digest("a")}`)),
  },
  {
    name: "a template: the reference only",
    status: "pass",
    objects: world(template(pinned)),
    says: "only the references were judged",
  },
  {
    name: "a pod without status",
    status: "pass",
    objects: world(running(pinned)),
    says: "only the references were judged",
  },
  {
    name: "finished pods are not judged",
    status: "not-applicable",
    objects: world({ ...running("app:latest"), status: { phase: "Succeeded" } }),
  },
  {
    name: "a tag only",
    assessor: { prints: "cde/app-0 app:1.2" },
    status: "fail",
    severity: "medium",
    objects: world(template("app:1.2")),
    object: "Deployment/cde/app",
    says: "app:1.2",
  },
  { name: "latest", status: "fail", severity: "high", objects: world(template("app:latest")) },
  { name: "no tag means latest", status: "fail", severity: "high", objects: world(template("app")) },
  {
    name: "a registry's port is not a tag",
    status: "fail",
    severity: "high",
    objects: world(template("registry.example.com:5000/app")),
  },
  {
    name: "a broken digest is no digest",
    status: "fail",
    says: "app@sha256:abc, which names no valid sha256 digest",
    objects: world(template("app@sha256:abc")),
  },
  {
    name: "an init container",
    status: "fail",
    objects: world(template(pinned, { initContainers: [{ name: "init", image: "tools:1" }] })),
    says: "init runs tools:1",
  },
  {
    name: "an ephemeral container",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", {
        spec: {
          containers: [{ name: "app", image: pinned }],
          ephemeralContainers: [{ name: "debug", image: "busybox" }],
        },
      }),
    ),
    says: "debug runs busybox",
  },
  {
    name: "pulled anew at each start",
    status: "fail",
    objects: world(template("app:1.2", { containers: [{ name: "app", image: "app:1.2", imagePullPolicy: "Always" }] })),
    says: "nodes may run different builds",
  },
  {
    name: "a connected-to namespace",
    status: "fail",
    objects: [namespace("tools", { "pci-scope": "connected-to" }), deployment("app", "tools")],
    object: "Deployment/tools/app",
  },
  {
    name: "another digest runs",
    status: "unknown",
    objects: world(running(pinned, `app@${digest("b")}`)),
    says: `runs app@${digest("b")}`,
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "no workload", status: "not-applicable", objects: world() },
  {
    name: "a namespace out of scope",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" }), deployment("app", "x")],
  },
]);

describe("tags", () => {
  it.each([
    ["nginx", "latest"],
    ["nginx:1.25", "1.25"],
    ["host:5000/nginx", "latest"],
    ["host:5000/nginx:2", "2"],
    [`host:5000/nginx:2@${digest("a")}`, "2"],
  ])("%s has %s", (image, tag) => {
    expect(tagOf(image)).toBe(tag);
  });
});
