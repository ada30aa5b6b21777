import type { ControlDetail } from "@/lib/api/assessment";
import { StatusIcon } from "../status/status-icon";
import { STATUSES, type Status } from "../status/statuses";

type Rule = ControlDetail["rule"];

/** The rule in words, the specification that the code is held against. */
export function RuleInWords({ rule }: { rule: Rule }) {
  const lines: { status: Status; text: string }[] = [
    { status: "pass", text: rule.pass },
    { status: "fail", text: rule.fail },
    { status: "unknown", text: rule.unknown },
    { status: "not-applicable", text: rule.notApplicable },
  ];
  return (
    <div className="card divide-y divide-line">
      <p className="grid grid-cols-[150px_minmax(0,1fr)] gap-2.5 px-3.5 py-2 max-sm:grid-cols-1 max-sm:gap-0.5">
        <span className="text-fg-3">Reads</span>
        <span>{rule.reads}</span>
      </p>
      {lines.map(({ status, text }) => (
        <p
          key={status}
          className="grid grid-cols-[150px_minmax(0,1fr)] gap-2.5 px-3.5 py-2 max-sm:grid-cols-1 max-sm:gap-0.5"
        >
          <span className="flex items-center gap-1.5 self-start font-medium">
            <StatusIcon shape={STATUSES[status].shape} tone={STATUSES[status].tone} size={14} /> {STATUSES[status].word}
          </span>
          <span className="text-fg-2">{text}</span>
        </p>
      ))}
    </div>
  );
}
