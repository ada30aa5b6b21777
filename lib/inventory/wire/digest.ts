/** SHA-256 digests as text, and the two texts of a snapshot that are hashed: the manifest's and the chain's. */
import { z } from "zod";

/** SHA-256 in lower-case hexadecimal. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hexadecimal");

/**
 * JSON with the keys of every object in code point order and no white space: the same value gives the same bytes on both
 * sides, whatever order a parser or a database kept. Values `undefined` are left out, as in JSON.stringify.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/**
 * What is hashed for a commit's digest: the snapshot, its manifest and the commit before it. Both sides can compute it;
 * a copy of the key that commits from elsewhere makes two commits with one `prev`, which the server sees as a fork.
 */
export function commitDigestText(commit: { snapshotId: string; manifestDigest: string; prev: string | null }): string {
  return `ringfence-commit-v1\n${commit.snapshotId}\n${commit.manifestDigest}\n${commit.prev ?? ""}`;
}
