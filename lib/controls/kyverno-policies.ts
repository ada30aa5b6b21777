/**
 * Kyverno's ClusterPolicies and Policies: which of their rules deny what for pods of a namespace.
 *
 * Source: Kyverno documentation, "Applying policies", "Validate rules", "Verify images", "Match/Exclude".
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject, LabelSelector, PodSpec } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { evaluatePodSecurity, parseLevel, parseVersion } from "@/lib/podsecurity";
import { compliantPod, type ProbedPod, refusedProbes, UNSIGNED } from "./admission-outcomes";
import { adaptTo, isMap, matchesWildcard, matchPattern, NotUnderstood, splitAnchor } from "./kyverno-pattern";
import {
  type Fields,
  isFilled,
  mapOf,
  maps,
  mentioned,
  type NamespaceUnderPolicy,
  outcomesOf,
  type PolicyCover,
  texts,
} from "./policy-cover";

/** Every rule that validates or verifies images, as it stands in the namespace. */
export function kyvernoCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  const namespaced = inventory
    .list("kyverno-policies")
    .filter((policy) => policy.metadata.namespace === namespace.name);
  return [...inventory.list("kyverno-clusterpolicies"), ...namespaced].flatMap((policy) =>
    maps(policy.spec?.rules).flatMap((rule, index) => {
      if (!isFilled(rule.validate) && !isFilled(rule.verifyImages)) return [];
      return [kyvernoRuleCover(inventory, policy, rule, index, namespace)];
    }),
  );
}

function kyvernoRuleCover(
  inventory: Inventory,
  policy: CustomObject,
  rule: Fields,
  index: number,
  namespace: NamespaceUnderPolicy,
): PolicyCover {
  const { action, gap, isUncertain } = ruleStanding(inventory, policy, rule, namespace);
  const body = isFilled(rule.verifyImages)
    ? signatureBody(maps(rule.verifyImages), namespace)
    : validateBody(mapOf(rule.validate), namespace.name);
  // A debug container comes by an update of a running pod.
  if (!seesUpdates(rule)) body.probes = body.probes.filter((id) => !id.includes("ephemeralContainers"));
  const cover: PolicyCover = {
    ref: refOf(policy),
    pointer: `/spec/rules/${index}`,
    words: `${policy.kind} ${policy.metadata.name}, rule ${typeof rule.name === "string" ? rule.name : index + 1}`,
    action,
    ...body,
    gap,
  };
  if (gap === null && isUncertain) {
    cover.possible = [...new Set([...cover.possible, ...outcomesOf(cover.probes)])];
    cover.probes = [];
  }
  return cover;
}

/** Whether a rule denies in the namespace: its effective action, and why it does not apply to every new pod there. */
export interface RuleStanding {
  action: string;
  gap: string | null;
  /** A condition that is not understood, or a status that nobody has written: it may deny, and nothing here shows it. */
  isUncertain: boolean;
}

export function ruleStanding(
  inventory: Inventory,
  policy: CustomObject,
  rule: Fields,
  namespace: NamespaceUnderPolicy,
): RuleStanding {
  const spec = policy.spec ?? {};
  const action = kyvernoAction(spec, rule, namespace);
  const selects = kyvernoSelects(rule, namespace);
  const ready = kyvernoReady(policy);
  const isConditional =
    excludesUsers(mapOf(rule.exclude)) ||
    isFilled(rule.preconditions) ||
    isFilled(rule.celPreconditions) ||
    isFilled(mapOf(spec.webhookConfiguration).matchConditions);
  const gap =
    action !== "Enforce"
      ? `effective action ${action}`
      : spec.admission === false
        ? "spec.admission is false"
        : selects !== "all"
          ? selects
          : ready === false
            ? "the policy is not Ready"
            : null;
  return { action, gap, isUncertain: isConditional || (ready === null && inventory.snapshot.source !== "manifests") };
}

/**
 * The effective action, asked in Kyverno's order: the rule's overrides that match the namespace, the rule's own action, the
 * policy's overrides, the policy's action (deprecated since 1.13), Audit. Signature rules carry their own action.
 */
function kyvernoAction(spec: Fields, rule: Fields, namespace: NamespaceUnderPolicy): string {
  const validate = mapOf(rule.validate);
  const signature = maps(rule.verifyImages)[0]?.failureAction;
  const candidates = [
    overridden(validate.failureActionOverrides, namespace),
    validate.failureAction ?? signature,
    overridden(spec.validationFailureActionOverrides, namespace),
    spec.validationFailureAction,
    "Audit",
  ];
  const found =
    candidates.find((candidate): candidate is string => typeof candidate === "string" && candidate !== "") ?? "Audit";
  return /^enforce$/i.test(found) ? "Enforce" : /^audit$/i.test(found) ? "Audit" : found;
}

function overridden(overrides: unknown, namespace: NamespaceUnderPolicy): unknown {
  return maps(overrides).find((override) => {
    const names = texts(override.namespaces);
    const byName = names.length === 0 || names.some((pattern) => matchesWildcard(pattern, namespace.name));
    const selector = override.namespaceSelector;
    return (
      byName &&
      (!isMap(selector) || matchesSelector(selector as LabelSelector, namespace.labels)) &&
      (names.length > 0 || isMap(selector))
    );
  })?.action;
}

/** Ready=True says that the policy is loaded, no more. Null when no status was written. */
function kyvernoReady(policy: CustomObject): boolean | null {
  const status = policy.status ?? {};
  const condition = maps(status.conditions).find((candidate) => candidate.type === "Ready");
  if (condition !== undefined) return condition.status === "True";
  return typeof status.ready === "boolean" ? status.ready : null;
}

/** `all`: every pod created in the namespace; else why some or all are left out. */
function kyvernoSelects(rule: Fields, namespace: NamespaceUnderPolicy): string {
  const match = mapOf(rule.match);
  const any = maps(match.any);
  const all = maps(match.all);
  const filters = any.length > 0 ? any : all.length > 0 ? all : [match];
  const answers = filters.map((filter) => kyvernoFilter(filter, namespace));
  const selected =
    all.length > 0 && any.length === 0
      ? (answers.find((answer) => answer !== "all") ?? "all")
      : answers.includes("all")
        ? "all"
        : (answers[0] ?? "matches nothing");
  if (selected !== "all") return selected;
  return kyvernoExcludes(mapOf(rule.exclude), namespace) ?? "all";
}

/** Whether the rule spares some users; who can act as one of them is not known here. */
function excludesUsers(exclude: Fields): boolean {
  return [exclude, ...maps(exclude.any), ...maps(exclude.all)].some(
    ({ subjects, roles, clusterRoles }) => isFilled(subjects) || isFilled(roles) || isFilled(clusterRoles),
  );
}

/** Why the rule's exclusion leaves out all or some pods of the namespace, or null when it leaves out none of them. */
function kyvernoExcludes(exclude: Fields, namespace: NamespaceUnderPolicy): string | null {
  const any = maps(exclude.any);
  const all = maps(exclude.all);
  const alternatives = [
    ...any.map((filter) => [filter]),
    ...(all.length > 0 ? [all] : []),
    ...(isFilled(exclude.resources) ||
    isFilled(exclude.subjects) ||
    isFilled(exclude.roles) ||
    isFilled(exclude.clusterRoles)
      ? [[exclude]]
      : []),
  ];
  const answers = alternatives.map((filters) => {
    const parts = filters.map((filter) => kyvernoFilter(filter, namespace));
    return parts.find((part) => ELSEWHERE.has(part)) ?? parts.find((part) => part !== "all") ?? "all";
  });
  if (answers.includes("all")) return "it excludes the namespace";
  const partly = answers.find((answer) => !ELSEWHERE.has(answer) && answer !== CERTAIN_USERS);
  return partly === undefined ? null : partly.replace("it matches", "it excludes").replace(" only", "");
}

function seesUpdates(rule: Fields): boolean {
  const match = mapOf(rule.match);
  return [match, ...maps(match.any), ...maps(match.all)].every((filter) => {
    const operations = texts(mapOf(filter.resources).operations);
    return operations.length === 0 || operations.includes("UPDATE");
  });
}

const NO_PODS = "it does not match pods";
const OTHER_NAMESPACE = "its match leaves the namespace out";
const OTHER_LABELS = "its namespaceSelector does not match the namespace's labels";
const NO_CREATION = "it does not match the creation of pods";
const NOTHING = "it matches nothing";
const CERTAIN_USERS = "it matches certain users only";
/** Answers of a filter that touches no new pod of the namespace. */
const ELSEWHERE: ReadonlySet<string> = new Set([NO_PODS, OTHER_NAMESPACE, OTHER_LABELS, NO_CREATION, NOTHING]);

function kyvernoFilter(filter: Fields, namespace: NamespaceUnderPolicy): string {
  const resources = mapOf(filter.resources);
  const kinds = texts(resources.kinds);
  if (kinds.length > 0 && !kinds.some((kind) => kind === "*" || /^(?:(?:\*|v1|\*\/v1|\/v1)\/)?Pod$/.test(kind)))
    return NO_PODS;
  const namespaces = texts(resources.namespaces);
  if (namespaces.length > 0 && !namespaces.some((pattern) => matchesWildcard(pattern, namespace.name)))
    return OTHER_NAMESPACE;
  const { namespaceSelector } = resources;
  if (isMap(namespaceSelector) && !matchesSelector(namespaceSelector as LabelSelector, namespace.labels))
    return OTHER_LABELS;
  const names = [
    ...texts(resources.names),
    ...(typeof resources.name === "string" && resources.name !== "" ? [resources.name] : []),
  ];
  if (names.some((name) => name !== "*")) return "it matches some names only";
  if (isMap(resources.selector) && isFilled(resources.selector)) return "it matches pods with certain labels only";
  if (isFilled(resources.annotations)) return "it matches pods with certain annotations only";
  const operations = texts(resources.operations);
  if (operations.length > 0 && !operations.includes("CREATE")) return NO_CREATION;
  if (isFilled(filter.subjects) || isFilled(filter.roles) || isFilled(filter.clusterRoles)) return CERTAIN_USERS;
  if (kinds.length === 0 && !isFilled(filter.resources)) return NOTHING;
  return "all";
}

type Body = Pick<PolicyCover, "probes" | "possible">;
const bodies = new WeakMap<Fields, Map<string, Body>>();

/** What the body refuses; asked once for all namespaces where no pattern looks beside the pod's spec. */
function validateBody(validate: Fields, namespace: string): Body {
  let known = bodies.get(validate);
  if (known === undefined) {
    known = new Map();
    bodies.set(validate, known);
  }
  const patterns = [
    validate.pattern,
    ...(Array.isArray(validate.anyPattern) ? (validate.anyPattern as unknown[]) : []),
  ];
  const isSpecOnly = patterns
    .filter((pattern) => pattern !== undefined)
    .every((pattern) => isMap(pattern) && Object.keys(pattern).every((key) => splitAnchor(key).name === "spec"));
  const key = isSpecOnly ? "" : namespace;
  let body = known.get(key);
  if (body === undefined) {
    body = newValidateBody(validate, namespace);
    known.set(key, body);
  }
  return { ...body };
}

function newValidateBody(validate: Fields, namespace: string): Body {
  const base = compliantPod(namespace);
  try {
    if (isMap(validate.pattern)) return { probes: patternProbes([validate.pattern], base), possible: [] };
    if (Array.isArray(validate.anyPattern)) return { probes: patternProbes(validate.anyPattern, base), possible: [] };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return { probes: [], possible: mentioned(validate.pattern, validate.anyPattern) };
  }
  const security = mapOf(validate.podSecurity);
  const level = parseLevel(String(security.level ?? ""));
  if (level !== null && !isFilled(security.exclude)) {
    const version = parseVersion(typeof security.version === "string" ? security.version : "latest") ?? "latest";
    const refuses = (pod: ProbedPod) =>
      !evaluatePodSecurity({ annotations: {}, spec: pod.spec as unknown as PodSpec }, level, version).allowed;
    return { probes: refusedProbes(refuses, base), possible: [] };
  }
  return { probes: [], possible: mentioned(validate) };
}

function patternProbes(patterns: readonly unknown[], base: ProbedPod): string[] {
  const refuses = (pod: ProbedPod) => patterns.every((pattern) => matchPattern(pattern, pod) === "refuse");
  const [first] = patterns;
  // Values that the pattern itself names (its registry, its node pool, its labels) are not what the probes are about.
  const accepted = refuses(base) ? (adaptTo(first, base) as ProbedPod) : base;
  // It asks for something that could not be made up, so refusing a probe would say nothing about the probe.
  if (refuses(accepted)) throw new NotUnderstood();
  return refusedProbes(refuses, accepted);
}

function signatureBody(
  checks: readonly Fields[],
  namespace: NamespaceUnderPolicy,
): Pick<PolicyCover, "probes" | "possible"> {
  const demanding = checks.filter((check) => check.required !== false && isFilled(check.attestors));
  const references = demanding.flatMap((check) => texts(check.imageReferences));
  const skipped = demanding.flatMap((check) => texts(check.skipImageReferences));
  const isChecked = (image: string) =>
    references.some((pattern) => matchesWildcard(pattern, image)) &&
    !skipped.some((pattern) => matchesWildcard(pattern, image));
  const coversAll = references.includes("*") && skipped.length === 0;
  const coversRunning = namespace.images.length > 0 && namespace.images.every(isChecked);
  return { probes: coversAll || coversRunning ? [UNSIGNED.id] : [], possible: [] };
}
