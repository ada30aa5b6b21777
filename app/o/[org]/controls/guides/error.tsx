"use client";
import { PageError } from "@/components/page-error";

export default function GuidesError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="The errors of common guides did not load" />;
}
