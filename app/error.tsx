"use client";
import { PageError } from "@/components/page-error";

export default function RootError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <main className="grid min-h-dvh place-items-center">
      <PageError {...props} title="Ringfence did not load" />
    </main>
  );
}
