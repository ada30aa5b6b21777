/**
 * A question about rights in the words of `kubectl auth can-i`: VERB and TYPE, TYPE.GROUP, TYPE/NAME or a path, made into the
 * request that an API server would be asked about; and the user that `--as` and `--as-group` make.
 *
 * Source: kubectl (auth can-i: resource lookup, warnings) and the API server's impersonation filter (groups that it adds).
 * Where kubectl asks the API server which types exist, Kubernetes' own are known here. Of other types TYPE.GROUP is taken as it
 * is written; a bare name that rules mention in exactly one other group is taken for that one.
 */
import type { Grant } from "./grants";
import { findKnownResource } from "./known-resources";
import type { AccessRequest } from "./rules";
import { findAccountOfUsername, type Identity, serviceAccountIdentity } from "./subjects";

export interface Asked {
  verb: string;
  /** TYPE, TYPE.GROUP, TYPE/NAME, or a path that begins with `/`. */
  what: string;
  name?: string;
  subresource?: string;
  /** "" asks for cluster-scoped objects, or all namespaces at once. */
  namespace: string;
}
export interface AskedRequest {
  request: AccessRequest;
  warnings: string[];
}

const RESOURCE_VERBS: ReadonlySet<string> = new Set([
  ..."get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate attest".split(
    " ",
  ),
]);
const URL_VERBS: ReadonlySet<string> = new Set("get put post head options delete patch *".split(" "));
/** Types that exist in rules only. */
const VIRTUAL: ReadonlySet<string> = new Set(["users", "groups"]);
const VIRTUAL_OF_GROUPS: ReadonlySet<string> = new Set([
  "signers.certificates.k8s.io",
  "userextras.authentication.k8s.io",
  "uids.authentication.k8s.io",
]);

/** The request that the words ask about. `grants` are looked at only for the group of a type that Kubernetes doesn't have. */
export function requestOf(asked: Asked, grants: readonly Grant[]): AskedRequest {
  const { verb, what, namespace, subresource } = asked;
  const warnings: string[] = [];
  const verbs = what.startsWith("/") ? URL_VERBS : RESOURCE_VERBS;
  if (!verbs.has(verb)) warnings.push(`verb '${verb}' is not a known verb`);
  if (what.startsWith("/")) return { request: { verb, url: what }, warnings };
  const slash = what.indexOf("/");
  const type = slash < 0 ? what : what.slice(0, slash);
  const name = asked.name ?? (slash < 0 ? undefined : what.slice(slash + 1));
  const found = typeOf(type, grants, warnings);
  if (found.isNamespaced === false && namespace !== "") {
    const inGroup = found.group === "" ? "" : ` in group '${found.group}'`;
    warnings.push(`resource '${found.resource}' is not namespace scoped${inGroup}`);
  }
  return {
    request: {
      verb,
      group: found.group,
      resource: found.resource,
      ...(subresource === undefined || subresource === "" ? {} : { subresource }),
      ...(name === undefined || name === "" ? {} : { name }),
      namespace,
    },
    warnings,
  };
}

function typeOf(
  type: string,
  grants: readonly Grant[],
  warnings: string[],
): { group: string; resource: string; isNamespaced?: boolean } {
  if (type === "*") return { group: "", resource: "*" };
  const dot = type.indexOf(".");
  if (dot < 0) {
    // Names of types have small letters and rules are compared letter by letter, so this finds only rules that were mistyped.
    if (type !== type.toLowerCase() && groupsInRules(type, grants).length > 0) {
      warnings.push(`no API server has a resource type '${type}'; asked as it is written, because rules write it so`);
      return { group: findKnownResource(type)?.group ?? "", resource: type };
    }
    const known = findKnownResource(type);
    if (known !== null) return known;
    if (VIRTUAL.has(type)) return { group: "", resource: type, isNamespaced: false };
    const groups = groupsInRules(type, grants).filter((group) => group !== "*");
    const [only] = groups;
    if (groups.length === 1 && only !== undefined) {
      if (only !== "")
        warnings.push(
          `Kubernetes has no resource type '${type}'; taken for the one that rules name in group '${only}'`,
        );
      return { group: only, resource: type };
    }
    warnings.push(`the server doesn't have a resource type '${type}'`);
    return { group: "", resource: type };
  }
  const resource = type.slice(0, dot);
  // kubectl also takes TYPE.VERSION.GROUP.
  const group = type.slice(dot + 1).replace(/^v\d+((alpha|beta)\d+)?\./, "");
  const known = findKnownResource(resource, group);
  if (known !== null) return known;
  if (!VIRTUAL_OF_GROUPS.has(`${resource}.${group}`) && !groupsInRules(resource, grants).includes(group)) {
    warnings.push(`the server doesn't have a resource type '${resource}' in group '${group}'`);
  }
  return { group, resource };
}

/** Groups in which rules name the type. */
function groupsInRules(type: string, grants: readonly Grant[]): string[] {
  const groups = new Set<string>();
  for (const { rules } of grants) {
    for (const { rule } of rules) {
      if (!(rule.resources ?? []).some((r) => r === type || r.startsWith(`${type}/`))) continue;
      for (const group of rule.apiGroups ?? []) groups.add(group);
    }
  }
  return [...groups].sort();
}

/** The user that an API server takes a request with these impersonation headers for. */
export function identityOf(username: string, groups: readonly string[] | undefined): Identity {
  const account = findAccountOfUsername(username);
  if (groups === undefined || groups.length === 0) {
    if (account !== null) return serviceAccountIdentity(account);
    return { username, groups: [username === "system:anonymous" ? "system:unauthenticated" : "system:authenticated"] };
  }
  if (username === "system:anonymous") {
    return {
      username,
      groups: groups.includes("system:unauthenticated") ? groups : [...groups, "system:unauthenticated"],
    };
  }
  const isSaid = groups.includes("system:authenticated") || groups.includes("system:unauthenticated");
  return { username, groups: isSaid ? groups : [...groups, "system:authenticated"] };
}
