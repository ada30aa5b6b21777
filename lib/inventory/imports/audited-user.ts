/**
 * Who a user of an audit event is, and how it was authenticated.
 *
 * Source of the name's meaning: kubernetes.io, "Authenticating" (service accounts, anonymous requests) and "Controlling access";
 * of `extra`: the API server's credential id (X509SHA256=… for a client certificate, JTI=… for a token), and what the
 * authenticators of EKS, GKE, AKS and OpenShift add.
 */
import type { AuditedUserKind, SignInMethod } from "../imported-audit-log";

export interface EventUser {
  username: string;
  groups?: readonly string[] | null | undefined;
  extra?: Readonly<Record<string, readonly string[] | null | undefined>> | null | undefined;
}

const SERVICE_ACCOUNT = "system:serviceaccount:";
/** `system:` names that people sign in with, by a certificate that an installer made. */
const PEOPLE: ReadonlySet<string> = new Set(["system:admin"]);
/** Parts of the provider's control plane. */
const PROVIDER_COMPONENT = /^(?:eks:|aksService$|azure-policy|gcp:|openshift-)/;
const CLOUD_SERVICE_ACCOUNT = /\.gserviceaccount\.com$/;
const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";
const PROVIDER_EXTRA = ["arn", "canonicalarn", "iam.gke.io/user-assertion", "oid", "scopes.authorization.openshift.io"];

/** What kind of user the name says it is. */
export function kindOfUser({ username }: EventUser): AuditedUserKind {
  if (username === "system:anonymous") return "anonymous";
  if (username.startsWith(SERVICE_ACCOUNT) || CLOUD_SERVICE_ACCOUNT.test(username)) return "service-account";
  if (username.startsWith("system:") && !PEOPLE.has(username)) return "component";
  return PROVIDER_COMPONENT.test(username) ? "component" : "person";
}

/** How the user was authenticated; `unknown` when the event shows only a name. */
export function methodOf(user: EventUser): SignInMethod {
  if (user.username.startsWith(SERVICE_ACCOUNT)) return "service-account";
  const extra = user.extra ?? {};
  const credential = extra[CREDENTIAL_ID]?.[0] ?? "";
  if (credential.startsWith("X509SHA256=") || PEOPLE.has(user.username)) return "client-certificate";
  const names = Object.keys(extra).map((key) => key.toLowerCase());
  if (credential.startsWith("JTI=") || PROVIDER_EXTRA.some((key) => names.includes(key))) return "identity-provider";
  // The API server puts the issuer before the name unless told otherwise; no other authenticator does.
  return /^https:\/\/[^#]+#/.test(user.username) ? "identity-provider" : "unknown";
}
