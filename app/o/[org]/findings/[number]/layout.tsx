import type { ReactNode } from "react";
import { readFinding } from "./read";

/** Asks whether the finding is there before anything is sent: behind loading.tsx the answer would have begun with status 200. */
export default async function FindingLayout({
  params,
  children,
}: {
  params: Promise<{ org: string; number: string }>;
  children: ReactNode;
}) {
  const { org, number } = await params;
  await readFinding(org, number);
  return children;
}
