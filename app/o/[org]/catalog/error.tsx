"use client";
import { PageError } from "@/components/page-error";

export default function SectionError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="The catalogue did not load" />;
}
