/**
 * Policy engines of a cluster, as the API server asks them: their validating webhooks about pods, the Services behind these, and
 * ValidatingAdmissionPolicies, which need no engine.
 *
 * Kyverno makes one webhook for policies that fail closed and one for those that fail open; what counts for a namespace is whether
 * some webhook of the engine that fails closed is asked about its pods. A failurePolicy that is not written means Fail
 * (admissionregistration.k8s.io/v1).
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { WebhookConfiguration } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { listIn } from "@/lib/inventory/look-ups";
import { matchesWildcard } from "./kyverno-pattern";
import { maps, texts } from "./policy-cover";
import type { EvidencePointer } from "./types";

type Webhook = NonNullable<WebhookConfiguration["webhooks"]>[number];
export interface EngineWebhook {
  configuration: WebhookConfiguration;
  webhook: Webhook;
  index: number;
}
export interface PolicyEngine {
  name: string;
  webhooks: EngineWebhook[];
}

const ENGINES: readonly { name: string; pattern: RegExp }[] = [
  { name: "Kyverno", pattern: /kyverno/i },
  { name: "Gatekeeper", pattern: /gatekeeper/i },
  { name: "policy-controller", pattern: /policy\.sigstore|cosigned/i },
  { name: "Kubewarden", pattern: /kubewarden/i },
  { name: "Connaisseur", pattern: /connaisseur/i },
  { name: "jsPolicy", pattern: /jspolicy/i },
  { name: "Polaris", pattern: /polaris/i },
];

/** Engines whose validating webhooks the API server holds, in that order. Webhooks about their own policies are left out. */
export function policyEngines(inventory: Inventory): PolicyEngine[] {
  const all = inventory
    .list("validatingwebhookconfigurations")
    .flatMap((configuration) =>
      (configuration.webhooks ?? []).map((webhook, index): EngineWebhook => ({ configuration, webhook, index })),
    );
  return ENGINES.flatMap(({ name, pattern }) => {
    const webhooks = all.filter(({ configuration, webhook }) =>
      pattern.test(`${configuration.metadata.name} ${webhook.name}`),
    );
    return webhooks.length === 0 ? [] : [{ name, webhooks }];
  });
}

/** Whether the webhook is asked about this operation on one of the resources of the core group. */
export function asks({ rules }: Webhook, operation: string, resources: readonly string[]): boolean {
  return (rules ?? []).some(
    (rule) =>
      (rule.apiGroups ?? []).some((group) => group === "" || group === "*") &&
      (rule.operations ?? []).some((candidate) => candidate === operation || candidate === "*") &&
      (rule.resources ?? []).some((resource) => resources.includes(resource)),
  );
}
export const PODS = ["pods", "*", "*/*"] as const;
export const DEBUG_CONTAINERS = ["pods/ephemeralcontainers", "pods/*", "*/ephemeralcontainers", "*/*"] as const;

/** Whether the webhook is asked about every pod of a namespace with these labels; conditions in CEL are not understood. */
export function reaches(webhook: Webhook, labels: Record<string, string>): boolean {
  return (
    (webhook.namespaceSelector === undefined || matchesSelector(webhook.namespaceSelector, labels)) &&
    (webhook.objectSelector === undefined || isEmptySelector(webhook.objectSelector))
  );
}
export function failsClosed({ failurePolicy }: Webhook): boolean {
  return failurePolicy === undefined || failurePolicy === "" || failurePolicy === "Fail";
}

export type Backing =
  | { known: true; ready: number; words: string; evidence: EvidencePointer[] }
  | { known: false; words: string; evidence: EvidencePointer[] };

/** How many ready endpoints stand behind the webhook's Service: by EndpointSlices, else by the Deployments that it selects. */
export function backingOf(inventory: Inventory, webhook: Webhook): Backing {
  const service = webhook.clientConfig?.service;
  if (service === undefined) return { known: false, words: "it lies outside the cluster", evidence: [] };
  const place = `Service ${service.namespace}/${service.name}`;
  if (inventory.snapshot.source !== "manifests" && inventory.readable("endpointslices").known) {
    const slices = listIn(inventory, "endpointslices", service.namespace).filter(
      (slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === service.name,
    );
    const ready = new Set(
      slices.flatMap((slice) =>
        maps(slice.endpoints)
          // A condition that is not written means ready.
          .filter((endpoint) => (endpoint.conditions as { ready?: boolean } | undefined)?.ready !== false)
          .flatMap((endpoint) => texts(endpoint.addresses).slice(0, 1)),
      ),
    );
    return {
      known: true,
      ready: ready.size,
      words: `${place} has ${ready.size} ready ${ready.size === 1 ? "endpoint" : "endpoints"}`,
      evidence: slices.map((slice) => ({
        ref: refOf(slice),
        pointer: "/endpoints",
        found: `${maps(slice.endpoints).length} endpoints`,
      })),
    };
  }
  const selector = inventory
    .list("services")
    .find((candidate) => namespaceOf(candidate) === service.namespace && candidate.metadata.name === service.name)
    ?.spec.selector;
  const deployments = inventory
    .list("deployments")
    .filter(
      (deployment) =>
        selector !== undefined &&
        Object.keys(selector).length > 0 &&
        namespaceOf(deployment) === service.namespace &&
        matchesSelector({ matchLabels: selector }, deployment.spec.template.metadata?.labels ?? {}),
    );
  const counted = deployments.filter(({ status }) => status !== undefined);
  if (counted.length === 0) return { known: false, words: `what stands behind ${place} is not known`, evidence: [] };
  const ready = counted.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
  return {
    known: true,
    ready,
    words: `${counted.map(({ metadata }) => `Deployment ${metadata.name}`).join(", ")} behind ${place} ${counted.length === 1 ? "has" : "have"} ${ready} ready ${ready === 1 ? "replica" : "replicas"}`,
    evidence: counted.map((deployment) => ({
      ref: refOf(deployment),
      pointer: "/status/readyReplicas",
      found: String(deployment.status?.readyReplicas ?? 0),
    })),
  };
}

/** Namespaces of the list that the engine leaves out by its own settings, with the setting. */
export function leftOutByEngine(
  inventory: Inventory,
  engine: string,
  names: readonly string[],
): { words: string; evidence: EvidencePointer }[] {
  if (engine !== "Gatekeeper") return [];
  const byConfig = inventory.list("gatekeeper-configs").flatMap((config) =>
    maps(config.spec?.match).flatMap((part, index) => {
      const isWebhook = texts(part.processes).some((process) => process === "*" || process === "webhook");
      const excluded = texts(part.excludedNamespaces);
      const hit = names.filter((name) => isWebhook && excluded.some((pattern) => matchesWildcard(pattern, name)));
      return hit.length === 0
        ? []
        : [
            {
              words: `Gatekeeper's Config leaves out ${hit.join(", ")}`,
              evidence: { ref: refOf(config), pointer: `/spec/match/${index}`, found: excluded.join(", ") },
            },
          ];
    }),
  );
  const byLabel = names.flatMap((name) => {
    const object = inventory.namespaces.get(name);
    const label = object?.metadata.labels?.["admission.gatekeeper.sh/ignore"];
    return object === undefined || label === undefined
      ? []
      : [
          {
            words: `Gatekeeper ignores ${name} by its label`,
            evidence: { ref: refOf(object), pointer: "/metadata/labels/admission.gatekeeper.sh~1ignore", found: label },
          },
        ];
  });
  return [...byConfig, ...byLabel];
}
