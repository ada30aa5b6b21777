/** Import of the register of volumes with their classification and retention. */
import { z } from "zod";
import { dataVolume } from "../registers/data-volumes";
import { documentImport } from "./types";

export const dataVolumesImport = documentImport(
  {
    id: "data-volumes",
    title: "Classification and retention of volumes",
    nature: "register",
    description:
      "What volumes hold and how long it is kept, for claims that don't carry the labels data-classification and data-retention.",
    howToGet: "Kept by the owners of the data; write it as YAML.",
    controls: ["sto-volume-protection"],
    example: `volumes:
  - namespace: cde-storage
    claim: data-postgres-*
    classification: cardholder-data
    retentionDays: 365
    owner: payments@example.com
`,
  },
  z.strictObject({ volumes: z.array(dataVolume).max(5000) }),
  ({ volumes }) => ({ registers: { dataVolumes: volumes } }),
);
