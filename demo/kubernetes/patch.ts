/**
 * The patch formats of the API: JSON patch (RFC 6902), merge patch (RFC 7386), and the part of the strategic merge patch
 * (Kubernetes community, api-conventions and strategic-merge-patch.md) that `kubectl apply`, `label`, `set` and `rollout` send.
 */
import { StatusError, badRequest } from "./status";

type Json = unknown;
type JsonObject = Record<string, Json>;

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** The merge keys of lists of objects, by field name (the `patchMergeKey` tags of the API types). Other lists are replaced. */
const MERGE_KEYS: Record<string, string[]> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  ownerReferences: ["uid"],
  conditions: ["type"],
  addresses: ["type"],
  secrets: ["name"],
  webhooks: ["name"],
  // containerPort in a container, port in a Service: whichever the element has.
  ports: ["containerPort", "port"],
};
/** Lists of plain values that merge as sets. */
const SETS = new Set(["finalizers"]);

function mergeKeyOf(field: string, list: Json[]): string | undefined {
  return MERGE_KEYS[field]?.find((key) => list.some((item) => isObject(item) && key in item));
}

function mergeList(field: string, target: Json[], patch: Json[], order: Json[] | undefined): Json[] {
  if (patch.some((item) => isObject(item) && item.$patch === "replace")) {
    return patch.filter((item) => !(isObject(item) && item.$patch === "replace"));
  }
  if (SETS.has(field)) return [...new Set([...target, ...patch])];
  const key = mergeKeyOf(field, [...patch, ...target]);
  if (key === undefined) return patch;
  let result = [...target];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`a list element of ${field} is not an object`);
    const at = result.findIndex((held) => isObject(held) && held[key] === item[key]);
    if (item.$patch === "delete") {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = strategicMerge(result[at], item);
    else result.push(strategicMerge({}, item));
  }
  if (order) {
    const wanted = order.map((item) => (isObject(item) ? item[key] : item));
    const place = (item: Json) => {
      const index = isObject(item) ? wanted.indexOf(item[key]) : -1;
      return index < 0 ? wanted.length : index;
    };
    result = result
      .map((item, index) => ({ item, index }))
      .sort((a, b) => place(a.item) - place(b.item) || a.index - b.index)
      .map(({ item }) => item);
  }
  return result;
}

/** Directives: `$patch: replace|delete`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`. */
export function strategicMerge(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  if (patch.$patch === "replace") {
    const { $patch: _, ...rest } = patch;
    return rest;
  }
  if (patch.$patch === "delete") return {};
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === "$retainKeys") {
      const kept = new Set(value as string[]);
      for (const held of Object.keys(result)) if (!kept.has(held)) delete result[held];
    } else if (key.startsWith("$deleteFromPrimitiveList/")) {
      const field = key.slice("$deleteFromPrimitiveList/".length);
      const removed = new Set(value as Json[]);
      if (Array.isArray(result[field])) result[field] = (result[field] as Json[]).filter((item) => !removed.has(item));
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    if (value === null) delete result[key];
    else if (Array.isArray(value)) {
      const held = result[key];
      const order = patch[`$setElementOrder/${key}`];
      result[key] = mergeList(key, Array.isArray(held) ? held : [], value, Array.isArray(order) ? order : undefined);
    } else result[key] = strategicMerge(result[key], value);
  }
  return result;
}

/** RFC 6902. @throws StatusError 422 when a path is missing or a test fails. */
export function jsonPatch(target: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw badRequest("a JSON patch is a list of operations");
  let document: Json = structuredClone(target);
  const refuse = (message: string) => new StatusError(422, "Invalid", message);
  const segments = (pointer: string): string[] => {
    if (pointer === "") return [];
    if (!pointer.startsWith("/")) throw refuse(`"${pointer}" is not a JSON pointer`);
    return pointer
      .slice(1)
      .split("/")
      .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
  };
  const child = (value: Json, part: string): Json => {
    if (Array.isArray(value)) return value[Number(part)];
    if (isObject(value) && Object.hasOwn(value, part)) return value[part];
    return undefined;
  };
  const read = (pointer: string): Json => {
    let value = document;
    for (const part of segments(pointer)) value = child(value, part);
    if (value === undefined) throw refuse(`the path ${pointer} does not exist`);
    return value;
  };
  const write = (pointer: string, value: Json, mode: "add" | "replace" | "remove"): void => {
    const parts = segments(pointer);
    const last = parts.pop();
    if (last === undefined) {
      document = value;
      return;
    }
    let parent: Json = document;
    for (const part of parts) parent = child(parent, part);
    if (Array.isArray(parent)) {
      const index = last === "-" ? parent.length : Number(last);
      if (!Number.isInteger(index) || index < 0 || index > parent.length - (mode === "add" ? 0 : 1)) {
        throw refuse(`the path ${pointer} does not exist`);
      }
      if (mode === "add") parent.splice(index, 0, value);
      else if (mode === "replace") parent[index] = value;
      else parent.splice(index, 1);
    } else if (isObject(parent)) {
      if (mode !== "add" && !Object.hasOwn(parent, last)) throw refuse(`the path ${pointer} does not exist`);
      if (mode === "remove") delete parent[last];
      else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
    } else throw refuse(`the path ${pointer} does not exist`);
  };
  for (const operation of operations) {
    if (!isObject(operation) || typeof operation.path !== "string") throw badRequest("an operation needs a path");
    const { op, path, from, value } = operation as { op: string; path: string; from?: string; value?: Json };
    if (op === "add" || op === "replace") write(path, structuredClone(value), op);
    else if (op === "remove") write(path, undefined, "remove");
    else if (op === "test") {
      if (JSON.stringify(read(path)) !== JSON.stringify(value)) throw refuse(`the test of ${path} failed`);
    } else if ((op === "copy" || op === "move") && typeof from === "string") {
      const held = structuredClone(read(from));
      if (op === "move") write(from, undefined, "remove");
      write(path, held, "add");
    } else throw badRequest(`unknown operation ${String(op)}`);
  }
  return document;
}
