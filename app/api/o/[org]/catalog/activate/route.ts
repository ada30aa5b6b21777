import { activateCatalogBody, catalogActivated } from "@/lib/api/catalog";
import { activateCatalog } from "@/lib/server/catalog-versions";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "catalog:activate",
  body: activateCatalogBody,
  response: catalogActivated,
  handler: (principal, { body }) => activateCatalog(principal, body.version),
});
