/**
 * Exceptions and exclusions from admission policies that touch some namespaces, one entry per object that holds them.
 *
 * - Kyverno's PolicyException (both APIs), unless the controller's arguments switch exceptions off or limit them to another namespace;
 *   what a ClusterPolicy excludes.
 * - Gatekeeper's excludedNamespaces and exempt images of a constraint, its Config, and the label that makes it ignore a namespace.
 * - A namespace on which Pod Security's level is privileged by label.
 * - A policy engine's webhook whose selector leaves a namespace out.
 * A bypass is an exception that a pod's own author can take: by a label, an annotation or a name of the pod.
 * Source: Kyverno documentation, "Policy Exceptions"; Gatekeeper documentation, "Exempting Namespaces", "Constraints".
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { Container, CustomObject, KubeObject, LabelSelector, WebhookConfiguration } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import { podSecurityLabel, visitContainers } from "@/lib/podsecurity";
import { isMap, matchesWildcard } from "./kyverno-pattern";
import { type Fields, isFilled, mapOf, maps, texts } from "./policy-cover";
import type { EvaluationContext, EvidencePointer } from "./types";

export interface PolicyExceptionFound {
  ref: ResourceRef;
  /** What it exempts, in words. */
  words: string[];
  /** Namespaces of the judged ones that it touches. */
  namespaces: string[];
  /** Reasons why no approval could cover it: wildcard rules, every namespace, a bypass. */
  tooWide: string[];
  /** Why it has no effect; null when it has. */
  idle: string | null;
  evidence: EvidencePointer[];
}

const ENGINE_WEBHOOK = /kyverno|gatekeeper|policy\.sigstore|kubewarden|connaisseur|ratify/i;
const IGNORE_LABEL = "admission.gatekeeper.sh/ignore";
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Every exception that touches one of the namespaces, in the order of the kinds above. */
export function findExceptions(context: EvaluationContext, names: readonly string[]): PolicyExceptionFound[] {
  const { inventory } = context;
  const judged = names.map((name) => ({
    name,
    labels: { [NAME_LABEL]: name, ...inventory.namespaces.get(name)?.metadata.labels },
  }));
  const found = [
    ...inventory.list("kyverno-policyexceptions").map((object) => kyvernoException(context, object, judged)),
    ...inventory.list("kyverno-celexceptions").map((object) => celException(context, object, judged)),
    ...[...inventory.list("kyverno-clusterpolicies"), ...inventory.list("kyverno-policies")].map((policy) =>
      kyvernoExclusions(policy, judged),
    ),
    ...inventory.list("gatekeeper-constraints").map((constraint) => gatekeeperExclusions(constraint, judged)),
    ...inventory.list("gatekeeper-configs").map((config) => gatekeeperConfig(config, judged)),
    ...judged.map((namespace) => namespaceLabels(context, namespace)),
    ...[...inventory.list("validatingwebhookconfigurations"), ...inventory.list("mutatingwebhookconfigurations")].map(
      (configuration) => webhookSelectors(configuration, judged),
    ),
  ];
  return found.filter((entry) => entry !== null);
}

interface Judged {
  name: string;
  labels: Record<string, string>;
}

function entryOf(object: KubeObject): PolicyExceptionFound {
  return { ref: refOf(object), words: [], namespaces: [], tooWide: [], idle: null, evidence: [] };
}

/** What `--enablePolicyException` and `--exceptionNamespace` of Kyverno's admission controller say; null where nobody sees them. */
function exceptionSettings({ inventory }: EvaluationContext): { enabled: boolean | null; namespace: string | null } {
  const containers: Container[] = inventory.workloads
    .flatMap((workload) => workload.variants.flatMap(({ spec }) => visitContainers(spec).map((c) => c.container)))
    .filter(({ image }) => /(^|\/)kyverno\/kyverno(:|@|$)/.test(image ?? ""));
  const valueOf = (flag: string): string | null => {
    const words = containers.flatMap(({ command = [], args = [] }) => [...command, ...args]);
    const found = words.flatMap((word, i) => {
      const bare = word.replace(/^--?/, "");
      if (bare === flag) return [words[i + 1] ?? "true"];
      return bare.startsWith(`${flag}=`) ? [bare.slice(flag.length + 1)] : [];
    });
    return found.at(-1) ?? null;
  };
  const enabled = valueOf("enablePolicyException");
  const namespace = valueOf("exceptionNamespace");
  return {
    enabled: enabled === "true" ? true : enabled === "false" ? false : null,
    namespace: namespace === null || namespace === "" || namespace.startsWith("<") ? null : namespace,
  };
}
function idleReason(context: EvaluationContext, object: CustomObject): string | null {
  const { enabled, namespace } = exceptionSettings(context);
  if (enabled === false) return "Kyverno runs with enablePolicyException=false";
  if (namespace !== null && namespace !== object.metadata.namespace)
    return `Kyverno takes exceptions from namespace ${namespace} only`;
  return null;
}

function kyvernoException(
  context: EvaluationContext,
  object: CustomObject,
  judged: readonly Judged[],
): PolicyExceptionFound | null {
  const spec = object.spec ?? {};
  const filters = filtersOf(mapOf(spec.match));
  const touched = judged.filter(
    (namespace) => filters.length === 0 || filters.some((filter) => selectsNamespace(filter, namespace)),
  );
  if (touched.length === 0) return null;
  const entry = entryOf(object);
  entry.namespaces = touched.map(({ name }) => name);
  entry.idle = idleReason(context, object);
  for (const [index, exception] of maps(spec.exceptions).entries()) {
    const policy = String(exception.policyName ?? "");
    const rules = texts(exception.ruleNames);
    entry.words.push(`policy ${policy}, ${rules.length === 0 ? "no rule" : `rules ${rules.join(", ")}`}`);
    entry.evidence.push({
      ref: entry.ref,
      pointer: `/spec/exceptions/${index}`,
      found: `${policy}: ${rules.join(", ")}`,
    });
    if ([policy, ...rules].some((name) => /[*?]/.test(name)))
      entry.tooWide.push("it names rules or policies by wildcard");
  }
  if (filters.some((filter) => selectsEverywhere(filter)) || filters.length === 0)
    entry.tooWide.push("it holds for every namespace");
  entry.evidence.push({
    ref: entry.ref,
    pointer: "/spec/match",
    found: JSON.stringify(spec.match ?? {}).slice(0, 300),
  });
  return entry;
}

function celException(
  context: EvaluationContext,
  object: CustomObject,
  judged: readonly Judged[],
): PolicyExceptionFound | null {
  if (judged.length === 0) return null;
  const spec = object.spec ?? {};
  const conditions = maps(spec.matchConditions).map(({ expression }) => String(expression ?? ""));
  const named = conditions.join(" ");
  // A condition that quotes a namespace is about that one; any other is taken to hold everywhere.
  const touched = /namespace/i.test(named)
    ? judged.filter(({ name }) => named.includes(`'${name}'`) || named.includes(`"${name}"`))
    : judged;
  if (touched.length === 0) return null;
  const entry = entryOf(object);
  entry.namespaces = touched.map(({ name }) => name);
  entry.idle = idleReason(context, object);
  const policies = maps(spec.policyRefs).map(({ kind, name }) => `${String(kind ?? "")} ${String(name ?? "")}`.trim());
  entry.words.push(`policies ${policies.join(", ")}`);
  if (conditions.length === 0) entry.tooWide.push("it holds for every object of every namespace");
  if (/object\.metadata\.(labels|annotations)/.test(named))
    entry.tooWide.push("whoever writes the pod can take it by a label or annotation");
  if (policies.some((policy) => /[*?]/.test(policy))) entry.tooWide.push("it names policies by wildcard");
  entry.evidence.push({ ref: entry.ref, pointer: "/spec", found: policies.join(", ") });
  return entry;
}

/** What the rules of a policy that denies leave out: namespaces by name, and pods by what their author writes on them. */
function kyvernoExclusions(policy: CustomObject, judged: readonly Judged[]): PolicyExceptionFound | null {
  const own = policy.metadata.namespace;
  const here = own === undefined ? judged : judged.filter(({ name }) => name === own);
  const entry = entryOf(policy);
  const touched = new Set<string>();
  for (const [index, rule] of maps(policy.spec?.rules).entries()) {
    if (!isFilled(rule.validate) && !isFilled(rule.verifyImages)) continue;
    for (const filter of filtersOf(mapOf(rule.exclude))) {
      const resources = mapOf(filter.resources);
      const byPod = isFilled(resources.selector) || isFilled(resources.annotations);
      const byNamespace = isFilled(resources.namespaces) || isFilled(resources.namespaceSelector);
      if (!byPod && !byNamespace) continue;
      const hit = here.filter((namespace) => selectsNamespace(filter, namespace)).map(({ name }) => name);
      if (hit.length === 0) continue;
      for (const name of hit) touched.add(name);
      const rulesName = typeof rule.name === "string" ? rule.name : `rule ${index + 1}`;
      entry.words.push(`${rulesName} leaves out ${byPod ? "pods by label or annotation" : "the namespace"}`);
      if (byPod) entry.tooWide.push("whoever writes the pod can take it by a label or annotation");
      if (texts(resources.namespaces).some((pattern) => pattern === "*"))
        entry.tooWide.push("it holds for every namespace");
      entry.evidence.push({
        ref: entry.ref,
        pointer: `/spec/rules/${index}/exclude`,
        found: JSON.stringify(rule.exclude).slice(0, 300),
      });
    }
  }
  entry.namespaces = [...touched].sort();
  return entry.words.length === 0 ? null : entry;
}

function gatekeeperExclusions(constraint: CustomObject, judged: readonly Judged[]): PolicyExceptionFound | null {
  const match = mapOf(constraint.spec?.match);
  const excluded = texts(match.excludedNamespaces);
  const images = texts(mapOf(constraint.spec?.parameters).exemptImages);
  const entry = entryOf(constraint);
  const left = judged.filter(({ name }) => excluded.some((pattern) => matchesWildcard(pattern, name)));
  if (left.length > 0) {
    entry.words.push(`excludedNamespaces ${excluded.join(", ")}`);
    entry.evidence.push({ ref: entry.ref, pointer: "/spec/match/excludedNamespaces", found: excluded.join(", ") });
    if (excluded.includes("*")) entry.tooWide.push("it holds for every namespace");
  }
  const held = judged.filter((namespace) => !left.includes(namespace) && constraintHolds(match, namespace));
  if (images.length > 0 && held.length > 0) {
    entry.words.push(`exempt images ${images.join(", ")}`);
    entry.evidence.push({ ref: entry.ref, pointer: "/spec/parameters/exemptImages", found: images.join(", ") });
    if (images.includes("*")) entry.tooWide.push("it exempts every image");
  }
  entry.namespaces = [...left, ...(images.length > 0 ? held : [])].map(({ name }) => name).sort();
  return entry.words.length === 0 ? null : entry;
}
function constraintHolds(match: Fields, { name, labels }: Judged): boolean {
  const namespaces = texts(match.namespaces);
  if (namespaces.length > 0 && !namespaces.some((pattern) => matchesWildcard(pattern, name))) return false;
  return !isMap(match.namespaceSelector) || matchesSelector(match.namespaceSelector as LabelSelector, labels);
}

function gatekeeperConfig(config: CustomObject, judged: readonly Judged[]): PolicyExceptionFound | null {
  const entry = entryOf(config);
  const touched = new Set<string>();
  for (const [index, part] of maps(config.spec?.match).entries()) {
    if (!texts(part.processes).some((process) => process === "*" || process === "webhook")) continue;
    const excluded = texts(part.excludedNamespaces);
    const hit = judged.filter(({ name }) => excluded.some((pattern) => matchesWildcard(pattern, name)));
    if (hit.length === 0) continue;
    for (const { name } of hit) touched.add(name);
    entry.words.push(`excludedNamespaces ${excluded.join(", ")}`);
    if (excluded.includes("*")) entry.tooWide.push("it holds for every namespace");
    entry.evidence.push({ ref: entry.ref, pointer: `/spec/match/${index}`, found: excluded.join(", ") });
  }
  entry.namespaces = [...touched].sort();
  return entry.words.length === 0 ? null : entry;
}

function namespaceLabels({ inventory }: EvaluationContext, { name }: Judged): PolicyExceptionFound | null {
  const object = inventory.namespaces.get(name);
  if (object === undefined) return null;
  const entry = { ...entryOf(object), namespaces: [name] };
  const level = podSecurityLabel("enforce", "level");
  const labels = object.metadata.labels ?? {};
  const add = (key: string, words: string) => {
    entry.words.push(words);
    entry.evidence.push({
      ref: entry.ref,
      pointer: `/metadata/labels/${key.replaceAll("/", "~1")}`,
      found: labels[key] ?? "",
    });
  };
  if (labels[level] === "privileged") add(level, "Pod Security privileged, which refuses nothing");
  if (labels[IGNORE_LABEL] !== undefined) add(IGNORE_LABEL, "Gatekeeper ignores the namespace by its label");
  return entry.words.length === 0 ? null : entry;
}

function webhookSelectors(configuration: WebhookConfiguration, judged: readonly Judged[]): PolicyExceptionFound | null {
  const entry = entryOf(configuration);
  const touched = new Set<string>();
  for (const [index, webhook] of (configuration.webhooks ?? []).entries()) {
    if (!ENGINE_WEBHOOK.test(`${configuration.metadata.name} ${webhook.name}`)) continue;
    const asksPods = (webhook.rules ?? []).some((rule) =>
      (rule.resources ?? []).some((resource) => ["pods", "*", "*/*"].includes(resource)),
    );
    if (!asksPods) continue;
    const selector = webhook.namespaceSelector;
    const excluding =
      selector?.matchExpressions?.some(({ operator }) => operator === "NotIn" || operator === "DoesNotExist") === true;
    const left =
      selector === undefined || !excluding ? [] : judged.filter(({ labels }) => !matchesSelector(selector, labels));
    if (left.length > 0) {
      for (const { name } of left) touched.add(name);
      entry.words.push(`webhook ${webhook.name} leaves out ${left.map(({ name }) => name).join(", ")}`);
      entry.evidence.push({
        ref: entry.ref,
        pointer: `/webhooks/${index}/namespaceSelector`,
        found: JSON.stringify(selector),
      });
    }
    const asked = judged.filter(({ labels }) => selector === undefined || matchesSelector(selector, labels));
    const byPod =
      (webhook.objectSelector !== undefined && !isEmptySelector(webhook.objectSelector)) ||
      (webhook.matchConditions ?? []).some(({ expression }) =>
        /object\.metadata\.(labels|annotations|name)/.test(expression),
      );
    if (byPod && asked.length > 0) {
      for (const { name } of asked) touched.add(name);
      entry.words.push(`webhook ${webhook.name} is asked by what pods carry`);
      entry.tooWide.push("whoever writes the pod can take it by a label or annotation");
      entry.evidence.push({
        ref: entry.ref,
        pointer: `/webhooks/${index}/objectSelector`,
        found: JSON.stringify(webhook.objectSelector ?? webhook.matchConditions),
      });
    }
  }
  entry.namespaces = [...touched].sort();
  return entry.words.length === 0 ? null : entry;
}

function filtersOf(match: Fields): Fields[] {
  const listed = [...maps(match.any), ...maps(match.all)];
  return listed.length > 0 ? listed : isFilled(match.resources) ? [match] : [];
}
function selectsNamespace(filter: Fields, { name, labels }: Judged): boolean {
  const resources = mapOf(filter.resources);
  const namespaces = texts(resources.namespaces);
  if (namespaces.length > 0 && !namespaces.some((pattern) => matchesWildcard(pattern, name))) return false;
  return !isMap(resources.namespaceSelector) || matchesSelector(resources.namespaceSelector as LabelSelector, labels);
}
function selectsEverywhere(filter: Fields): boolean {
  const resources = mapOf(filter.resources);
  const namespaces = texts(resources.namespaces);
  return (namespaces.length === 0 || namespaces.includes("*")) && !isFilled(resources.namespaceSelector);
}
