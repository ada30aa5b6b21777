/**
 * CEL expressions for a ValidatingAdmissionPolicy that brings the required outcomes about, and their recognition.
 *
 * They are what the remediation hands out; a policy that holds one of them, whatever its white space, is known to deny. CEL that
 * somebody else wrote is not interpreted.
 */
import type { Outcome } from "./admission-outcomes";

const LISTS = ["containers", "initContainers", "ephemeralContainers"];

/** The predicate over every container `c` of all three lists. */
function everyContainer(predicate: string): string {
  return LISTS.map((list) =>
    list === "containers"
      ? `object.spec.containers.all(c, ${predicate})`
      : `(!has(object.spec.${list}) || object.spec.${list}.all(c, ${predicate}))`,
  ).join(" && ");
}

const own = (field: string) => `has(c.securityContext) && has(c.securityContext.${field})`;
const ofPod = (field: string) => `has(object.spec.securityContext) && has(object.spec.securityContext.${field})`;

/** CEL text as a quoted string. */
const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;

/** Expressions by outcome; `registries` are prefixes that end in a slash, `pool` is a node label's key and value. */
export function expressionsFor(
  registries: readonly string[],
  pool: { key: string; value: string },
): { outcome: Outcome; expression: string; message: string }[] {
  const startsWith = registries.map((registry) => `c.image.startsWith(${quote(registry)})`).join(" || ");
  return [
    {
      outcome: "no-privileged",
      expression: everyContainer(`!(${own("privileged")} && c.securityContext.privileged)`),
      message: "privileged containers are not allowed",
    },
    {
      outcome: "no-hostpath",
      expression: "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))",
      message: "hostPath volumes are not allowed",
    },
    {
      outcome: "read-only-root",
      expression: everyContainer(`${own("readOnlyRootFilesystem")} && c.securityContext.readOnlyRootFilesystem`),
      message: "readOnlyRootFilesystem must be true",
    },
    {
      outcome: "non-root",
      expression: everyContainer(
        `(${own("runAsNonRoot")}) ? c.securityContext.runAsNonRoot : (${ofPod("runAsNonRoot")} && object.spec.securityContext.runAsNonRoot)`,
      ),
      message: "runAsNonRoot must be true",
    },
    {
      outcome: "allowed-registries",
      expression: everyContainer(startsWith),
      message: "the image's registry is not approved",
    },
    {
      outcome: "node-pinning",
      expression: `has(object.spec.nodeSelector) && ${quote(pool.key)} in object.spec.nodeSelector && object.spec.nodeSelector[${quote(pool.key)}] == ${quote(pool.value)}`,
      message: "the pod must be pinned to the CDE node pool",
    },
  ];
}

const REGISTRY = /c\.image\.startsWith\('((?:[^'\\]|\\.)*)'\)/g;
const POOL =
  /'((?:[^'\\]|\\.)*)' in object\.spec\.nodeSelector && object\.spec\.nodeSelector\['(?:[^'\\]|\\.)*'\] == '((?:[^'\\]|\\.)*)'/;
const unquote = (text: string) => text.replace(/\\(.)/g, "$1");
const normal = (text: string) => text.replace(/\s+/g, " ").trim();

/** The outcome that an expression is known to bring about, or null when it is not one of ours. */
export function recognizeExpression(expression: string): Outcome | null {
  const text = normal(expression);
  const registries = [...new Set([...text.matchAll(REGISTRY)].map((match) => unquote(match[1] ?? "")))];
  // An empty prefix, or one without the slash behind the host, lets foreign registries in.
  if (registries.some((registry) => !registry.includes("/"))) return null;
  const pool = POOL.exec(text);
  const candidates = expressionsFor(registries, { key: unquote(pool?.[1] ?? ""), value: unquote(pool?.[2] ?? "") });
  return (
    candidates.find(
      (candidate) =>
        normal(candidate.expression) === text &&
        (candidate.outcome !== "allowed-registries" || registries.length > 0) &&
        (candidate.outcome !== "node-pinning" || pool !== null),
    )?.outcome ?? null
  );
}
