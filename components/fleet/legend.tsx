const ENTRIES = [
  { status: "ready", word: "Ready" },
  { status: "fail", word: "Failing controls", text: "2" },
  { status: "fail", word: "one is critical", text: "4", critical: true },
  { status: "unknown", word: "Could not evaluate" },
  { status: "needs-attestation", word: "Needs attestation" },
  { status: "not-applicable", word: "Not applicable" },
  { status: "ready", word: "Stale", stale: true },
  { status: "not-assessed", word: "Not assessed" },
] as const;

/** What the tiles mean. */
export function FleetLegend() {
  return (
    <ul aria-label="Legend" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-small text-fg-3">
      {ENTRIES.map((entry) => (
        <li key={entry.word} className="flex items-center gap-1.5">
          <span
            aria-hidden="true"
            className="tile tile-legend"
            data-status={entry.status}
            data-critical={"critical" in entry ? "" : undefined}
            data-stale={"stale" in entry ? "" : undefined}
          >
            {"text" in entry ? entry.text : null}
          </span>
          {entry.word}
        </li>
      ))}
    </ul>
  );
}
