/**
 * One simulated cluster: what happens when an object is created, changed or deleted. The HTTP server and the loader of YAML
 * folders both come through here, so that the state that a folder makes is the state that `kubectl apply -f` would make.
 */
import { createHash, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { admitPod, withDefaults } from "./defaults";
import type { ApiObject, ObjectMeta, Pod, Service } from "./objects";
import { apiVersionOf, findResource, type Resource, servedResources } from "./resources";
import { alreadyExists, conflict, invalid, notFound, StatusError } from "./status";
import { objectKey, Store } from "./store";

export interface ClusterOptions {
  name: string;
  now(): number;
  /** Certificate of the authority, published in every namespace as the ConfigMap kube-root-ca.crt. */
  caPem: string;
  historyMs?: number;
  historyLength?: number;
}

export interface CreateOptions {
  /** Loading existing state: identity and times are derived from the name, so that a restart gives the same cluster again. */
  isInitial?: boolean;
  dryRun?: boolean;
}

/** A UUID that depends on its parts only (the form of version 5, with SHA-256). */
export function derivedUid(...parts: string[]): string {
  const hex = createHash("sha256").update(parts.join("\n")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** The letters that Kubernetes uses for generated names, chosen by a digest of the parts. */
export function derivedSuffix(length: number, ...parts: string[]): string {
  const digest = createHash("sha256").update(parts.join("\n")).digest();
  return Array.from({ length }, (_, i) => ALPHABET[digest[i]! % ALPHABET.length]).join("");
}

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** RBAC names may hold colons and other characters (path segment names). */
const PATH_SEGMENT = /^[^/%]+$/;

export class Cluster {
  readonly store: Store;
  private nextServiceAddress = 10;

  constructor(readonly options: ClusterOptions) {
    this.store = new Store({ now: options.now, historyMs: options.historyMs, historyLength: options.historyLength });
  }

  get name(): string {
    return this.options.name;
  }

  timestamp(): string {
    return new Date(Math.floor(this.options.now() / 1000) * 1000).toISOString().replace(".000Z", "Z");
  }

  resource(group: string, version: string, plural: string): Resource {
    const resource = findResource(this.store, group, version, plural);
    if (!resource) throw new StatusError(404, "NotFound", "the server could not find the requested resource");
    return resource;
  }

  find(resource: Resource, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.store.get(resource.storage, objectKey(resource.namespaced ? namespace : undefined, name));
  }

  get(resource: Resource, namespace: string | undefined, name: string): ApiObject {
    const object = this.find(resource, namespace, name);
    if (!object) throw notFound(resource.group, resource.plural, name);
    return object;
  }

  /** @throws StatusError 404 without the namespace, 409 when it exists, 422 when it is not valid. */
  create(resource: Resource, given: ApiObject, options: CreateOptions = {}): ApiObject {
    const metadata: ObjectMeta = { ...given.metadata };
    if (!metadata.name && metadata.generateName)
      metadata.name = `${metadata.generateName}${derivedSuffix(5, randomUUID())}`;
    const isRbac = resource.group === "rbac.authorization.k8s.io";
    if (!metadata.name || !(isRbac ? PATH_SEGMENT : DNS_SUBDOMAIN).test(metadata.name) || metadata.name.length > 253) {
      throw invalid(
        resource.kind,
        resource.group,
        metadata.name ?? "",
        "metadata.name",
        metadata.name
          ? `Invalid value: "${metadata.name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`
          : "Required value: name or generateName is required",
      );
    }
    if (resource.namespaced) {
      const namespace = this.store.get("/namespaces", metadata.namespace ?? "");
      if (!namespace) throw notFound("", "namespaces", metadata.namespace ?? "");
      if (namespace.metadata.deletionTimestamp) {
        throw new StatusError(
          403,
          "Forbidden",
          `${resource.plural} "${metadata.name}" is forbidden: unable to create new content in namespace ${namespace.metadata.name} because it is being terminated`,
        );
      }
    } else delete metadata.namespace;
    if (this.find(resource, metadata.namespace, metadata.name))
      throw alreadyExists(resource.group, resource.plural, metadata.name);

    const identity = [this.name, resource.storage, metadata.namespace ?? "", metadata.name];
    metadata.uid = options.isInitial ? derivedUid(...identity) : randomUUID();
    metadata.creationTimestamp = options.isInitial
      ? (metadata.creationTimestamp ?? this.timestamp())
      : this.timestamp();
    delete metadata.deletionTimestamp;
    delete metadata.resourceVersion;
    if (hasGeneration(given)) metadata.generation = 1;
    let object = withDefaults({ ...given, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata });
    if (resource.storage === "/pods") object = this.admitPod(object as Pod);
    if (resource.storage === "/services") object = this.allocateAddress(object as Service);
    return options.dryRun ? object : this.store.put(resource.storage, object);
  }

  /**
   * Stores a new version. Identity, creation time and status are kept (a status only changes through its subresource).
   * @throws StatusError 409 when `given` names another resourceVersion than the stored one.
   */
  update(resource: Resource, given: ApiObject, options: { isStatus?: boolean; dryRun?: boolean } = {}): ApiObject {
    const held = this.get(resource, given.metadata.namespace, given.metadata.name);
    const wanted = given.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== "" && wanted !== held.metadata.resourceVersion) {
      throw conflict(resource.group, resource.plural, given.metadata.name);
    }
    if (given.metadata.uid !== undefined && given.metadata.uid !== held.metadata.uid) {
      throw conflict(resource.group, resource.plural, given.metadata.name);
    }
    let object: ApiObject;
    if (options.isStatus) object = { ...held, status: given.status };
    else {
      object = withDefaults({
        ...given,
        apiVersion: held.apiVersion,
        kind: held.kind,
        ...(resource.hasStatus && held.status !== undefined ? { status: held.status } : {}),
        metadata: {
          ...given.metadata,
          namespace: held.metadata.namespace,
          uid: held.metadata.uid,
          creationTimestamp: held.metadata.creationTimestamp,
          deletionTimestamp: held.metadata.deletionTimestamp,
        },
      });
      if (held.metadata.namespace === undefined) delete object.metadata.namespace;
      if (held.metadata.deletionTimestamp === undefined) delete object.metadata.deletionTimestamp;
      if (resource.storage === "/services") object = this.allocateAddress(object as Service, held as Service);
      if (
        resource.storage === "rbac.authorization.k8s.io/rolebindings" ||
        resource.storage === "rbac.authorization.k8s.io/clusterrolebindings"
      ) {
        if (!isDeepStrictEqual(object.roleRef, held.roleRef)) {
          throw invalid(
            resource.kind,
            resource.group,
            held.metadata.name,
            "roleRef",
            "Invalid value: cannot change roleRef",
          );
        }
      }
      if (held.metadata.generation !== undefined) {
        const isChanged = !isDeepStrictEqual(object.spec, held.spec);
        object.metadata.generation = held.metadata.generation + (isChanged ? 1 : 0);
      }
    }
    object.metadata = { ...object.metadata, resourceVersion: held.metadata.resourceVersion };
    if (isDeepStrictEqual(object, held)) return held;
    if (options.dryRun) return object;
    if (object.metadata.deletionTimestamp && !object.metadata.finalizers?.length) {
      return this.remove(resource, object);
    }
    return this.store.put(resource.storage, object);
  }

  /**
   * Deletes, or marks for deletion while a finalizer is left. Dependents are collected unless `orphan`.
   * A namespace takes its content with it.
   */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: { orphan?: boolean; uid?: string } = {},
  ): ApiObject {
    const held = this.get(resource, namespace, name);
    if (options.uid !== undefined && options.uid !== held.metadata.uid)
      throw conflict(resource.group, resource.plural, name);
    if (held.metadata.finalizers?.length) {
      if (held.metadata.deletionTimestamp) return held;
      return this.store.put(resource.storage, {
        ...held,
        metadata: { ...held.metadata, deletionTimestamp: this.timestamp() },
      });
    }
    if (resource.storage === "/namespaces") {
      const ending = this.store.put(resource.storage, {
        ...held,
        metadata: { ...held.metadata, deletionTimestamp: this.timestamp() },
        status: { phase: "Terminating" },
      });
      for (const inner of servedResources(this.store)) {
        if (!inner.namespaced) continue;
        for (const object of this.store.all(inner.storage)) {
          if (object.metadata.namespace === name) this.remove(inner, object, options.orphan);
        }
      }
      return this.remove(resource, ending);
    }
    return this.remove(resource, held, options.orphan);
  }

  private remove(resource: Resource, object: ApiObject, orphan = false): ApiObject {
    const removed = this.store.remove(resource.storage, objectKey(object.metadata.namespace, object.metadata.name));
    if (removed && !orphan) this.collect(object.metadata.uid);
    return removed ?? object;
  }

  /** Garbage collection: removes what only the removed object owned. */
  private collect(ownerUid: string | undefined): void {
    if (!ownerUid) return;
    for (const resource of servedResources(this.store)) {
      for (const object of this.store.all(resource.storage)) {
        const owners = object.metadata.ownerReferences;
        if (owners?.some((owner) => owner.uid === ownerUid) && owners.length === 1) this.remove(resource, object);
      }
    }
  }

  private admitPod(pod: Pod): Pod {
    // Mirror pods of static pods are the kubelet's: no service account, no token.
    if (pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return pod;
    const name = pod.spec.serviceAccountName ?? "default";
    const account = this.store.get("/serviceaccounts", objectKey(pod.metadata.namespace, name));
    if (!account) {
      throw new StatusError(
        403,
        "Forbidden",
        `pods "${pod.metadata.name}" is forbidden: error looking up service account ${pod.metadata.namespace}/${name}: serviceaccount "${name}" not found`,
      );
    }
    return admitPod(pod, account, derivedSuffix(5, pod.metadata.uid ?? pod.metadata.name, "token"));
  }

  private allocateAddress(service: Service, held?: Service): Service {
    if (service.spec.type === "ExternalName") return service;
    if (held?.spec.clusterIP)
      return {
        ...service,
        spec: { ...service.spec, clusterIP: held.spec.clusterIP, clusterIPs: [held.spec.clusterIP] },
      };
    if (service.spec.clusterIP) return { ...service, spec: { ...service.spec, clusterIPs: [service.spec.clusterIP] } };
    const host = this.nextServiceAddress++;
    const clusterIP = `10.96.${Math.floor(host / 250)}.${(host % 250) + 1}`;
    return { ...service, spec: { ...service.spec, clusterIP, clusterIPs: [clusterIP] } };
  }
}

function hasGeneration(object: ApiObject): boolean {
  return object.spec !== undefined && !["Namespace", "Node", "Service", "ServiceAccount"].includes(object.kind);
}
