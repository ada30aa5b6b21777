"use client";
import { PageError } from "@/components/page-error";

export default function DetailError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="This finding did not load" />;
}
