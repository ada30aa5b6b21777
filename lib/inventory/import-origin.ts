/** Where an imported fact came from; shown beside the result, because it is as good as its source. */
export interface ImportOrigin {
  by: "node-collector" | "cloud-api" | "store-api" | "upload";
  /** Host and path, API call, or file name and uploader. */
  name: string;
  /** ISO 8601, UTC: when the source was read. */
  collectedAt: string;
}
