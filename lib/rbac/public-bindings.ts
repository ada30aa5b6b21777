/**
 * Rights of anonymous users and of the groups that hold everybody: Kubernetes' default bindings, and what is more than those.
 *
 * Source: Kubernetes' bootstrap policy (ClusterRoleBindings to system:unauthenticated, system:authenticated and
 * system:serviceaccounts) and kubeadm's binding for cluster-info.
 */
import type { PolicyRule, Subject } from "@/lib/inventory/kinds";
import { covers } from "./covers";
import type { Grant } from "./grants";
import { describeRule } from "./rules";
import { isPublicSubject } from "./subjects";

const get = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ["get"], nonResourceURLs });
const create = (group: string, resources: string[]): PolicyRule => ({
  verbs: ["create"],
  apiGroups: [group],
  resources,
});

/** Kubernetes' default bindings to these groups (bootstrap policy), with the rules that the roles hold there. */
export const PUBLIC_DEFAULTS: readonly { subject: string; role: string; rules: readonly PolicyRule[] }[] = [
  ...["system:unauthenticated", "system:authenticated"].map((subject) => ({
    subject,
    role: "system:public-info-viewer",
    rules: [get("/healthz", "/livez", "/readyz", "/version", "/version/")],
  })),
  {
    subject: "system:authenticated",
    role: "system:basic-user",
    rules: [
      create("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
      create("authentication.k8s.io", ["selfsubjectreviews"]),
    ],
  },
  {
    subject: "system:authenticated",
    role: "system:discovery",
    rules: [
      get(
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ),
    ],
  },
  {
    subject: "system:serviceaccounts",
    role: "system:service-account-issuer-discovery",
    rules: [
      get(
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/",
        "/openid/v1/jwks",
        "/openid/v1/jwks/",
      ),
    ],
  },
];

export interface PublicProblem {
  /** `medium`: limited to discovery or cluster-info, or without effect today. */
  grade: "critical" | "medium";
  text: string;
}

/** Why the binding gives anonymous users or catch-all groups more than Kubernetes' defaults; empty when it doesn't. */
export function publicProblems(grant: Grant): PublicProblem[] {
  return grant.subjects.flatMap((subject) => publicProblemOf(grant, subject) ?? []);
}

/** Why this subject of the binding is more than a default, or null. */
export function publicProblemOf(grant: Grant, subject: Subject): PublicProblem | null {
  if (!isPublicSubject(subject)) return null;
  const role = grant.roleRef.kind === "ClusterRole" ? grant.roleRef.name : "";
  const rules = grant.rules.map(({ rule }) => rule);
  const known = PUBLIC_DEFAULTS.find(
    (entry) => subject.kind === "Group" && entry.subject === subject.name && entry.role === role,
  );
  if (known !== undefined && grant.namespace === null) {
    const { covered, uncovered } = covers(known.rules, rules);
    if (covered) return null;
    return {
      grade: "critical",
      text: `${role} holds more than Kubernetes gives it: ${uncovered.map(describeRule).join("; ")}.`,
    };
  }
  if (grant.namespace === "kube-public" && covers(CLUSTER_INFO, rules).covered) {
    return {
      grade: "medium",
      text: "kubeadm leaves this so that new nodes can read cluster-info; remove it once no node has to join by token.",
    };
  }
  if (grant.rules.length === 0) {
    return {
      grade: "medium",
      text: "It grants nothing today; whoever changes or creates the role hands its rights to everybody in the group.",
    };
  }
  const discovery = PUBLIC_DEFAULTS.find((entry) => entry.role === "system:discovery");
  if (discovery !== undefined && covers([...discovery.rules, ...SELF_REVIEW], rules).covered) {
    return { grade: "medium", text: "It is limited to discovery, as clusters from before 1.14 had it; remove it." };
  }
  return { grade: "critical", text: `${subject.name} holds ${who(subject.name)}.` };
}

const CLUSTER_INFO: readonly PolicyRule[] = [
  { verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["cluster-info"] },
];
const SELF_REVIEW = PUBLIC_DEFAULTS.find((entry) => entry.role === "system:basic-user")?.rules ?? [];

function who(name: string): string {
  if (name === "system:anonymous" || name === "system:unauthenticated")
    return "whoever reaches the API server without credentials";
  if (name === "system:authenticated")
    return "every person and every workload that can sign in, on some platforms anybody with an account at the provider";
  if (name === "system:serviceaccounts") return "every workload of the cluster";
  return `every workload of namespace ${name.slice("system:serviceaccounts:".length)}`;
}
