"use client";
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button";

/**
 * Copies `text`. Says "Copied" in place for two seconds; where the browser refuses the clipboard (no https, no permission)
 * it says so instead of looking as if it had worked.
 */
export function CopyButton({
  text,
  label = "Copy",
  tone = "quiet",
  accessibleLabel,
}: {
  text: string;
  label?: string;
  tone?: "quiet" | "default" | "primary";
  accessibleLabel?: string;
}) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // Browsers offer no clipboard on an insecure origin.
    if (navigator.clipboard === undefined) setState("refused");
    else
      navigator.clipboard.writeText(text).then(
        () => setState("copied"),
        () => setState("refused"),
      );
  };
  return (
    <Button tone={tone} small onClick={copy} aria-label={state === "idle" ? accessibleLabel : undefined}>
      {state === "copied" ? <Check size={13} aria-hidden="true" /> : <Copy size={13} aria-hidden="true" />}
      <span aria-live="polite">
        {state === "idle" ? label : state === "copied" ? "Copied" : "Copying was refused: select the text"}
      </span>
    </Button>
  );
}
