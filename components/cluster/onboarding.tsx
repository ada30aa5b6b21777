import { CircleDashed } from "lucide-react";
import type { ClusterDetail } from "@/lib/api/clusters";
import { Spinner } from "@/components/ui/spinner";
import { Moment } from "../status/moment";
import { StatusIcon } from "../status/status-icon";

type Step = ClusterDetail["onboarding"][number];

const NAMES: Record<Step["id"], string> = {
  "first-contact": "First contact",
  identity: "Identity",
  permissions: "Permissions",
  "first-inventory": "First inventory",
  "first-results": "First results",
};

/** The five steps from the command to the first result, in fixed order, with real counts and never a made-up bar. */
export function Onboarding({ steps }: { steps: readonly Step[] }) {
  return (
    <ol aria-label="Progress" aria-live="polite" className="card divide-y divide-line">
      {steps.map((step) => (
        <li
          key={step.id}
          className="grid min-h-10.5 grid-cols-[18px_minmax(0,1fr)_auto] items-center gap-x-2.5 px-3.5 py-2"
        >
          <StepMark state={step.id === "first-contact" && step.state === "waiting" ? "running" : step.state} />
          <span className={step.state === "waiting" ? "text-fg-3" : undefined}>
            <b className="font-strong">{NAMES[step.id]}</b>{" "}
            <span
              className={
                step.state === "warning" ? "text-warn-fg" : step.state === "failed" ? "text-fail-fg" : "text-fg-3"
              }
            >
              {step.text}
            </span>
          </span>
          <span className="text-fg-3">
            {step.done !== null && step.total !== null ? (
              `${step.done.toLocaleString("en")} of ${step.total.toLocaleString("en")}`
            ) : step.at ? (
              <span className="text-small">
                <Moment at={step.at} />
              </span>
            ) : null}
          </span>
          {step.state === "running" && step.done !== null && step.total !== null && step.total > 0 ? (
            <progress
              aria-label={`${NAMES[step.id]}: ${step.done} of ${step.total}`}
              className="progress col-span-2 col-start-2 mt-1.5"
              value={step.done}
              max={step.total}
            />
          ) : null}
        </li>
      ))}
    </ol>
  );
}

function StepMark({ state }: { state: Step["state"] }) {
  switch (state) {
    case "waiting":
      return <CircleDashed size={16} aria-label="waiting" className="text-none" />;
    case "running":
      return (
        <>
          <Spinner />
          <span className="sr-only">running</span>
        </>
      );
    case "done":
      return (
        <span>
          <StatusIcon shape="circle-tick" tone="pass" />
          <span className="sr-only">done</span>
        </span>
      );
    case "warning":
      return (
        <span>
          <StatusIcon shape="triangle-mark" tone="warn" />
          <span className="sr-only">done with something missing</span>
        </span>
      );
    case "failed":
      return (
        <span>
          <StatusIcon shape="octagon-cross" tone="fail" />
          <span className="sr-only">failed</span>
        </span>
      );
  }
}
