"use client";
import { PageError } from "@/components/page-error";

export default function SectionError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="The fleet did not load" />;
}
