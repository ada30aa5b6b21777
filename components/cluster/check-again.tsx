"use client";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useRefresh } from "../live";
import { Problem } from "../problem";
import { request } from "../request";

/** Asks the agent for a full inventory at its next heartbeat. */
export function CheckAgain({
  organization,
  slug,
  wide = false,
}: {
  organization: string;
  slug: string;
  wide?: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const toast = useToast();
  const refresh = useRefresh();
  const ask = () => {
    setBusy(true);
    request(`/api/o/${organization}/clusters/${slug}/rescan`, { method: "POST" })
      .then(
        () => {
          toast({
            tone: "done",
            title: "Check requested",
            text: "The agent reads the cluster again at its next call, within half a minute.",
          });
          return refresh();
        },
        (error: unknown) =>
          toast({ tone: "problem", title: "The check was not requested", text: <Problem error={error} /> }),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Button tone="primary" onClick={ask} disabled={busy} className={wide ? "w-full" : undefined}>
      <RefreshCw size={14} aria-hidden="true" /> Check again
    </Button>
  );
}
