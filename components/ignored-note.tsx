import Link from "next/link";
import { addressOf, type SearchParams } from "@/components/ui/address";
import { Note } from "@/components/ui/note";

/** Says which parameters of the address mean nothing here and were left out, so that nobody takes the whole list for a filtered one. */
export function IgnoredNote({
  path,
  params,
  ignored,
}: {
  path: string;
  params: SearchParams;
  ignored: readonly string[];
}) {
  if (ignored.length === 0) return null;
  const without = addressOf(path, params, Object.fromEntries(ignored.map((name) => [name, null])));
  return (
    <Note
      tone="warn"
      role="status"
      actions={
        <Link prefetch={false} className="link" href={without}>
          Remove {ignored.length === 1 ? "it" : "them"} from the address
        </Link>
      }
    >
      <b className="font-strong">
        {ignored.map((name, index) => (
          <span key={name}>
            {index === 0 ? "" : ", "}
            <code className="mono">
              {name}={one(params[name])}
            </code>
          </span>
        ))}{" "}
        {ignored.length === 1 ? "is" : "are"} not known here and {ignored.length === 1 ? "was" : "were"} left out.
      </b>{" "}
      What is shown is not filtered by {ignored.length === 1 ? "it" : "them"}; the rest of the address counts.
    </Note>
  );
}

function one(value: string | string[] | undefined): string {
  const text = (Array.isArray(value) ? value[0] : value) ?? "";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
