"use client";
import { PageError } from "@/components/page-error";

export default function OrganizationError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return <PageError {...props} title="This page did not load" />;
}
