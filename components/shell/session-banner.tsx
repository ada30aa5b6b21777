"use client";
import { Timer } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { request } from "../request";
import { formatCountdown } from "../status/time";
import { IDLE_MINUTES, type SessionView, sessionView, shouldReport } from "./session-watch";

/**
 * 15 minutes without a person's gesture end the session. Only a trusted pointer or key event counts (`isTrusted`); polling never does, and
 * neither does opening a page by itself. What is left comes from the server, so that a wrong clock in the browser does no harm.
 */
export function SessionBanner({
  idleLeftMilliseconds,
  absoluteLeftMilliseconds,
}: {
  idleLeftMilliseconds: number;
  absoluteLeftMilliseconds: number;
}) {
  const ends = useRef({ idle: Number.POSITIVE_INFINITY, absolute: Number.POSITIVE_INFINITY });
  const lastReported = useRef(0);
  const [view, setView] = useState<SessionView>({ kind: "quiet" });

  const report = useCallback(() => {
    const now = Date.now();
    lastReported.current = now;
    request("/api/session/gesture", { method: "POST" }).then(
      () => {
        ends.current.idle = now + IDLE_MINUTES * 60_000;
        setView(sessionView(Date.now(), ends.current.idle, ends.current.absolute));
      },
      // Not answered: the server's clock decides, so the countdown goes on from the last gesture that arrived.
      () => undefined,
    );
  }, []);

  useEffect(() => {
    const now = Date.now();
    ends.current = { idle: now + idleLeftMilliseconds, absolute: now + absoluteLeftMilliseconds };
    const onGesture = (event: Event) => {
      if (event.isTrusted && shouldReport(Date.now(), lastReported.current)) report();
    };
    window.addEventListener("pointerdown", onGesture, { passive: true });
    window.addEventListener("keydown", onGesture, { passive: true });
    const timer = setInterval(() => setView(sessionView(Date.now(), ends.current.idle, ends.current.absolute)), 1000);
    return () => {
      window.removeEventListener("pointerdown", onGesture);
      window.removeEventListener("keydown", onGesture);
      clearInterval(timer);
    };
  }, [report, idleLeftMilliseconds, absoluteLeftMilliseconds]);

  if (view.kind === "quiet") return null;
  return (
    <div
      role={view.kind === "ended" ? "alert" : "status"}
      className="no-print flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-warn-line bg-warn-tint px-5 py-1.5 text-warn-fg"
    >
      <Timer size={15} aria-hidden="true" />
      {view.kind === "warning" ? (
        <>
          <span>
            You will be signed out in <b className="font-strong">{formatCountdown(view.leftMilliseconds)}</b>
            {view.canStay ? ", because nothing was pressed for 13 minutes." : ": a session lasts 12 hours at most."}
          </span>
          {view.canStay ? (
            <Button small onClick={report}>
              Stay signed in
            </Button>
          ) : null}
        </>
      ) : (
        <>
          <span>
            Your session has ended after {view.because === "idle" ? "15 minutes without a gesture" : "12 hours"}.
          </span>
          <Button small onClick={() => window.location.reload()}>
            Sign in again
          </Button>
        </>
      )}
    </div>
  );
}
