import type { ResultRow } from "@/lib/api/assessment";
import { ObjectName } from "../object-name";

/** Places in the redacted snapshot that a result rests on: object, JSON pointer, and what was found there where the result hangs on the value. */
export function EvidenceList({ evidence }: { evidence: ResultRow["evidence"] }) {
  if (evidence.length === 0) return null;
  return (
    <ul aria-label="Evidence" className="space-y-1 rounded-lg border border-line bg-subtle px-3 py-2 text-small">
      {evidence.map((item, index) => (
        <li key={index} className="break-words">
          <ObjectName object={item.ref} />{" "}
          <code className="mono text-fg-2">{item.pointer === "" ? "whole object" : item.pointer}</code>
          {item.found === undefined ? null : <code className="mono text-fg"> = {item.found}</code>}
        </li>
      ))}
    </ul>
  );
}
