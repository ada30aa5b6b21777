/**
 * Everything in a cluster that may refuse unsigned images in a namespace: Kyverno's rules with verifyImages and its
 * ImageValidatingPolicies, sigstore's ClusterImagePolicies, other engines' webhooks, and the provider's own admission.
 *
 * - Kyverno matches `host/path:tag` or `host/path@digest`, docker.io and latest filled in, and skips what no pattern matches.
 * - sigstore's policy-controller works only in namespaces that its webhook is asked for (usually by the label
 *   policy.sigstore.dev/include=true).
 * - A keyless identity counts only if subject and issuer are both named; a wildcard lets everybody sign.
 * Source: Kyverno documentation, "Verify Images"; sigstore documentation, "Policy Controller".
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import { parseImage } from "./image-reference";
import { underWebhook } from "./admission-policies";
import { matchesWildcard } from "./kyverno-pattern";
import { ruleStanding } from "./kyverno-policies";
import { type Fields, isFilled, mapOf, maps, type NamespaceUnderPolicy, type PolicyCover, texts } from "./policy-cover";
import { CLUSTER_REF } from "./types";

export interface SignatureSource {
  ref: ResourceRef;
  pointer: string;
  words: string;
  /** Why it denies nothing here: audit only, not ready, the namespace left out. */
  gap: string | null;
  /** Why what it accepts proves nothing: wildcard identities, no key. */
  weaknesses: string[];
  /** Why nobody can say from here what it does; `byCanary`: a refused canary would settle it. */
  doubt: { words: string; byCanary: boolean } | null;
  /** Images that it asks, as they are written in pods. */
  covers(image: string): boolean;
}

export function signatureSources(inventory: Inventory, namespace: NamespaceUnderPolicy): SignatureSource[] {
  const ownPolicies = inventory
    .list("kyverno-policies")
    .filter((policy) => policy.metadata.namespace === namespace.name);
  return [
    ...[...inventory.list("kyverno-clusterpolicies"), ...ownPolicies].flatMap((policy) =>
      kyvernoRules(inventory, policy, namespace),
    ),
    ...inventory.list("kyverno-imagevalidatingpolicies").map((policy) => imageValidatingPolicy(policy, namespace)),
    ...inventory
      .list("sigstore-clusterimagepolicies")
      .map((policy) => clusterImagePolicy(inventory, policy, namespace)),
    ...otherEngines(inventory, namespace),
    ...providerRecord(inventory),
  ];
}

function kyvernoRules(inventory: Inventory, policy: CustomObject, namespace: NamespaceUnderPolicy): SignatureSource[] {
  return maps(policy.spec?.rules).flatMap((rule, index) => {
    const checks = maps(rule.verifyImages);
    if (checks.length === 0) return [];
    const { action, gap, isUncertain } = ruleStanding(inventory, policy, rule, namespace);
    const name = typeof rule.name === "string" ? rule.name : String(index + 1);
    const words = `${policy.kind} ${policy.metadata.name}, rule ${name}`;
    const ref = refOf(policy);
    const pointer = `/spec/rules/${index}`;
    const cover: PolicyCover = { ref, pointer, words, action, probes: ["signed-images"], possible: [], gap };
    const asked = underWebhook(inventory, namespace, cover, "Kyverno");
    return checks.map((check, position): SignatureSource => {
      const judged = attestorsOf(check);
      const isOptional = check.required === false;
      return {
        ref,
        pointer: `${pointer}/verifyImages/${position}`,
        words,
        gap: asked.gap,
        weaknesses: [
          ...(isOptional ? ["required is false, so an image without signature gets in"] : []),
          ...judged.weaknesses,
        ],
        doubt: isUncertain
          ? { words: "a condition or its status is not understood", byCanary: true }
          : judged.doubt === null
            ? null
            : { words: judged.doubt, byCanary: true },
        covers: (image) => {
          const full = kyvernoName(image);
          return (
            texts(check.imageReferences).some((pattern) => matchesWildcard(pattern, full)) &&
            !texts(check.skipImageReferences).some((pattern) => matchesWildcard(pattern, full))
          );
        },
      };
    });
  });
}

function attestorsOf(check: Fields): { weaknesses: string[]; doubt: string | null } {
  const entries = maps(check.attestors).flatMap((attestor) => maps(attestor.entries));
  if (entries.length === 0) {
    return isFilled(check.attestations)
      ? { weaknesses: [], doubt: "it asks attestations, whose signers are not read" }
      : { weaknesses: ["it names no key and no identity"], doubt: null };
  }
  const weaknesses = entries.flatMap(({ keys, certificates, keyless, attestor }) => {
    if (keys !== undefined || certificates !== undefined || attestor !== undefined) return [];
    return keyless === undefined ? ["an attestor names no key and no identity"] : identityWeakness([mapOf(keyless)]);
  });
  const isNested = entries.some(({ attestor }) => attestor !== undefined);
  return { weaknesses, doubt: isNested ? "its nested attestors are not read" : null };
}

/** Why keyless identities let anybody sign. */
function identityWeakness(identities: readonly Fields[]): string[] {
  if (identities.length === 0) return ["a keyless attestor names no identity, so anybody can sign"];
  return identities.flatMap((identity) =>
    (["subject", "issuer"] as const).flatMap((part) => {
      const found = identity[part] ?? identity[`${part}RegExp`];
      const text = typeof found === "string" ? found : "";
      if (text === "") return [`a keyless identity without ${part}, so anybody can sign`];
      return isWildcard(text) ? [`a keyless identity with the ${part} ${text}, so anybody can sign`] : [];
    }),
  );
}
/** True when hardly anything is fixed: `*`, `.*`, `^.+@.+$`, `https://*`. */
function isWildcard(text: string): boolean {
  const fixed = text
    .replace(/^\^?https?:?(\\?\/){0,2}/, "")
    .replace(/\\./g, "")
    .replace(/[^A-Za-z0-9]/g, "");
  return /[*+?]/.test(text) && fixed.length < 4;
}

/** `docker.io/nginx:latest`, `host/path@sha256:…`: as Kyverno writes an image before it compares. */
function kyvernoName(image: string): string {
  const parsed = parseImage(image);
  if (parsed === null) return image;
  const [name = ""] = image.split("@", 1);
  const bare = parsed.tag === null ? name : name.slice(0, -(parsed.tag.length + 1));
  const path = bare.startsWith(`${parsed.host}/`) ? bare : `${parsed.host}/${bare}`;
  return parsed.digest === null ? `${path}:${parsed.tag ?? "latest"}` : `${path}@${parsed.digest}`;
}

function imageValidatingPolicy(policy: CustomObject, namespace: NamespaceUnderPolicy): SignatureSource {
  const spec = policy.spec ?? {};
  const actions = texts(spec.validationActions ?? spec.validationAction);
  const attestors = maps(spec.attestors);
  const weaknesses = attestors.flatMap(({ cosign, notary }) => {
    const { key, certificate, keyless } = mapOf(cosign);
    if (notary !== undefined || key !== undefined || certificate !== undefined) return [];
    return keyless === undefined
      ? ["an attestor names no key and no identity"]
      : identityWeakness(maps(mapOf(keyless).identities));
  });
  const selector = mapOf(spec.matchConstraints).namespaceSelector;
  const isElsewhere =
    isFilled(selector) && !matchesSelector(selector as Parameters<typeof matchesSelector>[0], namespace.labels);
  const ready = mapOf(policy.status?.conditionStatus).ready ?? policy.status?.ready;
  const globs = maps(spec.matchImageReferences).flatMap(({ glob }) => (typeof glob === "string" ? [glob] : []));
  const gap = !actions.includes("Deny")
    ? `effective action ${actions.join(", ") || "none"}`
    : isElsewhere
      ? "its namespaceSelector does not match the namespace's labels"
      : ready === false
        ? "the policy is not ready"
        : mapOf(mapOf(spec.evaluation).admission).enabled === false
          ? "its evaluation at admission is off"
          : null;
  return {
    ref: refOf(policy),
    pointer: "/spec",
    words: `ImageValidatingPolicy ${policy.metadata.name}`,
    gap,
    weaknesses: attestors.length === 0 ? ["it names no attestor"] : weaknesses,
    doubt: { words: "its expressions are not understood", byCanary: true },
    covers: (image) => globs.some((glob) => matchesWildcard(glob, kyvernoName(image)) || matchesGlob(glob, image)),
  };
}

function clusterImagePolicy(
  inventory: Inventory,
  policy: CustomObject,
  namespace: NamespaceUnderPolicy,
): SignatureSource {
  const spec = policy.spec ?? {};
  const authorities = maps(spec.authorities);
  const weaknesses = authorities.flatMap(({ key, keyless, static: fixed }) => {
    if (mapOf(fixed).action === "pass") return ["an authority lets every image pass"];
    if (key !== undefined || mapOf(fixed).action === "fail") return [];
    return keyless === undefined
      ? ["an authority names no key and no identity"]
      : identityWeakness(maps(mapOf(keyless).identities));
  });
  const ready = maps(policy.status?.conditions).find(({ type }) => type === "Ready")?.status;
  const mode = typeof spec.mode === "string" && spec.mode !== "" ? spec.mode : "enforce";
  const globs = maps(spec.images).flatMap(({ glob }) => (typeof glob === "string" ? [glob] : []));
  const limits = maps(spec.match);
  const isLimited =
    limits.length > 0 && !limits.some(({ resource, selector }) => resource === "pods" && !isFilled(selector));
  return {
    ref: refOf(policy),
    pointer: "/spec",
    words: `ClusterImagePolicy ${policy.metadata.name}`,
    gap:
      mode !== "enforce"
        ? `mode ${mode}`
        : ready === "False"
          ? "the policy is not Ready"
          : isAskedBySigstore(inventory, namespace)
            ? null
            : "policy-controller is not asked about the namespace (label policy.sigstore.dev/include)",
    weaknesses: authorities.length === 0 ? ["it names no authority"] : weaknesses,
    doubt: isLimited ? { words: "it is limited to certain resources", byCanary: true } : null,
    covers: (image) => globs.some((glob) => matchesGlob(glob, image)),
  };
}

/** The webhook of policy-controller asks for the namespace; files hold no webhooks, so there the label counts. */
function isAskedBySigstore(inventory: Inventory, { labels }: NamespaceUnderPolicy): boolean {
  if (inventory.snapshot.source === "manifests") return labels["policy.sigstore.dev/include"] === "true";
  return asksAbout(inventory, /policy\.sigstore\.dev/, labels).length > 0;
}

/** Validating webhooks of that name that are asked about new pods of a namespace with these labels. */
function asksAbout(inventory: Inventory, name: RegExp, labels: Record<string, string>): string[] {
  return inventory.list("validatingwebhookconfigurations").flatMap((configuration) =>
    (configuration.webhooks ?? []).flatMap((webhook) => {
      if (!name.test(`${configuration.metadata.name} ${webhook.name}`)) return [];
      const asksPods = (webhook.rules ?? []).some(
        (rule) =>
          (rule.resources ?? []).some((resource) => ["pods", "*", "*/*"].includes(resource)) &&
          (rule.operations ?? []).some((operation) => operation === "CREATE" || operation === "*"),
      );
      const isHere =
        (webhook.namespaceSelector === undefined || matchesSelector(webhook.namespaceSelector, labels)) &&
        (webhook.objectSelector === undefined || isEmptySelector(webhook.objectSelector));
      return asksPods && isHere ? [webhook.name] : [];
    }),
  );
}

/** policy-controller's globs: `*` within a segment, `**` over segments; a name without host is on docker.io. */
function matchesGlob(glob: string, image: string): boolean {
  const parsed = parseImage(image);
  if (parsed === null) return false;
  const full = glob === "*" || glob === "**" ? "**" : (parseGlob(glob) ?? glob);
  const pattern = new RegExp(
    `^${full
      .split("**")
      .map((part) =>
        part
          .split("*")
          .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
          .join("[^/]*"),
      )
      .join(".*")}$`,
  );
  const tag = parsed.tag === null ? "" : `:${parsed.tag}`;
  const digest = parsed.digest === null ? "" : `@${parsed.digest}`;
  return [
    parsed.repository,
    `${parsed.repository}${tag}`,
    `${parsed.repository}${tag}${digest}`,
    `${parsed.repository}${digest}`,
  ].some((name) => pattern.test(name) || pattern.test(name.replace(/^docker\.io\//, "index.docker.io/")));
}
function parseGlob(glob: string): string | null {
  const slash = glob.indexOf("/");
  const first = slash < 0 ? "" : glob.slice(0, slash);
  if (/[.:*]/.test(first) || first === "localhost") return glob;
  return slash < 0 ? `docker.io/library/${glob}` : `docker.io/${glob}`;
}

const OTHER_ENGINES =
  /connaisseur|portieris|ratify|cosigned|cosign|notary|notation|kubewarden|image-?policy|binary-?authorization/i;
function otherEngines(inventory: Inventory, { labels }: NamespaceUnderPolicy): SignatureSource[] {
  const webhooks = asksAbout(inventory, OTHER_ENGINES, labels).map((name) => ({
    name: `webhook ${name}`,
    ref: CLUSTER_REF,
  }));
  const constraints = inventory
    .list("gatekeeper-constraints")
    .filter(({ kind }) => /ratify|verif|signed|signature/i.test(kind))
    .map((constraint) => ({ name: `${constraint.kind} ${constraint.metadata.name}`, ref: refOf(constraint) }));
  return [...webhooks, ...constraints].map(
    ({ name, ref }): SignatureSource => ({
      ref,
      pointer: ref === CLUSTER_REF ? "" : "/spec",
      words: name,
      gap: null,
      weaknesses: [],
      doubt: { words: "whose signatures it trusts is not in the snapshot", byCanary: false },
      covers: () => true,
    }),
  );
}

function providerRecord({ facts }: Inventory): SignatureSource[] {
  const record = facts.imageAdmissionRecord;
  if (record === undefined) return [];
  return [
    {
      ref: CLUSTER_REF,
      pointer: "",
      words: `${record.service} (${record.origin.name}, ${record.origin.collectedAt.slice(0, 10)})`,
      gap: record.mode === "enforce" ? null : `mode ${record.mode}`,
      weaknesses: record.attestors.length === 0 ? ["it asks no attestor, so that every image gets in"] : [],
      doubt: null,
      covers: (image) => !record.exemptImages.some((glob) => matchesGlob(glob, image)),
    },
  ];
}
