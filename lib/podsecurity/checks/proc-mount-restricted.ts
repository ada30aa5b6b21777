/**
 * procMount_restricted · restricted · since 1.35
 *
 * Restricted fields: securityContext.procMount of every container.
 * Allowed values: undefined, Default, also in a pod with a user namespace of its own. Before 1.35 the baseline check said so for
 * both levels; since baseline was relaxed, restricted replaces it by this one.
 */
import type { Check } from "../check";
import { evaluateProcMount } from "./proc-mount";

export const procMountRestricted: Check = {
  id: "procMount_restricted",
  level: "restricted",
  revisions: [{ sinceMinor: 35, overrides: ["procMount"], evaluate: evaluateProcMount }],
};
