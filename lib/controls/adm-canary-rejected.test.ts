import { describe, expect, it } from "vitest";
import { cdeNamespace, namespace, serviceAccount } from "@/lib/fixtures/builders";
import { type AdmissionCanary, CANARIES, type Canary } from "@/lib/inventory/imported-images";
import { admCanaryRejected } from "./adm-canary-rejected";
import { denialOf } from "./canary-answers";
import { describeControl } from "./testing";

const PSS = 'pods "canary" is forbidden: violates PodSecurity "restricted:latest": privileged';
const KYVERNO =
  'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/cde/canary was blocked';
const answer = (canary: Canary, changes: Partial<AdmissionCanary> = {}): AdmissionCanary => ({
  origin: { by: "upload", name: "canaries.yaml", collectedAt: "2026-11-20T10:00:00Z" },
  namespace: "cde",
  canary,
  triedAt: "2026-11-20T10:00:00Z",
  isDryRun: true,
  isAccepted: false,
  message: canary === "privileged" || canary === "host-path" || canary === "root-user" ? PSS : KYVERNO,
  ...changes,
});
/** Every canary refused, some of them answered otherwise. */
const answers = (...changed: AdmissionCanary[]) => ({
  facts: {
    admissionCanaries: [
      ...CANARIES.filter((c) => !changed.some((a) => a.canary === c)).map((c) => answer(c)),
      ...changed,
    ],
  },
});
const objects = [cdeNamespace(), serviceAccount("default")];

describeControl(admCanaryRejected, [
  {
    name: "every canary refused, the engine proven",
    status: "pass",
    objects: [cdeNamespace()],
    options: answers(),
    object: "Namespace/cde",
    says: "webhook validate.kyverno.svc-fail",
    // The simulated API server has no policies; it refuses a pod whose service account is missing, and the command shows its words.
    assessor: {
      prints: /cde privileged: Error from server .*\ncde writable-root: Error from server /,
      hides: "pod/canary",
    },
  },
  {
    name: "one accepted",
    status: "fail",
    objects,
    options: answers(answer("writable-root", { isAccepted: true, message: "" })),
    says: "pod with a writable root file system",
    assessor: { prints: "cde privileged: pod/canary" },
  },
  {
    name: "accepted by a real create",
    status: "fail",
    objects,
    options: answers(answer("privileged", { isAccepted: true, isDryRun: false })),
    says: "delete it",
  },
  { name: "nobody has tried", status: "unknown", objects, says: "nobody has tried" },
  {
    name: "tried too long ago",
    status: "unknown",
    objects,
    options: { facts: { admissionCanaries: CANARIES.map((c) => answer(c, { triedAt: "2026-11-01T10:00:00Z" })) } },
  },
  {
    name: "one is missing",
    status: "unknown",
    objects,
    options: { facts: { admissionCanaries: CANARIES.filter((c) => c !== "wrong-node").map((c) => answer(c)) } },
    says: "not tried: pod that is not pinned to CDE nodes",
  },
  {
    name: "RBAC refused it",
    status: "unknown",
    objects,
    options: answers(
      answer("foreign-registry", {
        message: 'pods is forbidden: User "jo" cannot create resource "pods" in API group "" in the namespace "cde"',
      }),
    ),
    says: "RBAC refused it",
  },
  {
    name: "a webhook with side effects refuses dry runs",
    status: "unknown",
    objects,
    options: answers(answer("unsigned-image", { message: 'admission webhook "x" does not support dry run' })),
  },
  {
    name: "Pod Security refused everything, which proves no engine",
    status: "unknown",
    objects,
    options: { facts: { admissionCanaries: CANARIES.map((c) => answer(c, { message: PSS })) } },
    says: "no engine refused",
  },
  {
    name: "the newest answer counts",
    status: "fail",
    objects,
    options: {
      facts: {
        admissionCanaries: [
          ...CANARIES.map((c) => answer(c)),
          answer("privileged", { triedAt: "2026-11-21T10:00:00Z", isAccepted: true }),
        ],
      },
    },
  },
  {
    name: "answers of another namespace",
    status: "unknown",
    objects: [cdeNamespace(), cdeNamespace("cde-db")],
    options: answers(),
    object: "Namespace/cde-db",
  },
  { name: "no CDE", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);

describe("who refused a pod", () => {
  it.each([
    [PSS, "built-in"],
    [KYVERNO, "engine"],
    ["ValidatingAdmissionPolicy 'pods' with binding 'pods' denied request: no", "engine"],
    ['failed calling webhook "validate.kyverno.svc-fail": context deadline exceeded', "none"],
    ['pods "x" is forbidden: exceeded quota', "none"],
    ["unable to validate against any security context constraint", "built-in"],
  ])("%s: %s", (message, by) => {
    expect(denialOf(message).by).toBe(by);
  });
});
