import type { ResultRow } from "@/lib/api/assessment";
import { ObjectName } from "../object-name";

type Pointer = ResultRow["evidence"][number];

/**
 * Places in the redacted snapshot that a result rests on: object, JSON pointer, and what was found there where the result hangs on the value.
 * An object is named once for the pointers that follow each other into it. `limit` leaves the rest to the evidence package, which has all.
 */
export function EvidenceList({
  evidence,
  limit = evidence.length,
}: {
  evidence: ResultRow["evidence"];
  limit?: number;
}) {
  if (evidence.length === 0) return null;
  const shown = evidence.slice(0, limit);
  const more = evidence.length - shown.length;
  return (
    <ul aria-label="Evidence" className="space-y-1 rounded-lg border border-line bg-subtle px-3 py-2 text-small">
      {shown.map((item, index) => (
        <li key={index} className="break-words">
          {isSameObject(item, shown[index - 1]) ? null : (
            <>
              <ObjectName object={item.ref} />{" "}
            </>
          )}
          <code className="mono text-fg-2">
            {item.pointer === "" ? "whole object" : item.pointer}
            {item.found === undefined ? null : <span className="text-fg"> = {item.found}</span>}
          </code>
        </li>
      ))}
      {more > 0 ? <li className="text-fg-3">and {more.toLocaleString("en")} more, in the evidence package</li> : null}
    </ul>
  );
}

function isSameObject({ ref: one }: Pointer, before: Pointer | undefined): boolean {
  const other = before?.ref;
  return other?.kind === one.kind && other.name === one.name && other.namespace === one.namespace;
}
