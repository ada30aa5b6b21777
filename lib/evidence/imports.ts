/** The uploaded documents that a scan was evaluated with: what each of them said, and which file it was. */
import type { ImportedParts } from "@/lib/inventory/imports";

export interface EvidenceImport {
  id: string;
  kind: string;
  /** Of the kind, in words. */
  title: string;
  /** As the uploader named the file. */
  name: string;
  scope: "cluster" | "organization";
  /** SHA-256 of the file, lower-case hex: `sha256sum FILE` must print it. */
  digest: string;
  bytes: number;
  /** ISO 8601, UTC: when the source was read, as the uploader said. */
  collectedAt: string;
  uploadedAt: string;
  uploadedBy: string;
  /** What the document said, as it was read: the facts and register entries that controls saw. */
  parts: ImportedParts;
}

/** Where a document lies in the package. The name is a person's, so it is inside the file and never in the path. */
export function importPath({ kind, id, digest }: Pick<EvidenceImport, "kind" | "id" | "digest">): string {
  return `imports/${kind}-${digest.slice(0, 12)}-${id.slice(0, 8)}.json`;
}

/** What the lists of a package say of a document. */
export function importHead(document: EvidenceImport) {
  const { id, kind, title, name, scope, digest, bytes, collectedAt, uploadedAt, uploadedBy } = document;
  const sha256 = digest;
  return {
    id,
    kind,
    title,
    name,
    scope,
    sha256,
    bytes,
    collectedAt,
    uploadedAt,
    uploadedBy,
    file: importPath(document),
  };
}

export function* importFiles(
  imports: readonly EvidenceImport[],
): Generator<{ path: string; content: Iterable<string> }> {
  for (const document of imports) {
    const { facts, registers } = document.parts;
    const text = JSON.stringify({ ...importHead(document), facts: facts ?? {}, registers: registers ?? {} }, null, 1);
    yield { path: importPath(document), content: [`${text}\n`] };
  }
}
