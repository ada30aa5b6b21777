/** `kubectl get` asks the server for the columns (Kubernetes API concepts, "Receiving resources as Tables"). */
import type { ApiObject, CustomResourceDefinition, Node, Pod, Service, Workload } from "./objects";
import type { Resource } from "./resources";

interface Column {
  name: string;
  type?: string;
  /** Only with `-o wide`. */
  wide?: boolean;
  cell(object: ApiObject): string | number;
}

/** The age as kubectl writes it: two units at most. */
function age(at: string | undefined, now: number): string {
  if (!at) return "<unknown>";
  const seconds = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 ? `${seconds % 60}s` : ""}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return `${hours}h${minutes % 60 ? `${minutes % 60}m` : ""}`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return `${days}d${hours % 24 ? `${hours % 24}h` : ""}`;
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y`;
}

const selectorText = (selector: { matchLabels?: Record<string, string> } | undefined) =>
  Object.entries(selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "<none>";
const containersOf = (object: ApiObject) => (object as Workload).spec.template.spec.containers;
const containerColumns: Column[] = [
  {
    name: "Containers",
    wide: true,
    cell: (object) =>
      containersOf(object)
        .map((container) => container.name)
        .join(","),
  },
  {
    name: "Images",
    wide: true,
    cell: (object) =>
      containersOf(object)
        .map((container) => container.image ?? "")
        .join(","),
  },
  { name: "Selector", wide: true, cell: (object) => selectorText((object as Workload).spec.selector) },
];
const statusNumber = (object: ApiObject, field: string) =>
  Number((object.status as Record<string, unknown> | undefined)?.[field] ?? 0);

const COLUMNS: Record<string, Column[]> = {
  Pod: [
    {
      name: "Ready",
      cell: (object) =>
        `${(object as Pod).status?.containerStatuses?.filter((status) => status.ready).length ?? 0}/${(object as Pod).spec.containers.length}`,
    },
    {
      name: "Status",
      cell: (object) =>
        (object as Pod).status?.phase === "Succeeded" ? "Completed" : ((object as Pod).status?.phase ?? "Unknown"),
    },
    {
      name: "Restarts",
      cell: (object) =>
        (object as Pod).status?.containerStatuses?.reduce((sum, status) => sum + (status.restartCount ?? 0), 0) ?? 0,
    },
    { name: "IP", wide: true, cell: (object) => (object as Pod).status?.podIP ?? "<none>" },
    { name: "Node", wide: true, cell: (object) => (object as Pod).spec.nodeName ?? "<none>" },
  ],
  Deployment: [
    {
      name: "Ready",
      cell: (object) => `${statusNumber(object, "readyReplicas")}/${(object as Workload).spec.replicas ?? 1}`,
    },
    { name: "Up-to-date", cell: (object) => statusNumber(object, "updatedReplicas") },
    { name: "Available", cell: (object) => statusNumber(object, "availableReplicas") },
    ...containerColumns,
  ],
  ReplicaSet: [
    { name: "Desired", cell: (object) => (object as Workload).spec.replicas ?? 1 },
    { name: "Current", cell: (object) => statusNumber(object, "replicas") },
    { name: "Ready", cell: (object) => statusNumber(object, "readyReplicas") },
    ...containerColumns,
  ],
  StatefulSet: [
    {
      name: "Ready",
      cell: (object) => `${statusNumber(object, "readyReplicas")}/${(object as Workload).spec.replicas ?? 1}`,
    },
    ...containerColumns.slice(0, 2),
  ],
  DaemonSet: [
    { name: "Desired", cell: (object) => statusNumber(object, "desiredNumberScheduled") },
    { name: "Current", cell: (object) => statusNumber(object, "currentNumberScheduled") },
    { name: "Ready", cell: (object) => statusNumber(object, "numberReady") },
    ...containerColumns,
  ],
  Namespace: [{ name: "Status", cell: (object) => (object.status as { phase?: string } | undefined)?.phase ?? "" }],
  Node: [
    {
      name: "Status",
      cell: (object) =>
        (object as Node).status?.conditions?.some((held) => held.type === "Ready" && held.status === "True")
          ? "Ready"
          : "NotReady",
    },
    {
      name: "Roles",
      cell: (object) =>
        Object.keys(object.metadata.labels ?? {})
          .filter((key) => key.startsWith("node-role.kubernetes.io/"))
          .map((key) => key.slice("node-role.kubernetes.io/".length))
          .join(",") || "<none>",
    },
    { name: "Version", cell: (object) => (object as Node).status?.nodeInfo?.kubeletVersion ?? "" },
    { name: "OS-Image", wide: true, cell: (object) => (object as Node).status?.nodeInfo?.osImage ?? "" },
  ],
  Service: [
    { name: "Type", cell: (object) => (object as Service).spec.type ?? "ClusterIP" },
    { name: "Cluster-IP", cell: (object) => (object as Service).spec.clusterIP ?? "<none>" },
    {
      name: "Port(s)",
      cell: (object) =>
        (object as Service).spec.ports
          ?.map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ""}/${port.protocol ?? "TCP"}`)
          .join(",") ?? "<none>",
    },
  ],
  NetworkPolicy: [
    {
      name: "Pod-Selector",
      cell: (object) =>
        selectorText((object.spec as { podSelector?: { matchLabels?: Record<string, string> } }).podSelector),
    },
  ],
  Secret: [
    { name: "Type", cell: (object) => String(object.type ?? "Opaque") },
    { name: "Data", cell: (object) => Object.keys((object.data as object | undefined) ?? {}).length },
  ],
  ConfigMap: [{ name: "Data", cell: (object) => Object.keys((object.data as object | undefined) ?? {}).length }],
  Job: [
    {
      name: "Completions",
      cell: (object) => `${statusNumber(object, "succeeded")}/${(object as Workload).spec.completions ?? 1}`,
    },
    ...containerColumns.slice(0, 2),
  ],
  RoleBinding: roleBindingColumns(),
  ClusterRoleBinding: roleBindingColumns(),
};

function roleBindingColumns(): Column[] {
  const subjects = (kind: string) => (object: ApiObject) =>
    ((object.subjects as { kind: string; name: string; namespace?: string }[] | undefined) ?? [])
      .filter((subject) => subject.kind === kind)
      .map((subject) => (subject.namespace ? `${subject.namespace}/${subject.name}` : subject.name))
      .join(", ");
  return [
    {
      name: "Role",
      cell: (object) => `${(object.roleRef as { kind: string }).kind}/${(object.roleRef as { name: string }).name}`,
    },
    { name: "Users", wide: true, cell: subjects("User") },
    { name: "Groups", wide: true, cell: subjects("Group") },
    { name: "ServiceAccounts", wide: true, cell: subjects("ServiceAccount") },
  ];
}

/** Columns of a custom resource: those of its definition; only plain paths (`.spec.admission`) are read. */
function customColumns(definition: CustomResourceDefinition, version: string): Column[] {
  const columns = definition.spec.versions.find((held) => held.name === version)?.additionalPrinterColumns ?? [];
  return columns.map((column) => ({
    name: column.name,
    type: column.type,
    wide: (column.priority ?? 0) > 0,
    cell: (object) => {
      let value: unknown = object;
      for (const part of column.jsonPath.split(".").filter(Boolean))
        value = (value as Record<string, unknown> | undefined)?.[part];
      return value === undefined || value === null
        ? ""
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
    },
  }));
}

/** How a request wants the rows' objects: `Metadata` (default), `Object` or `None`. */
export function renderTable(
  resource: Resource,
  objects: readonly ApiObject[],
  listMeta: Record<string, unknown>,
  now: number,
  include: string,
): unknown {
  const columns: Column[] = [
    { name: "Name", cell: (object) => object.metadata.name },
    ...(COLUMNS[resource.kind] ?? (resource.custom ? customColumns(resource.custom, resource.version) : [])),
  ];
  const ageAt = columns.findIndex((column) => column.wide);
  columns.splice(ageAt < 0 ? columns.length : ageAt, 0, {
    name: "Age",
    cell: (object) => age(object.metadata.creationTimestamp, now),
  });
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: listMeta,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type ?? "string",
      format: column.name === "Name" ? "name" : "",
      description: "",
      priority: column.wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object)),
      ...(include === "None"
        ? {}
        : {
            object:
              include === "Object"
                ? object
                : { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
          }),
    })),
  };
}
