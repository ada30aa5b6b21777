/**
 * Which requests an audit policy has to be asked about, so that no exception in it stays unseen.
 *
 * A policy may treat some users, groups or object names apart from everybody else. So beside an ordinary person, every user and
 * group that a rule names is asked for too, and every object name that a rule names beside an ordinary one.
 */
import type { AuditPolicy } from "@/lib/inventory/imported";
import type { AuditedUser, ResourceRequest } from "./evaluate-policy";

export interface ProbedIdentity {
  /** For sentences: `an ordinary user`, `user ci-bot`, `group system:nodes`. */
  words: string;
  user: AuditedUser;
  /** A component of Kubernetes itself: leaving its routine requests out of the log hides nobody. */
  isComponent: boolean;
}

const ORDINARY_GROUPS = ["system:authenticated"];
const ORDINARY_NAME = "ringfence:an-ordinary-object";

/** An ordinary person, and every user and group that some rule names. */
export function identitiesIn(policy: AuditPolicy): ProbedIdentity[] {
  const identities = new Map<string, ProbedIdentity>();
  const add = (identity: ProbedIdentity) => {
    if (!identities.has(identity.words)) identities.set(identity.words, identity);
  };
  add({
    words: "an ordinary user",
    user: { username: "ringfence:an-ordinary-user", groups: ORDINARY_GROUPS },
    isComponent: false,
  });
  for (const rule of policy.rules) {
    const groups = rule.userGroups ?? [];
    for (const username of rule.users ?? []) {
      // A rule may ask for a user and a group at once; the user is given the rule's groups, or it would never match.
      const user = { username, groups: [...ORDINARY_GROUPS, ...groups] };
      add({ words: `user ${username}`, user, isComponent: isComponentUser(username) });
    }
    if ((rule.users ?? []).length > 0) continue;
    for (const group of groups) {
      const user = { username: "ringfence:a-member", groups: [...ORDINARY_GROUPS, group] };
      add({ words: `group ${group}`, user, isComponent: group === "system:nodes" });
    }
  }
  return [...identities.values()];
}

/** Names for requests about one object: an ordinary one and those that the policy treats apart. */
export function objectNamesIn(policy: AuditPolicy, resource: string): string[] {
  const named = policy.rules.flatMap((rule) =>
    (rule.resources ?? []).flatMap((entry) =>
      (entry.resources ?? []).some((r) => r === resource || r === "*" || r.startsWith(`${resource}/`))
        ? (entry.resourceNames ?? [])
        : [],
    ),
  );
  return [...new Set([ORDINARY_NAME, ...named])];
}

export interface ProbedResource {
  apiGroup: string;
  resource: string;
  subresource: string;
  verbs: readonly string[];
  isNamespaced: boolean;
}

/** Verbs that a client may also ask of all namespaces at once; the request then has no namespace and returns the objects of each. */
const ACROSS_NAMESPACES: ReadonlySet<string> = new Set(["list", "watch"]);
/** Verbs whose requests carry no name of an object. */
const NAMELESS_VERBS: ReadonlySet<string> = new Set(["create", "list", "watch", "deletecollection"]);

/**
 * Every request about the resource by the user: for each namespace, verb and name that can make a difference, and for lists over all
 * namespaces, which a rule that names namespaces doesn't match.
 */
export function requestsFor(
  probed: ProbedResource,
  policy: AuditPolicy,
  namespaces: readonly string[],
  user: AuditedUser,
): ResourceRequest[] {
  const names = objectNamesIn(policy, probed.resource);
  const { apiGroup, resource, subresource } = probed;
  return probed.verbs.flatMap((verb) => {
    const isList = subresource === "" && ACROSS_NAMESPACES.has(verb);
    const places = probed.isNamespaced ? [...namespaces, ...(isList ? [""] : [])] : [""];
    return places.flatMap((namespace) =>
      (NAMELESS_VERBS.has(verb) && subresource === "" ? [""] : names).map(
        (name): ResourceRequest => ({ kind: "resource", user, verb, apiGroup, resource, subresource, namespace, name }),
      ),
    );
  });
}

/** `pods/exec`, `secrets`. */
export function resourceWords(probed: { resource: string; subresource: string }): string {
  return probed.subresource === "" ? probed.resource : `${probed.resource}/${probed.subresource}`;
}

/** `system:kube-scheduler`, `system:node:…`, controllers' accounts in kube-system; not people, not other workloads. */
function isComponentUser(username: string): boolean {
  if (username.startsWith("system:serviceaccount:")) return username.startsWith("system:serviceaccount:kube-system:");
  return username.startsWith("system:") && username !== "system:anonymous" && username !== "system:admin";
}
