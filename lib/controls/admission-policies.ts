/**
 * What each admission policy of a cluster does in one namespace, for three engines: Kyverno, Gatekeeper, and the API server's own
 * ValidatingAdmissionPolicy.
 *
 * A policy counts where it denies, is loaded, and applies to pods of the namespace without a condition that this room can't judge.
 * What it would refuse is found by asking it (admission-outcomes.ts); a body in a language that is not understood (JMESPath
 * conditions, CEL, Rego of an own template) can only be "possible", and is proven by a canary alone.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { CustomObject, LabelSelector } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import type { Outcome, ProbedPod } from "./admission-outcomes";
import { compliantPod, mentions, OUTCOMES, PROBES, refusedProbes, UNSIGNED } from "./admission-outcomes";
import { recognizeExpression } from "./admission-expressions";
import { adaptTo, isMap, matchesWildcard, matchPattern, NotUnderstood } from "./kyverno-pattern";
import { evaluatePodSecurity, parseLevel, parseVersion } from "@/lib/podsecurity";
import type { PodSpec } from "@/lib/inventory/kinds";

/** One rule of one policy, seen from one namespace. */
export interface PolicyCover {
  ref: ResourceRef;
  /** Where the rule stands in the policy. */
  pointer: string;
  /** `ClusterPolicy pod-hardening, rule no-privileged`. */
  words: string;
  /** The effective action, for evidence. */
  action: string;
  /** Probes that it refuses. */
  probes: string[];
  /** Outcomes that it may bring about; its body is not understood, or whether it is loaded is not known. */
  possible: Outcome[];
  /** Why it brings nothing about here (audit only, not ready, scoped out); null when it does. */
  gap: string | null;
}

export interface NamespaceUnderPolicy {
  name: string;
  labels: Record<string, string>;
  /** Images of the workloads that run in it. */
  images: readonly string[];
}

export const POLICY_SECTIONS = [
  "kyverno-clusterpolicies",
  "kyverno-policies",
  "gatekeeper-constrainttemplates",
  "gatekeeper-constraints",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
] as const;

/** Every rule of every engine that says something about pods of the namespace. */
export function policyCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  return [
    ...kyvernoCovers(inventory, namespace),
    ...gatekeeperCovers(inventory, namespace),
    ...vapCovers(inventory, namespace),
  ];
}

type Fields = Record<string, unknown>;
const maps = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isMap) : []);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
const mapOf = (value: unknown): Fields => (isMap(value) ? value : {});
const isFilled = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : isMap(value)
      ? Object.keys(value).length > 0
      : value !== undefined && value !== null;
/** Outcomes that the words of a policy are about, for one whose meaning is not understood. */
const mentioned = (...parts: unknown[]): Outcome[] => {
  const text = JSON.stringify(parts);
  return OUTCOMES.filter((outcome) => mentions(text, outcome));
};
const outcomesOf = (probes: readonly string[]): Outcome[] =>
  OUTCOMES.filter((outcome) => probes.some((id) => id.startsWith(outcome)));

// ---------------------------------------------------------------- Kyverno

function kyvernoCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
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
  const spec = policy.spec ?? {};
  const action = kyvernoAction(spec, rule, namespace);
  const body = isFilled(rule.verifyImages)
    ? signatureBody(maps(rule.verifyImages), namespace)
    : validateBody(mapOf(rule.validate), namespace.name);
  const selects = kyvernoSelects(rule, namespace);
  const ready = kyvernoReady(policy);
  const isConditional =
    isFilled(rule.preconditions) ||
    isFilled(rule.celPreconditions) ||
    isFilled(mapOf(spec.webhookConfiguration).matchConditions);
  const cover: PolicyCover = {
    ref: refOf(policy),
    pointer: `/spec/rules/${index}`,
    words: `${policy.kind} ${policy.metadata.name}, rule ${typeof rule.name === "string" ? rule.name : index + 1}`,
    action,
    ...body,
    gap: null,
  };
  if (action !== "Enforce") cover.gap = `effective action ${action}`;
  else if (spec.admission === false) cover.gap = "spec.admission is false";
  else if (selects !== "all") cover.gap = selects;
  else if (ready === false) cover.gap = "the policy is not Ready";
  else if (isConditional || (ready === null && inventory.snapshot.source !== "manifests")) {
    // A condition that is not understood, or a status that nobody has written: it may deny, and nothing here shows it.
    cover.possible = [...new Set([...cover.possible, ...outcomesOf(cover.probes)])];
    cover.probes = [];
  }
  return cover;
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
  const exclude = mapOf(rule.exclude);
  const excludeAny = maps(exclude.any);
  const excludeAll = maps(exclude.all);
  const isExcluded =
    excludeAny.some((filter) => kyvernoFilter(filter, namespace) === "all") ||
    (excludeAll.length > 0 && excludeAll.every((filter) => kyvernoFilter(filter, namespace) === "all")) ||
    (isFilled(exclude.resources) && kyvernoFilter(exclude, namespace) === "all");
  return isExcluded ? "it excludes the namespace" : "all";
}

function kyvernoFilter(filter: Fields, namespace: NamespaceUnderPolicy): string {
  const resources = mapOf(filter.resources);
  const kinds = texts(resources.kinds);
  if (kinds.length > 0 && !kinds.some((kind) => kind === "*" || /^(?:(?:\*|v1|\*\/v1|\/v1)\/)?Pod$/.test(kind)))
    return "it does not match pods";
  const namespaces = texts(resources.namespaces);
  if (namespaces.length > 0 && !namespaces.some((pattern) => matchesWildcard(pattern, namespace.name)))
    return "its match leaves the namespace out";
  const { namespaceSelector } = resources;
  if (isMap(namespaceSelector) && !matchesSelector(namespaceSelector as LabelSelector, namespace.labels))
    return "its namespaceSelector does not match the namespace's labels";
  const names = [
    ...texts(resources.names),
    ...(typeof resources.name === "string" && resources.name !== "" ? [resources.name] : []),
  ];
  if (names.some((name) => name !== "*")) return "it matches some names only";
  if (isMap(resources.selector) && isFilled(resources.selector)) return "it matches pods with certain labels only";
  if (isFilled(resources.annotations)) return "it matches pods with certain annotations only";
  const operations = texts(resources.operations);
  if (operations.length > 0 && !operations.includes("CREATE")) return "it does not match the creation of pods";
  if (isFilled(filter.subjects) || isFilled(filter.roles) || isFilled(filter.clusterRoles))
    return "it matches certain users only";
  if (kinds.length === 0 && !isFilled(filter.resources)) return "it matches nothing";
  return "all";
}

function validateBody(validate: Fields, namespace: string): Pick<PolicyCover, "probes" | "possible"> {
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

// ---------------------------------------------------------------- Gatekeeper

function gatekeeperCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  const templates = new Map(
    inventory.list("gatekeeper-constrainttemplates").map((template) => {
      const names = mapOf(mapOf(mapOf(template.spec?.crd).spec).names);
      return [String(names.kind ?? ""), template] as const;
    }),
  );
  return inventory.list("gatekeeper-constraints").map((constraint) => {
    const spec = constraint.spec ?? {};
    const action = gatekeeperAction(spec);
    const cover: PolicyCover = {
      ref: refOf(constraint),
      pointer: "/spec",
      words: `${constraint.kind} ${constraint.metadata.name}`,
      action,
      ...constraintBody(constraint.kind, mapOf(spec.parameters)),
      gap: null,
    };
    const selects = gatekeeperSelects(mapOf(spec.match), namespace);
    const template = templates.get(constraint.kind);
    if (action !== "deny") cover.gap = `effective action ${action}`;
    else if (selects !== "all") cover.gap = selects;
    else if (inventory.readable("gatekeeper-constrainttemplates").known && template === undefined)
      cover.gap = "its ConstraintTemplate does not exist";
    else if (template?.status?.created === false) cover.gap = "its ConstraintTemplate is not loaded";
    return cover;
  });
}

/** `deny` unless said otherwise; scoped actions count for the admission webhook. */
function gatekeeperAction(spec: Fields): string {
  const action =
    typeof spec.enforcementAction === "string" && spec.enforcementAction !== "" ? spec.enforcementAction : "deny";
  if (action !== "scoped") return action;
  const scoped = maps(spec.scopedEnforcementActions).filter((entry) =>
    maps(entry.enforcementPoints).some((point) => point.name === "*" || point.name === "validation.gatekeeper.sh"),
  );
  const actions = scoped.map((entry) => String(entry.action));
  return actions.includes("deny") ? "deny" : (actions[0] ?? "none at admission");
}

function gatekeeperSelects(match: Fields, namespace: NamespaceUnderPolicy): string {
  const kinds = maps(match.kinds);
  const hasPods = kinds.some((entry) => {
    const groups = texts(entry.apiGroups);
    const names = texts(entry.kinds);
    return (
      (groups.length === 0 || groups.includes("") || groups.includes("*")) &&
      (names.length === 0 || names.includes("Pod") || names.includes("*"))
    );
  });
  if (kinds.length > 0 && !hasPods) return "it does not match pods";
  const matches = (pattern: string) => matchesWildcard(pattern, namespace.name);
  const namespaces = texts(match.namespaces);
  if (namespaces.length > 0 && !namespaces.some(matches)) return "its match leaves the namespace out";
  if (texts(match.excludedNamespaces).some(matches)) return "it excludes the namespace";
  if (isMap(match.namespaceSelector) && !matchesSelector(match.namespaceSelector as LabelSelector, namespace.labels))
    return "its namespaceSelector does not match the namespace's labels";
  if (isMap(match.labelSelector) && isFilled(match.labelSelector)) return "it matches pods with certain labels only";
  if (typeof match.name === "string" && match.name !== "" && match.name !== "*") return "it matches some names only";
  if (match.scope === "Cluster") return "it matches cluster-scoped objects only";
  if (match.source === "Generated") return "it does not match the creation of pods";
  return "all";
}

const everyProbeOf = (outcome: Outcome): string[] =>
  PROBES.filter((probe) => probe.outcome === outcome).map((probe) => probe.id);

/** What the templates of Gatekeeper's own library refuse, by their kind; any other template is Rego that is not understood. */
function constraintBody(kind: string, parameters: Fields): Pick<PolicyCover, "probes" | "possible"> {
  const refuses = (outcome: Outcome, holds: boolean) => ({ probes: holds ? everyProbeOf(outcome) : [], possible: [] });
  switch (kind) {
    case "K8sPSPPrivilegedContainer":
      return refuses("no-privileged", true);
    case "K8sPSPHostFilesystem":
      // A list of allowed paths lets these in, and an empty list restricts nothing.
      return refuses("no-hostpath", parameters.allowedHostPaths === undefined);
    case "K8sPSPVolumeTypes": {
      const volumes = texts(parameters.volumes);
      return refuses("no-hostpath", volumes.length > 0 && !volumes.includes("*") && !volumes.includes("hostPath"));
    }
    case "K8sPSPReadOnlyRootFilesystem":
      return refuses("read-only-root", true);
    case "K8sPSPAllowedUsers": {
      const runAsUser = mapOf(parameters.runAsUser);
      const ranges = maps(runAsUser.ranges);
      const isAboveRoot = ranges.length > 0 && ranges.every((range) => typeof range.min === "number" && range.min > 0);
      return refuses(
        "non-root",
        runAsUser.rule === "MustRunAsNonRoot" || (runAsUser.rule === "MustRunAs" && isAboveRoot),
      );
    }
    case "K8sAllowedRepos":
    case "K8sAllowedReposv2": {
      const repos = texts(parameters.repos ?? parameters.allowedImages);
      return refuses("allowed-registries", repos.length > 0 && !repos.some((repo) => repo === "" || repo === "*"));
    }
    default:
      return { probes: [], possible: mentioned(kind, parameters) };
  }
}

// ---------------------------------------------------------------- ValidatingAdmissionPolicy

function vapCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  const bindings = inventory.list("validatingadmissionpolicybindings");
  return inventory.list("validatingadmissionpolicies").flatMap((policy) => {
    const own = bindings.filter((binding) => binding.spec?.policyName === policy.metadata.name);
    const body = vapBody(policy);
    const base = {
      ref: refOf(policy),
      pointer: "/spec/validations",
      words: `ValidatingAdmissionPolicy ${policy.metadata.name}`,
      ...body,
    };
    if (body.probes.length === 0 && body.possible.length === 0) return [];
    const constraints = vapSelects(mapOf(policy.spec?.matchConstraints), namespace);
    if (own.length === 0) return [{ ...base, action: "none", gap: "no binding uses it" }];
    return own.map((binding): PolicyCover => {
      const actions = texts(binding.spec?.validationActions);
      const bound = vapSelects(mapOf(binding.spec?.matchResources), namespace, true);
      const gap = !actions.includes("Deny")
        ? `effective action ${actions.join(", ") || "none"}`
        : constraints !== "all"
          ? constraints
          : bound !== "all"
            ? `binding ${binding.metadata.name}: ${bound}`
            : null;
      return { ...base, words: `${base.words} (binding ${binding.metadata.name})`, action: actions.join(", "), gap };
    });
  });
}

/** Whether matchConstraints or matchResources take the creation of pods in the namespace. */
function vapSelects(match: Fields, namespace: NamespaceUnderPolicy, isBinding = false): string {
  const rules = maps(match.resourceRules);
  if (rules.length > 0 || !isBinding) {
    const hasPods = rules.some((rule) => {
      const groups = texts(rule.apiGroups);
      const resources = texts(rule.resources);
      const operations = texts(rule.operations);
      return (
        (groups.includes("") || groups.includes("*")) &&
        ["pods", "*", "*/*"].some((r) => resources.includes(r)) &&
        (operations.includes("CREATE") || operations.includes("*")) &&
        texts(rule.resourceNames).length === 0
      );
    });
    if (!hasPods) return "it does not match the creation of pods";
  }
  if (isFilled(match.excludeResourceRules)) return "it excludes some resources";
  if (isMap(match.namespaceSelector) && !matchesSelector(match.namespaceSelector as LabelSelector, namespace.labels))
    return "its namespaceSelector does not match the namespace's labels";
  if (isMap(match.objectSelector) && isFilled(match.objectSelector)) return "it matches pods with certain labels only";
  return "all";
}

/** CEL is understood only where it is one of the expressions that our own remediation hands out. */
function vapBody(policy: CustomObject): Pick<PolicyCover, "probes" | "possible"> {
  const spec = policy.spec ?? {};
  const expressions = maps(spec.validations).map((validation) => String(validation.expression ?? ""));
  if (isFilled(spec.matchConditions) || isFilled(spec.paramKind))
    return { probes: [], possible: mentioned(expressions, policy.metadata.name) };
  const resources = maps(mapOf(spec.matchConstraints).resourceRules).flatMap((rule) => texts(rule.resources));
  const seesDebug = ["pods/ephemeralcontainers", "pods/*", "*/*"].some((pattern) => resources.includes(pattern));
  const probes: string[] = [];
  const foreign: string[] = [];
  for (const expression of expressions) {
    const outcome = recognizeExpression(expression);
    if (outcome === null) foreign.push(expression);
    // Debug containers come by a subresource of their own, which the policy has to name.
    else probes.push(...everyProbeOf(outcome).filter((id) => seesDebug || !id.includes("ephemeralContainers")));
  }
  const possible = foreign.length > 0 ? mentioned(foreign) : [];
  return { probes, possible };
}
