/**
 * Which of a section's sources this API server serves (Kubernetes docs, "Aggregated Discovery": /apis names the groups and
 * versions, /apis/<group>/<version> their resources).
 *
 * Three answers, never two: served, not served, and "could not find out". An add-on whose API server is down for a moment
 * is not an add-on that isn't installed.
 */
import { joinApiVersion, type ResourceSource, type SectionDefinition } from "@/lib/inventory/sections";
import { type KubernetesApi, KubernetesUnavailable } from "./api";
import { parseExact } from "./list-page";

export interface ServedResource {
  group: string;
  version: string;
  resource: string;
  kind: string;
}
export type Served = { served: ServedResource[] } | { unserved: true } | { unclear: string };

export interface Discovery {
  /** Names of the groups that the server offers; null when it would not say. */
  groups: ReadonlySet<string> | null;
  find(section: SectionDefinition): Promise<Served>;
}

interface GroupList {
  groups?: { name?: string; versions?: { version?: string }[] }[];
}
interface ResourceList {
  resources?: { name?: string; kind?: string; verbs?: string[] }[];
}

/** @throws KubernetesUnavailable when the API server can't be reached at all */
export async function discover(api: KubernetesApi, signal?: AbortSignal): Promise<Discovery> {
  const answer = await api.get("/apis", signal);
  const groupVersions = answer.status === 200 ? groupVersionsOf(parseExact(answer.body) as GroupList) : null;
  const cache = new Map<string, Promise<ServedResource[] | null>>();

  /** Listable resources of a group-version; null when the server does not serve it. */
  const resourcesOf = (group: string, version: string): Promise<ServedResource[] | null> => {
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const found = cache.get(path) ?? listResources(api, path, group, version, signal);
    cache.set(path, found);
    return found;
  };

  return {
    groups: groupVersions === null ? null : new Set([...groupVersions].map((name) => name.split("/")[0] ?? "")),
    async find(section) {
      let unclear: string | null = null;
      for (const source of section.sources) {
        if (source.group !== "" && groupVersions !== null && !groupVersions.has(joinApiVersion(source))) continue;
        try {
          const matching = matches(source, await resourcesOf(source.group, source.version));
          if (matching.length > 0) return { served: matching };
        } catch (error) {
          if (!(error instanceof KubernetesUnavailable || error instanceof DiscoveryRefused)) throw error;
          unclear = `discovery of ${joinApiVersion(source)} failed: ${error.message}`;
        }
      }
      return unclear === null ? { unserved: true } : { unclear };
    },
  };
}

class DiscoveryRefused extends Error {}

async function listResources(
  api: KubernetesApi,
  path: string,
  group: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<ServedResource[] | null> {
  const answer = await api.get(path, signal);
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new DiscoveryRefused(`GET ${path} answered ${answer.status}`);
  const list = parseExact(answer.body) as ResourceList;
  const served: ServedResource[] = [];
  for (const { name, kind, verbs } of list.resources ?? []) {
    if (name === undefined || kind === undefined || name.includes("/") || !verbs?.includes("list")) continue;
    served.push({ group, version, resource: name, kind });
  }
  return served.sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

function groupVersionsOf(list: GroupList): Set<string> {
  const found = new Set<string>();
  for (const group of list.groups ?? []) {
    for (const { version } of group.versions ?? []) found.add(`${group.name}/${version}`);
  }
  return found;
}

function matches(source: ResourceSource, served: ServedResource[] | null): ServedResource[] {
  return (served ?? []).filter((candidate) => source.resource === "*" || candidate.resource === source.resource);
}
