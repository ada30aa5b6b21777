/** The review APIs: what may I, who am I, what may somebody else (authorization.k8s.io, authentication.k8s.io). */
import type { Authentication } from "./authentication";
import { type Attributes, isAllowed, isPathAllowed, rulesFor, type User } from "./authorization";
import type { ApiObject, PolicyRule } from "./objects";
import type { Store } from "./store";

interface AccessSpec {
  user?: string;
  groups?: string[];
  uid?: string;
  token?: string;
  namespace?: string;
  resourceAttributes?: {
    namespace?: string;
    verb?: string;
    group?: string;
    version?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
}

function accessStatus(store: Store, user: User, spec: AccessSpec): Record<string, unknown> {
  const path = spec.nonResourceAttributes;
  const asked = spec.resourceAttributes;
  let allowed = false;
  if (path) allowed = isPathAllowed(store, user, { verb: path.verb ?? "", path: path.path ?? "" });
  else if (asked) {
    const attributes: Attributes = {
      verb: asked.verb ?? "",
      group: asked.group ?? "",
      resource: asked.resource ?? "",
      ...(asked.subresource ? { subresource: asked.subresource } : {}),
      ...(asked.namespace ? { namespace: asked.namespace } : {}),
      ...(asked.name ? { name: asked.name } : {}),
    };
    allowed = isAllowed(store, user, attributes);
  }
  return allowed ? { allowed: true, reason: "RBAC: allowed by a role binding" } : { allowed: false };
}

function rulesStatus(store: Store, user: User, namespace: string): Record<string, unknown> {
  const rules: PolicyRule[] = [...rulesFor(store, user, namespace)];
  return {
    resourceRules: rules
      .filter((rule) => rule.resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames?.length ? { resourceNames } : {}),
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

/** Answers a review: the object that was posted, with its status. */
export function review(
  kind: string,
  object: ApiObject,
  user: User,
  store: Store,
  authentication: Authentication,
): ApiObject {
  const spec = (object.spec ?? {}) as AccessSpec;
  const answer = (status: Record<string, unknown>): ApiObject => ({
    ...object,
    metadata: { ...object.metadata },
    status,
  });
  switch (kind) {
    case "SelfSubjectAccessReview":
      return answer(accessStatus(store, user, spec));
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview":
      return answer(accessStatus(store, { name: spec.user ?? "", groups: spec.groups ?? [] }, spec));
    case "SelfSubjectRulesReview":
      return answer(rulesStatus(store, user, spec.namespace ?? ""));
    case "TokenReview": {
      const found = authentication.findTokenUser(spec.token ?? "");
      return answer(
        found
          ? { authenticated: true, user: { username: found.name, uid: found.uid, groups: found.groups } }
          : { authenticated: false },
      );
    }
    default:
      return answer({ userInfo: { username: user.name, uid: user.uid, groups: user.groups } });
  }
}
