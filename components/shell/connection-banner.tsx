"use client";
import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";

function subscribe(listener: () => void) {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/** Says that what is on screen can't be refreshed. */
export function ConnectionBanner() {
  const online = useSyncExternalStore(
    subscribe,
    () => navigator.onLine,
    () => true,
  );
  if (online) return null;
  return (
    <output className="no-print flex items-center gap-2 border-b border-warn-line bg-warn-tint px-5 py-1.5 text-warn-fg">
      <WifiOff size={15} aria-hidden="true" /> No connection. What you see is from before; it refreshes when the
      connection is back.
    </output>
  );
}
