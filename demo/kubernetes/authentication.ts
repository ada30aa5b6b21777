/**
 * Who is asking: client certificates (common name = user, organizations = groups), service account tokens, the fixed tokens
 * of the simulator's own kubeconfigs, and otherwise system:anonymous, unless the cluster's API server says --anonymous-auth=false.
 */
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign, verify } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { authorize, type User } from "./authorization";
import type { Pod } from "./objects";
import { unauthorized } from "./status";
import { objectKey, type Store } from "./store";

const ISSUER = "https://kubernetes.default.svc.cluster.local";

export interface AuthenticationOptions {
  store: Store;
  /** PEM of the EC key that service account tokens are signed with. */
  tokenKeyPem: string;
  /** Token → user. */
  tokens: ReadonlyMap<string, User>;
  now(): number;
}

interface Claims {
  iss: string;
  aud: string[];
  exp: number;
  iat: number;
  jti: string;
  sub: string;
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
  };
}

export class Authentication {
  private readonly key;
  private readonly publicKey;

  constructor(private readonly options: AuthenticationOptions) {
    this.key = createPrivateKey(options.tokenKeyPem);
    this.publicKey = createPublicKey(this.key);
  }

  /** A bound service account token (JWT, ES256), as the TokenRequest API issues it. */
  issueToken(namespace: string, name: string, lifetimeSeconds: number, pod?: Pod): { token: string; expiresAt: Date } {
    const account = this.options.store.get("/serviceaccounts", objectKey(namespace, name));
    if (!account) throw unauthorized();
    const issuedAt = Math.floor(this.options.now() / 1000);
    const claims: Claims = {
      aud: [ISSUER],
      exp: issuedAt + lifetimeSeconds,
      iat: issuedAt,
      iss: ISSUER,
      jti: randomUUID(),
      "kubernetes.io": {
        namespace,
        serviceaccount: { name, uid: account.metadata.uid ?? "" },
        ...(pod ? { pod: { name: pod.metadata.name, uid: pod.metadata.uid ?? "" } } : {}),
      },
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const kid = createHash("sha256")
      .update(this.publicKey.export({ type: "spki", format: "der" }))
      .digest("base64url");
    const signed = `${part({ alg: "ES256", kid })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: this.key, dsaEncoding: "ieee-p1363" });
    return { token: `${signed}.${signature.toString("base64url")}`, expiresAt: new Date(claims.exp * 1000) };
  }

  /** @returns the user of a token, or null when the token is not valid here and now. */
  findTokenUser(token: string): User | null {
    const fixed = this.options.tokens.get(token);
    if (fixed) return { ...fixed, groups: [...fixed.groups, "system:authenticated"] };
    const parts = token.split(".");
    if (parts.length !== 3) return null;
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    const signature = Buffer.from(parts[2]!, "base64url");
    if (!verify("sha256", signed, { key: this.publicKey, dsaEncoding: "ieee-p1363" }, signature)) return null;
    const claims = JSON.parse(Buffer.from(parts[1]!, "base64url").toString("utf8")) as Claims;
    if (claims.iss !== ISSUER || claims.exp * 1000 <= this.options.now()) return null;
    const bound = claims["kubernetes.io"];
    const account = this.options.store.get("/serviceaccounts", objectKey(bound.namespace, bound.serviceaccount.name));
    // A token dies with its service account and with the pod that it is bound to.
    if (!account || account.metadata.uid !== bound.serviceaccount.uid) return null;
    if (bound.pod && !this.options.store.get("/pods", objectKey(bound.namespace, bound.pod.name))) return null;
    return {
      name: claims.sub,
      uid: bound.serviceaccount.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${bound.namespace}`, "system:authenticated"],
    };
  }

  /** @throws StatusError 401 for a credential that is not valid, 403 for an impersonation that is not allowed. */
  authenticate(request: IncomingMessage): User {
    const user = this.authenticateDirectly(request);
    const impersonated = request.headers["impersonate-user"];
    if (typeof impersonated !== "string" || impersonated === "") return user;
    return this.impersonate(user, impersonated, request);
  }

  private authenticateDirectly(request: IncomingMessage): User {
    const socket = request.socket as TLSSocket;
    if (socket.authorized) {
      const { subject } = socket.getPeerCertificate();
      const many = (value: string | string[] | undefined) => (value === undefined ? [] : [value].flat());
      const name = many(subject?.CN as string | string[] | undefined)[0];
      if (name) return { name, groups: [...many(subject.O as string | string[] | undefined), "system:authenticated"] };
    }
    const header = request.headers.authorization;
    if (header !== undefined) {
      const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
      let user: User | null = null;
      try {
        user = token ? this.findTokenUser(token) : null;
      } catch {
        // Whatever cannot be parsed as a token is not one.
      }
      if (!user) throw unauthorized();
      return user;
    }
    if (!this.isAnonymousAllowed()) throw unauthorized();
    return { name: "system:anonymous", groups: ["system:unauthenticated"] };
  }

  private impersonate(user: User, name: string, request: IncomingMessage): User {
    const groups = [request.headers["impersonate-group"] ?? []].flat().flatMap((value) => value.split(", "));
    const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
    if (account) {
      authorize(this.options.store, user, {
        verb: "impersonate",
        group: "",
        resource: "serviceaccounts",
        namespace: account[1],
        name: account[2],
      });
    } else authorize(this.options.store, user, { verb: "impersonate", group: "", resource: "users", name });
    for (const group of groups)
      authorize(this.options.store, user, { verb: "impersonate", group: "", resource: "groups", name: group });
    const own =
      account && groups.length === 0 ? ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`] : [];
    return {
      name,
      groups: [
        ...new Set([
          ...groups,
          ...own,
          name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated",
        ]),
      ],
    };
  }

  /** The default of the flag is true; a cluster whose control plane is hidden answers like one with the default. */
  private isAnonymousAllowed(): boolean {
    return !this.options.store
      .all<Pod>("/pods")
      .some(
        (pod) =>
          pod.metadata.namespace === "kube-system" &&
          pod.metadata.labels?.component === "kube-apiserver" &&
          pod.spec.containers.some((container) =>
            [...(container.command ?? []), ...(container.args ?? [])].includes("--anonymous-auth=false"),
          ),
      );
  }
}
