/** What a QSA carries away. */
export {
  buildEvidencePackage,
  type EvidenceFile,
  type EvidenceInput,
  MANIFEST_PATH,
  type RunningHash,
} from "./package";
