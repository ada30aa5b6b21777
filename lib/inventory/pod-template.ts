/**
 * What makes two pods "the same pod spec": everything but the node, the host name and names that the API server makes up.
 *
 * The service account admission plug-in adds a volume `kube-api-access-` + five random letters to each pod, so that no two
 * pods of one Deployment have equal specs; normalised, thousands of pods share a handful of specs.
 */
import type { Container, PodSpec, VolumeMount } from "./kinds";

const GENERATED_VOLUME = /^kube-api-access-[a-z0-9]{5}$/;
const NORMAL_VOLUME = "kube-api-access";

/** Digests of specs that came from a decoded template, so that they needn't be written out again to be compared. */
const knownKeys = new WeakMap<PodSpec, string>();

/** Notes that `spec` (an object shared or copied from one template) is the template with this key. */
export function rememberTemplateKey(spec: PodSpec, key: string): void {
  knownKeys.set(spec, key);
}

/** Equal for two specs exactly if they are the same apart from node, host name and generated volume names. */
export function templateKeyOf(spec: PodSpec): string {
  const known = knownKeys.get(spec);
  if (known !== undefined) return known;
  const key = JSON.stringify(normalisePodSpec(spec));
  knownKeys.set(spec, key);
  return key;
}

/** The spec as its template: without nodeName and hostname, generated volume names cut. The argument stays as it is. */
export function normalisePodSpec(spec: PodSpec): PodSpec {
  const copy: PodSpec & { hostname?: unknown } = { ...spec };
  delete copy.nodeName;
  delete copy.hostname;
  if (!copy.volumes?.some((volume) => GENERATED_VOLUME.test(volume.name))) return copy;
  copy.volumes = copy.volumes.map((volume) =>
    GENERATED_VOLUME.test(volume.name) ? { ...volume, name: NORMAL_VOLUME } : volume,
  );
  copy.containers = copy.containers.map(normaliseMounts);
  if (copy.initContainers !== undefined) copy.initContainers = copy.initContainers.map(normaliseMounts);
  if (copy.ephemeralContainers !== undefined) copy.ephemeralContainers = copy.ephemeralContainers.map(normaliseMounts);
  return copy;
}

function normaliseMounts(container: Container): Container {
  if (!container.volumeMounts?.some((mount) => GENERATED_VOLUME.test(mount.name))) return container;
  const volumeMounts = container.volumeMounts.map(
    (mount): VolumeMount => (GENERATED_VOLUME.test(mount.name) ? { ...mount, name: NORMAL_VOLUME } : mount),
  );
  return { ...container, volumeMounts };
}
