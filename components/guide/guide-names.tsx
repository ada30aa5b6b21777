import Link from "next/link";

/** Errors of common guides about one control or requirement, each leading to its place on their page. */
export function GuideNames({ base, errors }: { base: string; errors: readonly { id: string; claim: string }[] }) {
  return (
    <ul className="space-y-2">
      {errors.map(({ id, claim }) => (
        <li key={id}>
          <Link prefetch={false} className="row-link text-fg-2" href={`${base}/controls/guides#${id}`}>
            “{claim}”
          </Link>
        </li>
      ))}
    </ul>
  );
}
