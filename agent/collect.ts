/**
 * Reads a cluster: section by section, page by page, each object redacted before anybody else sees it.
 *
 * The agent and the command line use the same collector. It holds one page at a time, whatever the cluster's size. What
 * could not be read is said with its reason and never looks like an empty list.
 */
import type { KubeConfig } from "@kubernetes/client-node";
import type { KubeObject } from "@/lib/inventory/kinds";
import { type PatternScan, PatternScanner } from "@/lib/inventory/pattern-scan";
import { projectObject } from "@/lib/inventory/redaction";
import { permissionOf, SECTIONS, type SectionDefinition } from "@/lib/inventory/sections";
import { findSecret, REDACTED } from "@/lib/inventory/secret-net";
import type { ClusterFacts, InvalidObject, Provider, SectionName, SectionStatus } from "@/lib/inventory/snapshot";
import { KubernetesApi, type KubernetesLimits, KubernetesUnavailable } from "./kubernetes/api";
import { type Discovery, discover, type ServedResource } from "./kubernetes/discovery";
import { readClock } from "./kubernetes/clock";
import { parseEncryptionTransformers } from "./kubernetes/encryption-metrics";
import { parseAuditDelivery, parseStoredObjects } from "./kubernetes/server-metrics";
import { type ListPage, MalformedPage, parseExact, readListPage } from "./kubernetes/list-page";

export interface CollectLimits extends KubernetesLimits {
  /** `limit` of a list request. */
  pageSize: number;
  /** How often one kind is begun again after 410 Gone (its continue token expired) or a page that was no page. */
  restarts: number;
}
export const DEFAULT_COLLECT_LIMITS = { pageSize: 500, restarts: 3 } as const;

export interface CollectProgress {
  section: SectionName;
  /** Objects of this section so far, and how many it has as far as the API server tells (0: it doesn't). */
  done: number;
  total: number;
}

export interface CollectOptions {
  /** Only these sections; all of them when absent. The others are reported as `not-collected`. */
  sections?: readonly SectionName[];
  /** Optional sections that the operator has granted and switched on; the others are `not-collected`. */
  optionalSections?: readonly SectionName[];
  /** False: objects are not looked through for credentials and card numbers. */
  scansPatterns?: boolean;
  onProgress?: (progress: CollectProgress) => void;
  signal?: AbortSignal;
  limits?: Partial<CollectLimits>;
  /** An API client to use instead of one made for this call. */
  api?: KubernetesApi;
}

/**
 * In this order: `facts` once; then for each section of SECTIONS `start`, any number of `objects`, perhaps `restart` (what
 * came of this section so far doesn't count: it is read again from its beginning), and `end`; at last `scanned`, unless the
 * operator has switched it off.
 */
export type CollectEvent =
  | { type: "facts"; facts: ClusterFacts; provider: Provider | null }
  | { type: "start"; section: SectionName }
  | { type: "objects"; section: SectionName; objects: KubeObject[] }
  | { type: "restart"; section: SectionName }
  | SectionEnd
  | { type: "scanned"; patternScan: PatternScan };
export interface SectionEnd {
  type: "end";
  section: SectionName;
  status: SectionStatus;
  message?: string;
  resourceVersion?: string;
  objects: number;
  invalid: InvalidObject[];
  /** Fields and values that redaction took out. */
  dropped: number;
}

/** The cluster can't be read at all: not reachable, or it doesn't accept the credentials. */
export class CollectionFailed extends Error {}

/**
 * Reads the cluster of the kubeconfig's current context.
 * @throws CollectionFailed before the first section; afterwards a section that fails says so and the next one is read
 */
export async function* collect(
  config: KubeConfig,
  options: CollectOptions = {},
): AsyncGenerator<CollectEvent, void, void> {
  const limits = { ...DEFAULT_COLLECT_LIMITS, ...options.limits };
  const api = options.api ?? new KubernetesApi(config, options.limits);
  try {
    const { facts, discovery } = await readFacts(api, options.signal);
    yield { type: "facts", facts, provider: detectProvider(facts, discovery) };
    const scanner = options.scansPatterns === false ? null : new PatternScanner();
    for (const section of SECTIONS) {
      yield { type: "start", section: section.name };
      const reason = notAsked(section, options);
      if (reason !== null) {
        yield { ...emptyEnd(section), status: "not-collected", message: reason };
        continue;
      }
      yield* collectSection(api, discovery, section, { ...limits, scanner }, options);
    }
    if (scanner !== null) yield { type: "scanned", patternScan: scanner.result() };
  } finally {
    if (options.api === undefined) api.close();
  }
}

/** The values of the chart that do both. */
const CHART_VALUES: Partial<Record<SectionName, string>> = { configmaps: "in the chart: readConfigMaps=true" };

/** Why nobody asks for a section, in words for a person; null when it is asked for. */
function notAsked(section: SectionDefinition, options: CollectOptions): string | null {
  if (options.sections !== undefined && !options.sections.includes(section.name)) return "It was not asked for.";
  if (!section.optional || options.sections !== undefined || options.optionalSections?.includes(section.name) === true)
    return null;
  return `It is read only where the operator wants it: grant "${permissionOf(section)}" and start the agent with --collect ${section.name} (${CHART_VALUES[section.name] ?? "RINGFENCE_COLLECT"}).`;
}

/** @throws CollectionFailed */
async function readFacts(
  api: KubernetesApi,
  signal?: AbortSignal,
): Promise<{ facts: ClusterFacts; discovery: Discovery }> {
  try {
    const facts: ClusterFacts = {};
    const version = await api.get("/version", signal);
    if (version.status === 401)
      throw new CollectionFailed("the API server does not accept the agent's credentials (401)");
    if (version.status === 200) {
      const { gitVersion } = parseExact(version.body) as { gitVersion?: unknown };
      if (typeof gitVersion === "string") facts.gitVersion = gitVersion;
    }
    const clusterUid = await readClusterUid(api, signal);
    if (clusterUid !== undefined) facts.clusterUid = clusterUid;
    Object.assign(facts, await readMetrics(api, signal));
    const clock = await readClock(api, () => new Date(), signal);
    if (clock !== undefined) facts.clock = clock;
    return { facts, discovery: await discover(api, signal) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof KubernetesUnavailable || error instanceof MalformedPage)
      throw new CollectionFailed(error.message);
    throw error;
  }
}

/** UID of kube-system, or undefined when it may not be read. */
export async function readClusterUid(api: KubernetesApi, signal?: AbortSignal): Promise<string | undefined> {
  const answer = await api.get("/api/v1/namespaces/kube-system", signal);
  if (answer.status !== 200) return undefined;
  const { metadata } = parseExact(answer.body) as { metadata?: { uid?: unknown } };
  return typeof metadata?.uid === "string" ? metadata.uid : undefined;
}

type MetricFacts = Pick<ClusterFacts, "encryptionTransformers" | "auditDelivery" | "storedObjects">;
async function readMetrics(api: KubernetesApi, signal?: AbortSignal): Promise<MetricFacts> {
  try {
    const answer = await api.get("/metrics", signal, "text/plain");
    if (answer.status !== 200) return {};
    const facts: MetricFacts = {};
    const encryptionTransformers = parseEncryptionTransformers(answer.body);
    const auditDelivery = parseAuditDelivery(answer.body);
    const storedObjects = parseStoredObjects(answer.body);
    if (encryptionTransformers !== undefined) facts.encryptionTransformers = encryptionTransformers;
    if (auditDelivery !== undefined) facts.auditDelivery = auditDelivery;
    if (storedObjects !== undefined) facts.storedObjects = storedObjects;
    return facts;
  } catch (error) {
    // Metrics are an extra; without them the fact is absent, which is `unknown`, and the scan goes on.
    if (error instanceof KubernetesUnavailable) return {};
    throw error;
  }
}

/** Only from signs that a provider puts there itself; null when there is none. */
function detectProvider(facts: ClusterFacts, discovery: Discovery): Provider | null {
  if (discovery.groups?.has("config.openshift.io")) return "openshift";
  if (facts.gitVersion?.includes("-eks-")) return "eks";
  if (facts.gitVersion?.includes("-gke.")) return "gke";
  return null;
}

async function* collectSection(
  api: KubernetesApi,
  discovery: Discovery,
  section: SectionDefinition,
  limits: { pageSize: number; restarts: number; scanner: PatternScanner | null },
  options: CollectOptions,
): AsyncGenerator<CollectEvent, void, void> {
  const { scanner } = limits;
  for (let restarts = 0; ; restarts++) {
    const end = emptyEnd(section);
    scanner?.begin(section.name);
    try {
      const found = await discovery.find(section);
      if ("unserved" in found) {
        scanner?.end(section.name, "unserved");
        yield { ...end, status: "unserved" };
        return;
      }
      if ("unclear" in found) throw new KubernetesUnavailable(found.unclear);
      for (const resource of found.served) {
        const pageSize = Math.min(limits.pageSize, section.pageSize ?? limits.pageSize);
        yield* listResource(api, { section, resource, pageSize, scanner }, end, options);
      }
      scanner?.end(section.name, end.status);
      yield end;
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof Forbidden) {
        yield { ...end, status: "forbidden", message: error.message };
        return;
      }
      const canRestart = error instanceof Expired || error instanceof MalformedPage;
      if (!canRestart && !(error instanceof KubernetesUnavailable || error instanceof Refused)) throw error;
      if (canRestart && restarts < limits.restarts) {
        yield { type: "restart", section: section.name };
        continue;
      }
      yield { ...end, status: "failed", message: clip(`The list broke off: ${error.message}.`) };
      return;
    }
  }
}

/** 403. The message names the permission that is missing. */
class Forbidden extends Error {}
/** 410: the snapshot that the pages came from is compacted away. */
class Expired extends Error {}
/** Any other refusal of a list. */
class Refused extends Error {}

interface Listing {
  section: SectionDefinition;
  resource: ServedResource;
  pageSize: number;
  scanner: PatternScanner | null;
}

async function* listResource(
  api: KubernetesApi,
  listing: Listing,
  end: SectionEnd,
  options: CollectOptions,
): AsyncGenerator<CollectEvent, void, void> {
  const { section, resource, pageSize } = listing;
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const base = section.onlyIn === undefined ? root : `${root}/namespaces/${section.onlyIn}`;
  let token: string | undefined;
  do {
    const query = `limit=${pageSize}${token === undefined ? "" : `&continue=${encodeURIComponent(token)}`}`;
    const answer = await api.get(`${base}/${resource.resource}?${query}`, options.signal);
    // Gone between discovery and now: an add-on that was removed. Then it holds nothing.
    if (answer.status === 404 && token === undefined) return;
    if (answer.status === 403) throw new Forbidden(forbiddenMessage(resource, section.onlyIn));
    if (answer.status === 410) throw new Expired(`the continue token expired (410) while listing ${resource.resource}`);
    if (answer.status !== 200) throw new Refused(`listing ${resource.resource} answered ${answer.status}`);
    const page = readListPage(answer.body);
    end.resourceVersion ??= page.resourceVersion;
    token = page.continueToken;
    // In small batches: whoever encodes and forgets them at once keeps the garbage young, which is the cheap kind.
    for (const objects of projectPage(listing, page, end)) {
      end.objects += objects.length;
      yield { type: "objects", section: section.name, objects };
    }
    options.onProgress?.({
      section: section.name,
      done: end.objects,
      total: token === undefined ? end.objects : end.objects + (page.remainingItems ?? 0),
    });
  } while (token !== undefined);
}

const BATCH = 25;

function* projectPage(
  { section, resource, scanner }: Listing,
  page: ListPage,
  end: SectionEnd,
): Generator<KubeObject[]> {
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  let objects: KubeObject[] = [];
  for (const item of page.items()) {
    if (typeof item === "object" && item !== null) {
      // Items of a typed list carry neither; the list's own kind ("PodList") and address say what they are.
      const typed = item as { apiVersion?: unknown; kind?: unknown };
      typed.apiVersion ??= apiVersion;
      typed.kind ??= resource.kind;
    }
    scanner?.add(section.name, item);
    const projection = projectObject(section.name, item, section.name);
    end.dropped += projection.dropped;
    for (const problem of projection.problems) end.invalid.push(cleaned(problem));
    if (projection.object !== undefined) objects.push(projection.object);
    if (objects.length >= BATCH) {
      yield objects;
      objects = [];
    }
  }
  if (objects.length > 0) yield objects;
}

/** What names an invalid object has not been through the projection, so it goes through the second net here. */
function cleaned(problem: InvalidObject): InvalidObject {
  const clean = (text: string) => clip(findSecret(text) === null ? text : REDACTED);
  const out: InvalidObject = {
    apiVersion: clean(problem.apiVersion),
    kind: clean(problem.kind),
    name: clean(problem.name),
    where: clean(problem.where),
    problem: clean(problem.problem),
  };
  if (problem.namespace !== undefined) out.namespace = clean(problem.namespace);
  return out;
}

function forbiddenMessage(resource: ServedResource, namespace: string | undefined): string {
  const name = resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
  return `RBAC refused the list: the permission "list ${name}"${namespace === undefined ? "" : ` in ${namespace}`} is missing.`;
}

function emptyEnd(section: SectionDefinition): SectionEnd {
  return { type: "end", section: section.name, status: "complete", objects: 0, invalid: [], dropped: 0 };
}

function clip(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 500);
}
