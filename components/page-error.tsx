"use client";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/states";

/** A page of ours broke: its reference for support and a way to try again. */
export function PageError({
  error,
  retry,
  title,
}: {
  error: Error & { digest?: string };
  retry: () => void;
  title: string;
}) {
  return (
    <ErrorState
      level={1}
      title={title}
      reference={error.digest ?? null}
      actions={
        <Button tone="primary" onClick={() => retry()}>
          Try again
        </Button>
      }
    />
  );
}
