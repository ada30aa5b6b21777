import type { RequirementDetail } from "@/lib/api/assessment";

const POSITIONS = ["In Place", "Not in Place", "Not Applicable"] as const;

/** The assessor's words, with the one that the evidence points to marked. The finding in the report is never ours. */
export function Position({
  suggested,
  missing,
}: {
  suggested: RequirementDetail["suggestedPosition"];
  /** How many deciding controls the catalogue in use does not have. */
  missing: number;
}) {
  return (
    <>
      <ul className="space-y-1">
        {POSITIONS.map((position) => {
          const marked = position === suggested;
          const look = !marked
            ? "border-line text-fg-3"
            : position === "Not in Place"
              ? "border-fail-line bg-fail-tint font-strong text-fail-fg"
              : "border-line-strong bg-subtle font-strong text-fg";
          return (
            <li key={position} className={`flex h-7.5 items-center gap-2 rounded-control border px-2.5 ${look}`}>
              <span
                aria-hidden="true"
                className={`size-3.5 rounded-full ${marked ? "border-[4.5px] border-current" : "border-[1.5px] border-control"}`}
              />
              {position}
              {marked ? <span className="ml-auto text-small font-book">points here</span> : null}
            </li>
          );
        })}
      </ul>
      <p className="mt-2 text-small text-fg-3">
        {suggested !== null
          ? ""
          : missing > 0
            ? `No word is suggested: ${missing === 1 ? "a control that decides" : `${missing} controls that decide`} this requirement ${missing === 1 ? "is" : "are"} not in the catalogue in use. `
            : "The evidence points to none of these yet. "}
        The finding in the Report on Compliance is the assessor's decision.
      </p>
    </>
  );
}
