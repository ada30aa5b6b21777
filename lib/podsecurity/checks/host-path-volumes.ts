/**
 * hostPathVolumes · baseline · since 1.0
 *
 * Restricted fields: spec.volumes[*].hostPath.
 * Allowed values: undefined. Volumes belong to the pod, so it does not matter which container mounts them.
 */
import type { Check } from "../check";
import { ALLOWED, plural, quoted } from "../check";

export const hostPathVolumes: Check = {
  id: "hostPathVolumes",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const bad = (spec.volumes ?? []).flatMap((volume, i) => (volume.hostPath ? [{ volume, i }] : []));
        if (bad.length === 0) return ALLOWED;
        return {
          allowed: false,
          reason: "hostPath volumes",
          detail: `${plural("volume", "volumes", bad.length)} ${quoted(bad.map((b) => b.volume.name))}`,
          fields: bad.map((b) => ({ in: "spec", pointer: `/volumes/${b.i}/hostPath`, found: b.volume.hostPath?.path })),
        };
      },
    },
  ],
};
