"use client";
import { useRouter } from "next/navigation";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import type { ClusterDetail } from "@/lib/api/clusters";
import { useLive } from "../live";

const ClusterContext = createContext<ClusterDetail | null>(null);

/** True while something about the cluster may change from second to second. */
export function isBusy(cluster: ClusterDetail): boolean {
  return cluster.scanning || cluster.agent === "awaiting-agent" || cluster.enrolment.state === "open";
}

/** The cluster of this page, as fresh as the last answer. */
export function useCluster(): ClusterDetail {
  const cluster = useContext(ClusterContext);
  if (cluster === null) throw new Error("useCluster is used outside LiveCluster");
  return cluster;
}

function shownOf({ lastScanAt, latestScan }: ClusterDetail): string {
  return `${lastScanAt} ${latestScan?.state === "done" ? latestScan.seq : ""}`;
}

/** Follows one cluster; when a scan ends, the parts that the server draws are read again. */
export function LiveCluster({
  organization,
  initial,
  children,
}: {
  organization: string;
  initial: ClusterDetail;
  children: ReactNode;
}) {
  const { data } = useLive<ClusterDetail>(`/api/o/${organization}/clusters/${initial.slug}`, initial, isBusy);
  const router = useRouter();
  // A snapshot that is evaluated again is as old as before: its scan's number tells.
  const shown = shownOf(data);
  const last = useRef(shown);
  useEffect(() => {
    if (shown === last.current) return;
    last.current = shown;
    router.refresh();
  }, [shown, router]);
  return <ClusterContext value={data}>{children}</ClusterContext>;
}
