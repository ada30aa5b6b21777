import { catalogPage } from "@/lib/api/catalog";
import { getCatalogPage } from "@/lib/server/catalog-versions";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  response: catalogPage,
  handler: (principal) => getCatalogPage(principal),
});
