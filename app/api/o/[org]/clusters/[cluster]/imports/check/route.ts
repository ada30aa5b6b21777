import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { importCheck, importCheckQuery } from "@/lib/api/imports";
import { checkImport } from "@/lib/server/imports";
import { route } from "@/lib/server/route";

/** Reads a document as an upload would, and stores nothing. */
export const POST = route({
  permission: "import:create",
  limit: "import",
  params: z.object({ cluster: orgSlug }),
  query: importCheckQuery,
  response: importCheck,
  handler: (principal, { params, query, request }) => checkImport(principal, params.cluster, query, request),
});
