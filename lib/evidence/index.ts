/** What a QSA carries away. */
export type { EvidenceImport } from "./imports";
export {
  buildEvidencePackage,
  type EvidenceFile,
  type EvidenceInput,
  MANIFEST_PATH,
  type RunningHash,
} from "./package";
