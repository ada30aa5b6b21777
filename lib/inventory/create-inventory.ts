/**
 * Builds the look-ups of an Inventory over a snapshot: one pass over namespaces and owners, nothing copied.
 *
 * A snapshot that was decoded from the wire shares one spec among all pods of a template (see encoding.ts), so that the
 * look-ups over 20,000 pods cost little more than the pods' own metadata.
 */
import type { Inventory, Readability, Workload } from "./inventory";
import type { Namespace, Pod, ServiceAccount } from "./kinds";
import { findSection, permissionOf, SECTIONS } from "./sections";
import { withImportedFacts } from "./imports/merge";
import { factsOfNodeReports, validNodeReports } from "./node-reports";
import type { ClusterFacts, SectionName, SectionObjects, Snapshot } from "./snapshot";
import { buildWorkloads, namespaceOf } from "./workloads";

/** The inventory of a snapshot. The snapshot's objects are used as they are and must not be changed afterwards. */
export function createInventory(snapshot: Snapshot): Inventory {
  const list = <K extends SectionName>(name: K): SectionObjects[K][] => snapshot.sections[name]?.objects ?? [];

  const namespaces = new Map<string, Namespace>();
  for (const namespace of list("namespaces")) namespaces.set(namespace.metadata.name, namespace);

  const { workloads, livePods } = buildWorkloads({
    pods: list("pods"),
    replicasets: list("replicasets"),
    jobs: list("jobs"),
    cronjobs: list("cronjobs"),
    roots: [...list("deployments"), ...list("statefulsets"), ...list("daemonsets"), ...list("replicationcontrollers")],
  });

  const workloadsByNamespace = groupBy(workloads, (workload) => workload.namespace);
  const podsByNamespace = groupBy(
    livePods.map(({ pod }) => pod),
    namespaceOf,
  );
  const serviceAccounts = new Map<string, ServiceAccount>();
  for (const account of list("serviceaccounts")) {
    serviceAccounts.set(`${namespaceOf(account)}/${account.metadata.name}`, account);
  }

  return {
    snapshot,
    provider: snapshot.provider,
    facts: factsOf(snapshot),
    invalid: snapshot.invalid,
    readable: (...sections) => readable(snapshot, sections),
    list,
    namespaces,
    namespaceNames: namespaceNamesOf(snapshot),
    nodes: list("nodes"),
    workloads,
    workloadsIn: (namespace): readonly Workload[] => workloadsByNamespace.get(namespace) ?? [],
    livePods,
    livePodsIn: (namespace): readonly Pod[] => podsByNamespace.get(namespace) ?? [],
    serviceAccount: (namespace, name) => serviceAccounts.get(`${namespace}/${name}`),
  };
}

/** What was imported, beside what the node collector's reports in the snapshot say. Both speak: the lists are joined. */
function factsOf(snapshot: Snapshot): ClusterFacts {
  const reports = snapshot.sections["node-reports"]?.objects ?? [];
  if (reports.length === 0) return snapshot.facts;
  const nodes = snapshot.sections.nodes;
  const names = nodes?.status === "complete" ? new Set(nodes.objects.map(({ metadata }) => metadata.name)) : null;
  const valid = validNodeReports(reports, snapshot.collectedAt, names);
  return withImportedFacts(snapshot, factsOfNodeReports(valid)).facts;
}

/** The first section that can't be trusted, in the order asked; its message says why and what would make it known. */
function readable(snapshot: Snapshot, names: readonly SectionName[]): Readability {
  for (const name of names) {
    const section = snapshot.sections[name];
    const status = section?.status ?? "not-collected";
    if (status === "complete" || status === "unserved") continue;
    return { known: false, section: name, status, message: section?.message ?? defaultMessage(name, status) };
  }
  return { known: true };
}

function defaultMessage(name: SectionName, status: "forbidden" | "failed" | "not-collected"): string {
  const definition = findSection(name);
  const permission = definition === undefined ? `list ${name}` : permissionOf(definition);
  switch (status) {
    case "forbidden":
      return `the cluster refused to ${permission}`;
    case "failed":
      return `reading ${name} broke off before the end`;
    case "not-collected":
      return `${name} were not collected (needs the permission to ${permission})`;
  }
}

function namespaceNamesOf(snapshot: Snapshot): string[] {
  const names = new Set<string>();
  for (const definition of SECTIONS) {
    const objects = snapshot.sections[definition.name]?.objects ?? [];
    if (definition.name === "namespaces") for (const object of objects) names.add(object.metadata.name);
    else if (definition.namespaced) for (const object of objects) names.add(namespaceOf(object));
  }
  return [...names].sort();
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
