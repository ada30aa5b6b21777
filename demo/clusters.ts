/** The four clusters of the demo: which folders make them, and how they are registered. */
import { join } from "node:path";
import type { Provider } from "@/lib/inventory/snapshot";

export interface DemoCluster {
  name: string;
  project: string;
  provider: Provider;
  folders: readonly string[];
  /** Resources that this cluster's platform team strikes out of the agent's ClusterRole before it applies the manifest. */
  withheld?: readonly string[];
  /** Its platform team lets the agent read ConfigMaps too (chart value readConfigMaps). */
  readsConfigMaps?: true;
}

const CLUSTERS = join(import.meta.dirname, "../lib/fixtures/clusters");
const folders = (name: string) => [join(CLUSTERS, "crds"), join(CLUSTERS, name)];

export const DEMO_CLUSTERS: readonly DemoCluster[] = [
  {
    name: "pci-prod",
    project: "pci-production",
    provider: "self-managed",
    folders: folders("pci-prod"),
    readsConfigMaps: true,
  },
  {
    name: "pci-staging",
    project: "pci-staging",
    provider: "self-managed",
    folders: folders("pci-staging"),
    readsConfigMaps: true,
  },
  {
    name: "platform-services",
    project: "platform-services",
    provider: "eks",
    folders: folders("platform-services"),
    withheld: ["ingresses", "clusterrolebindings"],
  },
  { name: "development", project: "development", provider: "self-managed", folders: folders("development") },
];

/** Runs beside the four without an agent, so that somebody can register a cluster with `kubectl apply` and watch it arrive. */
export const SPARE_CLUSTER = { name: "spare", folders: folders("pci-staging") } as const;

/** A name that no registry can answer for (RFC 2606), pinned as in production; the simulated kubelets know the image by its name. */
export const AGENT_IMAGE =
  "registry.invalid/ringfence/agent:0.1.0@sha256:c64ac3880021bc5b8ad4a7f89784d1cb334ca3dae3645c6b00281e47df23ee6e";

export const DEMO_ORGANIZATION = {
  slug: "meridian",
  name: "Meridian Payments",
  projects: [
    { slug: "pci-production", name: "PCI production" },
    { slug: "pci-staging", name: "PCI staging" },
    { slug: "platform-services", name: "Platform services" },
    { slug: "development", name: "Development" },
  ],
} as const;
