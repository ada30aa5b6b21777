/** The organization's own controls that a scan was evaluated with: every expression, what it counts toward, and which revision. */
import { definitionText } from "@/lib/controls/custom/definition-text";
import type { CustomControlDefinition } from "@/lib/controls/custom/types";

export interface EvidenceCustomControl {
  id: string;
  revision: number;
  /** SHA-256 of the definition's text, lower-case hex. */
  digest: string;
  definition: CustomControlDefinition;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
}

/** Where a revision lies in the package. */
export function customControlPath({ id, revision }: Pick<EvidenceCustomControl, "id" | "revision">): string {
  return `custom-controls/${id}-r${revision}.json`;
}

/** What the lists of a package say of a revision. */
export function customControlHead(control: EvidenceCustomControl) {
  const { id, revision, digest, createdAt, createdBy, definition } = control;
  const { title, severity, requirements } = definition;
  return {
    id,
    title,
    severity,
    revision,
    sha256: digest,
    createdAt,
    createdBy,
    requirements,
    file: customControlPath(control),
  };
}

export function* customControlFiles(
  controls: readonly EvidenceCustomControl[],
): Generator<{ path: string; content: Iterable<string> }> {
  for (const control of controls) {
    const definition = JSON.parse(definitionText(control.definition)) as unknown;
    const text = JSON.stringify({ ...customControlHead(control), definition }, null, 1);
    yield { path: customControlPath(control), content: [`${text}\n`] };
  }
}
