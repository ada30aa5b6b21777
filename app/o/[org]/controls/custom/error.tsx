"use client";
import { PageError } from "@/components/page-error";

export default function OwnControlsError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="The own controls did not load" />;
}
