/**
 * How healthy the external source of a Secret is: the ExternalSecret's own condition, its store's, and how long ago it was read.
 *
 * An ExternalSecret that is Ready may still have stopped refreshing; one that never refreshes (interval 0, CreatedOnce) keeps a
 * value that was changed in the store. Stores of the provider `fake` hold their values in the object itself.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { Condition, CustomObject } from "@/lib/inventory/kinds";
import type { EvaluationContext, EvidencePointer } from "./types";

export interface SyncState {
  object: CustomObject;
  ref: ResourceRef;
  /** Secret that it fills. */
  secretName: string;
  /** What is wrong, in words; empty when it is healthy. */
  problems: string[];
  /** What can't be told, in words. */
  unknowns: string[];
  evidence: EvidencePointer[];
}

/** A value that was not read again for so long is older than any rotation that PCI DSS would accept for it. */
const ROTATION_DAYS = 90;
const HOUR = 3_600_000;
/** So many missed refreshes are a fault and not a delay. */
const MISSED = 3;

/** Every ExternalSecret of the namespace. */
export function syncStates(context: EvaluationContext, namespace: string): SyncState[] {
  return context.inventory
    .list("externalsecrets")
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map((object) => stateOf(context, object));
}

function stateOf(context: EvaluationContext, object: CustomObject): SyncState {
  const spec = (object.spec ?? {}) as {
    refreshInterval?: string;
    refreshPolicy?: string;
    target?: { name?: string };
  };
  const ref = refOf(object);
  const state: SyncState = {
    object,
    ref,
    secretName: spec.target?.name ?? object.metadata.name,
    problems: [],
    unknowns: [],
    evidence: [],
  };
  judgeReady(state, object, `ExternalSecret ${object.metadata.name}`, ref);
  judgeAge(context, state, spec);
  for (const store of storesOf(object)) judgeStore(context, state, store);
  return state;
}

function judgeReady(state: SyncState, object: CustomObject, name: string, ref: ResourceRef): void {
  const conditions = ((object.status?.conditions ?? []) as Condition[]).filter(({ type }) => type === "Ready");
  const [ready] = conditions;
  if (ready === undefined) {
    state.unknowns.push(`${name} has no condition Ready yet`);
    state.evidence.push({ ref, pointer: "/status/conditions" });
    return;
  }
  const pointer = `/status/conditions/${((object.status?.conditions ?? []) as Condition[]).indexOf(ready)}`;
  state.evidence.push({
    ref,
    pointer,
    found: `Ready ${ready.status}${ready.reason === undefined ? "" : ` ${ready.reason}`}`,
  });
  if (ready.status === "False")
    state.problems.push(`${name} is not ready${ready.reason === undefined ? "" : ` (${ready.reason})`}`);
  else if (ready.status !== "True") state.unknowns.push(`${name} does not say whether it is ready`);
}

function judgeAge(
  { inventory }: EvaluationContext,
  state: SyncState,
  spec: { refreshInterval?: string; refreshPolicy?: string },
): void {
  const name = `ExternalSecret ${state.object.metadata.name}`;
  const refreshTime = state.object.status?.refreshTime;
  if (typeof refreshTime !== "string" || Number.isNaN(Date.parse(refreshTime))) {
    state.unknowns.push(`${name} was never refreshed, or doesn't say when`);
    return;
  }
  state.evidence.push({ ref: state.ref, pointer: "/status/refreshTime", found: refreshTime });
  // What the status says was true when the cluster was read.
  const age = Date.parse(inventory.snapshot.collectedAt) - Date.parse(refreshTime);
  const intervalMs = spec.refreshPolicy === "CreatedOnce" ? 0 : durationMs(spec.refreshInterval ?? "1h");
  if (age > ROTATION_DAYS * 24 * HOUR) {
    state.problems.push(
      `${name} was last read from its store on ${refreshTime.slice(0, 10)}, more than ${ROTATION_DAYS} days ago`,
    );
  } else if (intervalMs !== null && intervalMs > 0 && age > MISSED * intervalMs + HOUR) {
    state.problems.push(
      `${name} refreshes every ${spec.refreshInterval ?? "1h"} and was last refreshed at ${refreshTime}`,
    );
  }
}

/** A duration of Go (`1h30m`, `0s`, `0`) in milliseconds; null for one that can't be read. */
export function durationMs(text: string): number | null {
  if (/^0[smh]?$/.test(text)) return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return null;
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: HOUR };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? "s"] ?? 0),
    0,
  );
}

interface StoreRef {
  name: string;
  kind: string;
}
/** The stores that it names for all and for single entries. Values that a generator makes come from none. */
function storesOf(object: CustomObject): StoreRef[] {
  const spec = (object.spec ?? {}) as {
    secretStoreRef?: Partial<StoreRef>;
    data?: { sourceRef?: { storeRef?: Partial<StoreRef> } }[];
    dataFrom?: { sourceRef?: { storeRef?: Partial<StoreRef> } }[];
  };
  const refs = [
    spec.secretStoreRef,
    ...[...(spec.data ?? []), ...(spec.dataFrom ?? [])].map((entry) => entry.sourceRef?.storeRef),
  ];
  const found = new Map<string, StoreRef>();
  for (const ref of refs) {
    if (ref?.name === undefined) continue;
    const store = { name: ref.name, kind: ref.kind ?? "SecretStore" };
    found.set(`${store.kind}/${store.name}`, store);
  }
  return [...found.values()];
}

function judgeStore({ inventory }: EvaluationContext, state: SyncState, wanted: StoreRef): void {
  const isCluster = wanted.kind === "ClusterSecretStore";
  const store = isCluster
    ? inventory.list("externalsecret-clusterstores").find(({ metadata }) => metadata.name === wanted.name)
    : inventory
        .list("externalsecret-stores")
        .find(
          ({ metadata }) => metadata.name === wanted.name && metadata.namespace === state.object.metadata.namespace,
        );
  const name = `${wanted.kind} ${wanted.name}`;
  if (store === undefined) {
    const readable = inventory.readable(isCluster ? "externalsecret-clusterstores" : "externalsecret-stores");
    if (readable.known) state.problems.push(`${name} doesn't exist`);
    else state.unknowns.push(`${name} was not read: ${readable.message}`);
    return;
  }
  const ref = refOf(store);
  judgeReady(state, store, name, ref);
  const providers = Object.keys((store.spec?.provider ?? {}) as object);
  if (providers.length === 0) return;
  state.evidence.push({ ref, pointer: "/spec/provider", found: providers.join(", ") });
  if (providers.includes("fake"))
    state.problems.push(`${name} has the provider fake, whose values stand in the object itself`);
  if (providers.includes("kubernetes")) {
    state.unknowns.push(
      `${name} reads Secrets of a Kubernetes API; whether those come from a store with an audit log of its own isn't visible here`,
    );
  }
}
