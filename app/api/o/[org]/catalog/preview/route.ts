import { previewRequested } from "@/lib/api/catalog";
import { requestCatalogPreview } from "@/lib/server/catalog-versions";
import { route } from "@/lib/server/route";

/** Asks for the effect on the last scans; a worker makes it, and GET of the page shows it. */
export const POST = route({
  permission: "catalog:activate",
  response: previewRequested,
  status: 202,
  handler: (principal) => requestCatalogPreview(principal),
});
