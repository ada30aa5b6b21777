import type { ReactNode } from "react";
import { readCluster } from "./read";

/** Asks whether the cluster is there before anything is sent: behind loading.tsx the answer would have begun with status 200. */
export default async function ClusterLayout({
  params,
  children,
}: {
  params: Promise<{ org: string; cluster: string }>;
  children: ReactNode;
}) {
  const { org, cluster } = await params;
  await readCluster(org, cluster);
  return children;
}
