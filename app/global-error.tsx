"use client";
import { PageError } from "@/components/page-error";
import "./globals.css";

export default function GlobalError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Ringfence did not load</title>
        <main className="grid min-h-dvh place-items-center">
          <PageError {...props} title="Ringfence did not load" />
        </main>
      </body>
    </html>
  );
}
