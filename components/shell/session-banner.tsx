"use client";
import { Timer } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { request } from "../request";
import { formatCountdown } from "../status/time";
import { sessionView, shouldReport, type SessionView } from "./session-watch";

/**
 * 15 minutes without a person's gesture end the session. Only a trusted pointer or key event counts (`isTrusted`); polling never does.
 * Opening a page is a gesture the server has seen itself. Two minutes before the end a banner says so.
 */
export function SessionBanner() {
  const lastGesture = useRef(0);
  const lastReported = useRef(0);
  const [view, setView] = useState<SessionView>({ kind: "quiet" });

  const report = useCallback(() => {
    const now = Date.now();
    lastReported.current = now;
    request("/api/session/gesture", { method: "POST" }).then(
      () => {
        lastGesture.current = now;
        setView({ kind: "quiet" });
      },
      // Not answered: the server's clock decides, so the countdown goes on from the last gesture that arrived.
      () => undefined,
    );
  }, []);

  useEffect(() => {
    lastGesture.current = Date.now();
    lastReported.current = Date.now();
    const onGesture = (event: Event) => {
      if (event.isTrusted && shouldReport(Date.now(), lastReported.current)) report();
    };
    window.addEventListener("pointerdown", onGesture, { passive: true });
    window.addEventListener("keydown", onGesture, { passive: true });
    const timer = setInterval(() => setView(sessionView(Date.now(), lastGesture.current)), 1000);
    return () => {
      window.removeEventListener("pointerdown", onGesture);
      window.removeEventListener("keydown", onGesture);
      clearInterval(timer);
    };
  }, [report]);

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
            You will be signed out in <b className="font-strong">{formatCountdown(view.leftMilliseconds)}</b>, because
            nothing was pressed for 13 minutes.
          </span>
          <Button small onClick={report}>
            Stay signed in
          </Button>
        </>
      ) : (
        <>
          <span>Your session has ended after 15 minutes without a gesture.</span>
          <Button small onClick={() => window.location.reload()}>
            Sign in again
          </Button>
        </>
      )}
    </div>
  );
}
