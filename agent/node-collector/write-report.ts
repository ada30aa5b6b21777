/** Puts the report into the cluster: creates it, or replaces the one that is there. */
import type { CustomObject } from "@/lib/inventory/kinds";
import type { KubernetesApi } from "../kubernetes/api";
import { parseExact } from "../kubernetes/list-page";

const REPORTS = "/apis/ringfence.dev/v1/nodereports";
const ATTEMPTS = 5;

/** @throws Error with the API server's answer, KubernetesUnavailable */
export async function writeReport(api: KubernetesApi, report: CustomObject, signal?: AbortSignal): Promise<void> {
  const path = `${REPORTS}/${encodeURIComponent(report.metadata.name)}`;
  for (let attempt = 1; ; attempt++) {
    const found = await api.get(path, signal);
    const answer =
      found.status === 404
        ? await api.write("POST", REPORTS, report, signal)
        : found.status === 200
          ? await api.write("PUT", path, withVersion(report, found.body), signal)
          : found;
    if (answer.status === 200 || answer.status === 201) return;
    // Somebody else made or changed it meanwhile: look again.
    if (answer.status === 409 && attempt < ATTEMPTS) continue;
    throw new Error(`writing the report of ${report.metadata.name} answered ${answer.status}`);
  }
}

function withVersion(report: CustomObject, body: Buffer): CustomObject {
  const { metadata } = parseExact(body) as { metadata?: { resourceVersion?: string } };
  const resourceVersion = metadata?.resourceVersion;
  return resourceVersion === undefined ? report : { ...report, metadata: { ...report.metadata, resourceVersion } };
}
