/** Version of the catalogue of controls that this release evaluates; part of every scan, finding and package. */
export const CATALOG_VERSION = "2026.11.3";
