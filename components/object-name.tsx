import type { ResourceRefJson } from "@/lib/api/common";

/** `Deployment payments/gateway`: kind, then namespace and name. The API version stands in the title. */
export function ObjectName({ object, part }: { object: ResourceRefJson; part?: string | null }) {
  const isCluster = object.apiVersion.startsWith("ringfence.dev/") && object.kind === "Cluster";
  if (isCluster) return <span>the cluster{part ? <span className="text-fg-3"> · {part}</span> : null}</span>;
  return (
    <span title={`${object.apiVersion} ${object.kind}`} className="break-words">
      <span className="text-fg-3">{object.kind}</span>{" "}
      <span className="mono">{object.namespace ? `${object.namespace}/${object.name}` : object.name}</span>
      {part ? <span className="mono text-fg-3"> · {part}</span> : null}
    </span>
  );
}
