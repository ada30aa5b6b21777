/**
 * What is wrong with a Kyverno policy beside what it leaves out: things that common guides copy from each other. Notes for the
 * detail of a result; what a policy enforces is decided elsewhere.
 *
 * - `spec.validationFailureAction` is deprecated since Kyverno 1.13; a rule's own failureAction wins, and without either a rule audits.
 * - An expression that calls a function which Kyverno doesn't have is an error, at every request.
 * - `length()` of a projection over a field that may be missing is an error where it is: the projection of nothing is null.
 * - `=(securityContext)` of the pod is asked of every pod, because the API fills the field with `{}`.
 * Source: Kyverno documentation, "JMESPath", "Validate Rules"; the JMESPath specification (built-in functions, projections).
 */
import { isMap } from "./kyverno-pattern";
import { type Fields, mapOf, maps } from "./policy-cover";

/** Functions of JMESPath and those that Kyverno documents beside them. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  [
    "abs avg ceil contains ends_with floor join keys length map max max_by merge min min_by not_null reverse sort sort_by",
    "starts_with sum to_array to_number to_string type values",
    "add base64_decode base64_encode compare divide equal_fold image_normalize is_external_url items label_match lookup md5",
    "modulo multiply object_from_lists parse_json parse_yaml path_canonicalize pattern_match random regex_match",
    "regex_replace_all regex_replace_all_literal replace replace_all round semver_compare sha1 sha256 split subtract",
    "time_add time_after time_before time_between time_diff time_now time_now_utc time_parse time_since time_to_cron",
    "time_truncate time_utc to_boolean to_lower to_upper trim trim_prefix truncate x509_decode",
  ].flatMap((line) => line.split(" ")),
);
/** Fields of a pod's spec that a pod may lack. */
const OPTIONAL_LISTS = [
  "volumes",
  "initContainers",
  "ephemeralContainers",
  "imagePullSecrets",
  "tolerations",
  "hostAliases",
];

/** Notes about the policy, each a sentence without its end that begins with its place. */
export function kyvernoNotes(spec: Fields | undefined): string[] {
  const rules = maps(spec?.rules);
  const isOldAction = typeof spec?.validationFailureAction === "string";
  const bare = rules.filter((rule) => mapOf(rule.validate).failureAction === undefined);
  return [
    ...(isOldAction && bare.length > 0
      ? [
          "spec.validationFailureAction is deprecated since Kyverno 1.13: give each rule its own failureAction, which wins over it",
        ]
      : []),
    ...rules.flatMap((rule, index) => {
      const name = typeof rule.name === "string" ? rule.name : `${index + 1}`;
      return ruleNotes(mapOf(rule.validate)).map((words) => `rule ${name}: ${words}`);
    }),
  ];
}

function ruleNotes(validate: Fields): string[] {
  const expressions = [...new Set(textsIn(validate).flatMap(expressionsIn))];
  const patterns = [validate.pattern, ...maps(validate.anyPattern)];
  return [
    ...new Set([
      ...expressions.flatMap(unknownFunctions),
      ...expressions.flatMap(lengthOfNothing),
      ...(patterns.every((pattern) => !isMap(pattern) || asksEmptyContext(pattern)) && patterns.some(asksEmptyContext)
        ? [
            "it refuses pods that set runAsNonRoot on their containers only: the API fills spec.securityContext with {}, so =(securityContext) is asked of every pod",
          ]
        : []),
    ]),
  ];
}

function unknownFunctions(expression: string): string[] {
  // Quoted texts may hold anything that looks like a call.
  const plain = expression.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "''");
  const called = [...plain.matchAll(/(?<![\w.])([a-z_]\w*)\(/g)].flatMap(([, name]) =>
    name === undefined ? [] : [name],
  );
  return called
    .filter((name) => !FUNCTIONS.has(name))
    .map(
      (name) =>
        `it calls ${name}(), which is no function that Kyverno documents: an unknown function is an error at every request`,
    );
}

function lengthOfNothing(expression: string): string[] {
  if (!/\blength\(/.test(expression) || expression.includes("||") || expression.includes("not_null(")) return [];
  const [, field] = /\bspec\.(\w+)\[[\]*]/.exec(expression) ?? [];
  if (field === undefined || !OPTIONAL_LISTS.includes(field)) return [];
  return [
    `length() fails for a pod without ${field}, because a projection of nothing is null: write a default (|| \`[]\`) or a pattern`,
  ];
}

/** `=(securityContext)` of the pod with a plain runAsNonRoot below it. */
function asksEmptyContext(pattern: unknown): boolean {
  const spec = mapOf(mapOf(pattern).spec);
  return mapOf(spec["=(securityContext)"]).runAsNonRoot !== undefined;
}

function expressionsIn(text: string): string[] {
  return [...text.matchAll(/\{\{(.*?)\}\}/gs)].flatMap(([, inner]) => (inner === undefined ? [] : [inner.trim()]));
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isMap(value) ? Object.values(value).flatMap(textsIn) : [];
}
