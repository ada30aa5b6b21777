import type { ControlDetail } from "@/lib/api/assessment";
import { StatusIcon } from "../status/status-icon";
import { STATUSES, type Status } from "../status/statuses";
import type { ReactNode } from "react";

type Rule = ControlDetail["rule"];

/** The rule in words, the specification that the code is held against; `whole` with why it is evidence and what it can't see. */
export function RuleInWords({ rule, whole = false }: { rule: Rule; whole?: boolean }) {
  const lines: { status: Status; text: string }[] = [
    { status: "pass", text: rule.pass },
    { status: "fail", text: rule.fail },
    { status: "unknown", text: rule.unknown },
    { status: "not-applicable", text: rule.notApplicable },
  ];
  return (
    <dl className="card divide-y divide-line">
      <Line name={<span className="text-fg-3">Reads</span>}>{rule.reads}</Line>
      {lines.map(({ status, text }) => (
        <Line
          key={status}
          name={
            <>
              <StatusIcon shape={STATUSES[status].shape} tone={STATUSES[status].tone} size={14} />{" "}
              {STATUSES[status].word}
            </>
          }
        >
          {text}
        </Line>
      ))}
      {whole ? (
        <>
          <Line name={<span className="text-fg-3">Why this is evidence</span>}>{rule.why}</Line>
          <Line name={<span className="text-fg-3">What it cannot see</span>}>{rule.cannotSee}</Line>
        </>
      ) : null}
    </dl>
  );
}

function Line({ name, children }: { name: ReactNode; children: string }) {
  return (
    <div className="grid grid-cols-[160px_minmax(0,1fr)] gap-2.5 px-3.5 py-2 max-sm:grid-cols-1 max-sm:gap-0.5">
      <dt className="flex items-center gap-1.5 self-start font-medium">{name}</dt>
      <dd className="text-fg-2">{children}</dd>
    </div>
  );
}
