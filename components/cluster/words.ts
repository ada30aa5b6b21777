import type { z } from "zod";
import type { agentState } from "@/lib/api/clusters";
import type { provider } from "@/lib/api/common";

export type AgentState = z.infer<typeof agentState>;
export type Provider = z.infer<typeof provider>;

export const PROVIDER_WORDS: Record<Provider, string> = {
  "self-managed": "Self-managed",
  eks: "EKS",
  gke: "GKE",
  aks: "AKS",
  openshift: "OpenShift",
  k3s: "K3s",
  rke2: "RKE2",
  other: "Other",
};

export const AGENT_STATES: Record<
  AgentState,
  { word: string; meaning: string; tone: "good" | "quiet" | "warn" | "bad" }
> = {
  "awaiting-agent": {
    word: "Waiting for the agent",
    meaning: "No agent is enrolled. One is as soon as the command has been run in the cluster.",
    tone: "quiet",
  },
  enrolled: { word: "Connected", meaning: "The agent reports as expected.", tone: "good" },
  silent: { word: "Silent", meaning: "The agent has not been heard for longer than it should take.", tone: "warn" },
  revoked: { word: "Revoked", meaning: "The agent's keys were revoked; its reports are refused.", tone: "bad" },
  quarantined: {
    word: "Quarantined",
    meaning:
      "Two agents reported under one identity, so a key may have been copied. Reports are kept aside and not evaluated.",
    tone: "bad",
  },
};

/** What a new enrolment command does, by how the agent stands now and whether a token is open already. */
export function enrolWords(agent: AgentState, isTokenOpen: boolean): string {
  const token = isTokenOpen ? " The token that is open now stops working." : "";
  switch (agent) {
    case "awaiting-agent":
      return `Makes a new command.${token}`;
    case "revoked":
      return `Makes a new command. The revoked agent stays refused; reports come in again when a new one has enrolled.${token}`;
    case "quarantined":
      return `Makes a new command. The agent in quarantine stays there until a new one has enrolled in its place.${token}`;
    default:
      return `For a new agent version, a rebuilt cluster or a lost key. The agent of today works until the new one has enrolled.${token}`;
  }
}

/** `EKS 1.31`, `Self-managed`; the patch version is left to the cluster's own page. */
export function platformWords(provider: Provider, version: string | null): string {
  const short = version === null ? null : (/^v?(\d+\.\d+)/.exec(version)?.[1] ?? version);
  return short === null ? PROVIDER_WORDS[provider] : `${PROVIDER_WORDS[provider]} ${short}`;
}
