/** Which environment a namespace says it belongs to, by the label and values that the organization has registered. */
import type { Environments } from "@/lib/inventory/registers";
import { isApprovedAt } from "@/lib/inventory/registers";
import { systemNamespaces } from "./network-paths";
import type { EvaluationContext } from "./types";

const DEFAULTS: Pick<EnvironmentLabels, "labelKey" | "production" | "shared"> = {
  labelKey: "environment",
  production: ["production", "prod"],
  shared: ["shared", "platform"],
};

export type Environment =
  | { is: "production" | "other"; value: string }
  /** The platform's own: it serves every environment. */
  | { is: "shared" }
  | { is: "unlabelled" };

export interface EnvironmentLabels {
  labelKey: string;
  /** Values that mean production, the first one to write. */
  production: readonly string[];
  shared: readonly string[];
  isProductionOnly: boolean;
  of(namespace: string): Environment;
}

export function environmentLabels(context: EvaluationContext): EnvironmentLabels {
  const registered: Environments | undefined = context.registers?.environments;
  const isKnown = registered !== undefined && isApprovedAt(registered, context.asOf);
  const { labelKey, production, shared }: typeof DEFAULTS = isKnown ? registered : DEFAULTS;
  const system = systemNamespaces(context);
  return {
    labelKey,
    production,
    shared,
    isProductionOnly: isKnown && registered.isProductionOnly,
    of(namespace) {
      const value = context.inventory.namespaces.get(namespace)?.metadata.labels?.[labelKey];
      if (value !== undefined && value !== "") {
        if (production.includes(value)) return { is: "production", value };
        return shared.includes(value) ? { is: "shared" } : { is: "other", value };
      }
      return system.has(namespace) ? { is: "shared" } : { is: "unlabelled" };
    },
  };
}
