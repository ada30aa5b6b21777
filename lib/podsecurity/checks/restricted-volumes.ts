/**
 * restrictedVolumes · restricted · since 1.0
 *
 * Restricted fields: spec.volumes[*].
 * Allowed values: the sources configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected and
 * secret. Replaces hostPathVolumes at the restricted level. A volume without a source is an emptyDir once the API has filled in
 * its defaults (defaults.ts); here it is of type "unknown", as it is for the API server.
 */
import type { Volume } from "@/lib/inventory/kinds";
import type { Check } from "../check";
import { ALLOWED, plural, quoted, sortedSet } from "../check";

const ALLOWED_SOURCES: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
/** Every source that the API defines and the level refuses; any other key is not a source that it knows. */
const REFUSED_SOURCES: ReadonlySet<string> = new Set([
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "gitRepo",
  "glusterfs",
  "hostPath",
  "iscsi",
  "nfs",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
]);

export const restrictedVolumes: Check = {
  id: "restrictedVolumes",
  level: "restricted",
  revisions: [
    {
      sinceMinor: 0,
      overrides: ["hostPathVolumes"],
      evaluate: ({ spec }) => {
        const bad = (spec.volumes ?? []).flatMap((volume, i) => {
          const sources = sourcesOf(volume);
          if (sources.some((source) => ALLOWED_SOURCES.has(source))) return [];
          const refused = sources.find((source) => REFUSED_SOURCES.has(source)) ?? "unknown";
          return [{ name: volume.name, source: refused, i }];
        });
        if (bad.length === 0) return ALLOWED;
        const types = sortedSet(bad.map((b) => b.source));
        const names = `${plural("volume", "volumes", bad.length)} ${quoted(bad.map((b) => b.name))}`;
        return {
          allowed: false,
          reason: "restricted volume types",
          detail: `${names} ${plural("uses", "use", bad.length)} ${plural("restricted volume type", "restricted volume types", types.length)} ${quoted(types)}`,
          fields: bad.map((b) => ({
            in: "spec",
            pointer: `/volumes/${b.i}${b.source === "unknown" ? "" : `/${b.source}`}`,
            found: b.source,
          })),
        };
      },
    },
  ],
};

/** The keys under which a volume names its source; sources whose settings are not read stand in `otherSource`. */
export function sourcesOf(volume: Volume): string[] {
  return Object.entries(volume).flatMap(([key, value]) => {
    if (key === "name" || value === undefined || value === null) return [];
    return [key === "otherSource" ? String(value) : key];
  });
}
