/**
 * The two defaults of the Kubernetes API that change an answer of the Pod Security Standards.
 *
 * The API server checks pods after defaulting; a manifest on disk and a controller's template may lack the values.
 * - a volume without a source is an emptyDir;
 * - in a pod on the host's network a container port without hostPort gets its containerPort (not for ephemeral containers,
 *   which have no ports).
 */
import type { Container, PodSpec } from "@/lib/inventory/kinds";
import { sourcesOf } from "./checks/restricted-volumes";

/** The spec as the API server would see it. Returns the same object when nothing is missing; never changes its argument. */
export function withApiDefaults(spec: PodSpec): PodSpec {
  const needsVolumes = spec.volumes?.some((volume) => sourcesOf(volume).length === 0) ?? false;
  const needsPorts = spec.hostNetwork === true;
  if (!needsVolumes && !needsPorts) return spec;
  const defaulted: PodSpec = { ...spec };
  if (needsVolumes) {
    defaulted.volumes = spec.volumes?.map((volume) =>
      sourcesOf(volume).length === 0 ? { ...volume, emptyDir: {} } : volume,
    );
  }
  if (needsPorts) {
    defaulted.containers = (spec.containers ?? []).map(withHostPorts);
    if (spec.initContainers) defaulted.initContainers = spec.initContainers.map(withHostPorts);
  }
  return defaulted;
}

function withHostPorts(container: Container): Container {
  if (container.ports === undefined) return container;
  return {
    ...container,
    ports: container.ports.map((port) => (port.hostPort ? port : { ...port, hostPort: port.containerPort })),
  };
}
