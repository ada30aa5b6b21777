import { Clock, OctagonX } from "lucide-react";
import { AGENT_STATES, type AgentState } from "./words";

/** The agent's state as a small shape: a dot, a clock, a dashed ring, an octagon. */
export function AgentDot({ state }: { state: AgentState }) {
  const { word, meaning, tone } = AGENT_STATES[state];
  return (
    <span title={`${word}. ${meaning}`} className="grid size-4 shrink-0 place-items-center">
      {tone === "good" ? <i className="block size-[7px] rounded-full bg-pass" /> : null}
      {tone === "quiet" ? (
        <i className="block size-3 rounded-full border-[1.5px] border-dashed border-control" />
      ) : null}
      {tone === "warn" ? <Clock size={14} aria-hidden="true" className="text-warn" /> : null}
      {tone === "bad" ? <OctagonX size={14} aria-hidden="true" className="text-fail" /> : null}
      <span className="sr-only">{word}</span>
    </span>
  );
}
