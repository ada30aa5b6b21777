/** What the EndpointSlice controller writes for a Service: the pods that its selector finds, with their addresses. */
import type { ApiObject, Pod } from "./objects";

interface Service extends ApiObject {
  spec: {
    selector?: Record<string, string>;
    ports?: { name?: string; protocol?: string; port: number; targetPort?: number | string }[];
  };
}

/** The slice of the Service without its metadata; null for a Service that selects nothing by itself. */
export function endpointsOf(object: ApiObject, pods: readonly Pod[]): Record<string, unknown> | null {
  const { selector, ports = [] } = (object as Service).spec;
  const wanted = Object.entries(selector ?? {});
  if (wanted.length === 0) return null;
  const chosen = pods.filter(
    (pod) =>
      pod.metadata.namespace === object.metadata.namespace &&
      pod.status?.podIP !== undefined &&
      wanted.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  return {
    addressType: "IPv4",
    endpoints: chosen.map((pod) => {
      const isReady =
        pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
      return {
        addresses: [pod.status?.podIP],
        conditions: { ready: isReady, serving: isReady, terminating: pod.metadata.deletionTimestamp !== undefined },
        nodeName: pod.spec.nodeName,
        targetRef: {
          kind: "Pod",
          namespace: pod.metadata.namespace,
          name: pod.metadata.name,
          uid: pod.metadata.uid,
        },
      };
    }),
    ports: ports.map(({ name = "", protocol = "TCP", port, targetPort = port }) => ({
      name,
      protocol,
      port: typeof targetPort === "number" ? targetPort : namedPort(chosen, targetPort, port),
    })),
  };
}

function namedPort(pods: readonly Pod[], name: string, otherwise: number): number {
  const ports = pods.flatMap((pod) => pod.spec.containers.flatMap((container) => container.ports ?? []));
  return ports.find((port) => port.name === name)?.containerPort ?? otherwise;
}
