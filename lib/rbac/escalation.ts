/**
 * Ways from rights that look harmless to more rights: what each gives, and which rights it takes.
 *
 * Source: Kubernetes' documentation, "RBAC Good Practices: privilege escalation risks", and the admission and registry code that
 * decides escalation (`escalate`, `bind`), impersonation, signing and tokens.
 * - `bind` on clusterroles is asked in the namespace of the RoleBinding that is made, `escalate` on clusterroles for the cluster.
 * - Whoever may create rolebindings without `bind` can only hand out what it holds itself: `hand-out`, no escalation by itself.
 * - update on a Role is refused for rights that one doesn't hold, unless one has `escalate`; so it is no way by itself.
 * - Approving a certificate takes both update of the approval and `approve` on a signer that makes client certificates.
 * - A Secret of type service-account-token gets a token of the account it names: create and read together give every account.
 */
import type { Grant } from "./grants";
import { type Holder, type Holding, holdersOf, type Right } from "./rights";
import type { Subject } from "@/lib/inventory/kinds";

export interface Power {
  id: string;
  /** Completes "can …". */
  gives: string;
  /** One right of every list is needed. */
  needs: readonly (readonly Right[])[];
  /** It acts as the service accounts of the namespace, so it leads wherever they lead. */
  usesAccounts: boolean;
  grade: "full" | "limited";
}

const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";
const WRITE = ["create", "update", "patch"] as const;
const REPLACE = ["update", "patch"] as const;
const right = (group: string, resource: string, verbs: readonly string[], fields: Partial<Right> = {}): Right => {
  const [name = resource, subresource] = resource.split("/");
  return { group, resource: name, verbs, ...(subresource === undefined ? {} : { subresource }), ...fields };
};
const wide = { isClusterScoped: true };
const power = (
  id: string,
  gives: string,
  needs: readonly (readonly Right[])[],
  fields: Partial<Pick<Power, "usesAccounts" | "grade">> = {},
): Power => ({ id, gives, needs, usesAccounts: false, grade: "full", ...fields });

/** Signers whose certificates open the API server; `kubernetes.io/*` stands for all of the domain. */
const CLIENT_SIGNERS = [
  "kubernetes.io/*",
  "kubernetes.io/kube-apiserver-client",
  "kubernetes.io/kube-apiserver-client-kubelet",
] as const;

export const POWERS: readonly Power[] = [
  power("escalate", "write rights that it doesn't hold into a role", [
    [right(RBAC, "clusterroles", ["escalate"], wide), right(RBAC, "roles", ["escalate"])],
  ]),
  power("bind", "bind roles whose rights it doesn't hold", [
    [right(RBAC, "clusterroles", ["bind"]), right(RBAC, "roles", ["bind"])],
  ]),
  power(
    "impersonate",
    "act as other users, groups or accounts",
    [
      [
        right("", "users", ["impersonate"], wide),
        right("", "groups", ["impersonate"], wide),
        right("", "serviceaccounts", ["impersonate"]),
      ],
    ],
    { usesAccounts: true },
  ),
  power(
    "impersonate-extra",
    "set the extra fields of an impersonated user",
    [
      [
        right("authentication.k8s.io", "userextras/*", ["impersonate"], wide),
        right("authentication.k8s.io", "uids", ["impersonate"], wide),
      ],
    ],
    { grade: "limited" },
  ),
  power(
    "request-token",
    "get a token of any service account there",
    [[right("", "serviceaccounts/token", ["create"])]],
    { usesAccounts: true },
  ),
  power(
    "token-secret",
    "make a Secret with any service account's token and read it",
    [[right("", "secrets", ["create"])], [right("", "secrets", ["get", "list", "watch"])]],
    { usesAccounts: true },
  ),
  power("approve-certificate", "approve a client certificate for any user", [
    [right("certificates.k8s.io", "certificatesigningrequests/approval", REPLACE, wide)],
    [right("certificates.k8s.io", "signers", ["approve"], { ...wide, names: CLIENT_SIGNERS })],
  ]),
  power("run-pods", "run pods with every Secret and service account there", [[right("", "pods", WRITE)]], {
    usesAccounts: true,
  }),
  power(
    "change-workloads",
    "change what runs there, and with it use every Secret and service account",
    [
      [
        right("apps", "deployments", WRITE),
        right("apps", "statefulsets", WRITE),
        right("apps", "daemonsets", WRITE),
        right("apps", "replicasets", WRITE),
        right("batch", "jobs", WRITE),
        right("batch", "cronjobs", WRITE),
        right("", "replicationcontrollers", WRITE),
      ],
    ],
    { usesAccounts: true },
  ),
  power("node-proxy", "run commands in every pod through the kubelets, past admission and the audit log of pods", [
    [right("", "nodes/proxy", ["get", "create", "update", "patch", "delete"], wide)],
  ]),
  power("admission", "read, change or wave through what others send to the API server", [
    [
      "mutatingwebhookconfigurations",
      "validatingwebhookconfigurations",
      "mutatingadmissionpolicies",
      "mutatingadmissionpolicybindings",
      "validatingadmissionpolicies",
      "validatingadmissionpolicybindings",
    ].map((resource) => right(ADMISSION, resource, [...WRITE, "delete", "deletecollection"], wide)),
  ]),
  power("extend-api", "put a server of its own behind an API", [
    [
      right("apiregistration.k8s.io", "apiservices", WRITE, wide),
      right("apiextensions.k8s.io", "customresourcedefinitions", REPLACE, wide),
    ],
  ]),
  power("host-volume", "mount a node's disk through a PersistentVolume", [
    [right("", "persistentvolumes", ["create"], wide)],
  ]),
  power("change-nodes", "draw pods to a node of its choice by changing nodes", [
    [right("", "nodes", REPLACE, wide), right("", "nodes/status", REPLACE, wide)],
  ]),
  power(
    "hand-out",
    "hand its own rights to others",
    [[right(RBAC, "rolebindings", WRITE), right(RBAC, "clusterrolebindings", WRITE, wide)]],
    { grade: "limited" },
  ),
];

export const POWER_RIGHTS: readonly Right[] = [...new Set(POWERS.flatMap(({ needs }) => needs.flat()))];

/** A power that a subject has, where it has it, and through what. */
export interface HeldPower {
  power: Power;
  /** Null: in the whole cluster. */
  namespaces: string[] | null;
  holdings: Holding[];
  /** True when every way is limited to named objects. */
  isNamed: boolean;
}

/** Subjects with at least one power, in name order. */
export function powerfulSubjects(
  grants: readonly Grant[],
  isAsked: (grant: Grant, subject: Subject) => boolean,
): { holder: Holder; powers: HeldPower[] }[] {
  return holdersOf(grants, POWER_RIGHTS, isAsked).flatMap((holder) => {
    const powers = POWERS.flatMap((candidate) => heldPower(candidate, holder.holdings) ?? []);
    return powers.length === 0 ? [] : [{ holder, powers }];
  });
}

/** The power as far as the holdings give it, or null. */
function heldPower(candidate: Power, holdings: readonly Holding[]): HeldPower | null {
  const perNeed = candidate.needs.map((any) => holdings.filter(({ right: held }) => any.includes(held)));
  if (perNeed.some((some) => some.length === 0)) return null;
  const finish = (namespaces: string[] | null, used: Holding[]): HeldPower => ({
    power: candidate,
    namespaces,
    holdings: used,
    isNamed: used.every(({ names }) => names.length > 0),
  });
  const wideOnes = perNeed.map((some) => some.filter(({ grant }) => grant.namespace === null));
  if (wideOnes.every((some) => some.length > 0)) return finish(null, perNeed.flat());
  const namespaces = [...new Set(perNeed.flat().flatMap(({ grant }) => grant.namespace ?? []))]
    .filter((namespace) =>
      perNeed.every((some) => some.some(({ grant }) => grant.namespace === null || grant.namespace === namespace)),
    )
    .sort();
  if (namespaces.length === 0) return null;
  return finish(
    namespaces,
    perNeed.flat().filter(({ grant }) => grant.namespace === null || namespaces.includes(grant.namespace)),
  );
}
