/**
 * Image references, read as container runtimes read them.
 *
 * The first segment is a host if it holds a dot or a colon or is `localhost`; else the host is docker.io, and a name of one segment
 * lies below `library`. A colon before the last slash belongs to the host; `@sha256:…` names the build.
 * Source: distribution's reference grammar.
 */
export interface ImageReference {
  host: string;
  /** Host and path, normal form: `docker.io/library/nginx`. */
  repository: string;
  tag: string | null;
  digest: string | null;
}

const DOCKER_HUB = "docker.io";

/** Null for an empty text. */
export function parseImage(reference: string): ImageReference | null {
  if (reference === "") return null;
  const at = reference.indexOf("@");
  const name = at < 0 ? reference : reference.slice(0, at);
  const digest = at < 0 ? null : reference.slice(at + 1);
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const path = hasTag ? name.slice(0, colon) : name;
  const tag = hasTag ? name.slice(colon + 1) : null;
  return { ...normalRepository(path), tag, digest };
}

/** Host and normal form of a repository without tag or digest. */
export function normalRepository(path: string): { host: string; repository: string } {
  const slash = path.indexOf("/");
  const first = slash < 0 ? "" : path.slice(0, slash);
  const isHost = first !== "" && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const host = isHost
    ? first === "index.docker.io" || first === "registry-1.docker.io"
      ? DOCKER_HUB
      : first
    : DOCKER_HUB;
  const rest = isHost ? path.slice(slash + 1) : path;
  const isOfficial = host === DOCKER_HUB && !rest.includes("/");
  return { host, repository: `${host}/${isOfficial ? "library/" : ""}${rest}` };
}

/** True when the repository is the prefix or lies below it; `registry.example.com` is no prefix of `registry.example.com.evil.net`. */
export function isBelow(repository: string, prefix: string): boolean {
  const bare = prefix.replace(/\/+$/, "");
  const normal = bare.includes("/")
    ? normalRepository(bare).repository
    : bare === "index.docker.io"
      ? DOCKER_HUB
      : bare;
  // `docker.io/payments` is a folder of repositories, not the official image of that name.
  const wanted = bare.startsWith(`${DOCKER_HUB}/`) && !bare.slice(DOCKER_HUB.length + 1).includes("/") ? bare : normal;
  return repository === wanted || repository.startsWith(`${wanted}/`);
}

/** Registries that anybody may push to. */
export function isPublicHub(host: string): boolean {
  return PUBLIC_HUBS.has(host);
}
const PUBLIC_HUBS: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  "quay.io",
  "ghcr.io",
  "gcr.io",
  "public.ecr.aws",
  "registry.gitlab.com",
]);
