"use client";
import { TimerOff, Timer } from "lucide-react";
import { useEffect, useState } from "react";
import type { EnrolmentIssued } from "@/lib/api/clusters";
import { Button } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { formatCountdown } from "../status/time";
import { maskToken } from "./mask-token";

/**
 * The one command. The token is masked on the screen (somebody may look over the shoulder, a screenshot may travel) and whole in the copy.
 * When it has run out the command goes away and a new one is offered.
 */
export function EnrolmentCommand({
  issued,
  used,
  onRenew,
  renewing,
}: {
  issued: EnrolmentIssued;
  /** An agent has taken the token. */
  used: boolean;
  onRenew: () => void;
  renewing: boolean;
}) {
  const left = useTimeLeft(issued.expiresAt);
  if (used) return <p className="text-fg-3">The token has been used. It is worth nothing now.</p>;
  if (left !== null && left <= 0) {
    return (
      <div className="flex flex-wrap items-center gap-3 rounded-lg border border-warn-line bg-warn-tint px-3 py-2 text-warn-fg">
        <TimerOff size={16} aria-hidden="true" />
        <span className="flex-1">This token has expired. Nothing was enrolled with it.</span>
        <Button small onClick={onRenew} disabled={renewing}>
          New command
        </Button>
      </div>
    );
  }
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-fg-3">
        <span className="flex items-center gap-1.5">
          <Timer size={14} aria-hidden="true" />
          <span>
            Works once, for <b className="font-strong text-fg">{left === null ? "one hour" : formatCountdown(left)}</b>{" "}
            more
          </span>
        </span>
        <span className="ml-auto">
          <Button tone="quiet" small onClick={onRenew} disabled={renewing}>
            New command
          </Button>
        </span>
      </div>
      <CodeBlock
        title="Run it with a kubeconfig of the cluster"
        language="shell"
        text={maskToken(issued.command, issued.token)}
        copyText={issued.command}
        copyTone="primary"
        maxHeight="15rem"
      />
      <p className="text-small text-fg-3">
        The copy holds the whole token; the screen shows a part of it. It travels inside a Secret, never in an address.
      </p>
    </div>
  );
}

/** Milliseconds until `expiresAt`, moving once a second; null before the first tick. */
function useTimeLeft(expiresAt: string): number | null {
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    const move = () => setLeft(new Date(expiresAt).getTime() - Date.now());
    move();
    const timer = setInterval(move, 1000);
    return () => clearInterval(timer);
  }, [expiresAt]);
  return left;
}
