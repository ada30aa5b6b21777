import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { importCreated, importsPage, importsQuery, importUploadQuery } from "@/lib/api/imports";
import { createImport, listImports } from "@/lib/server/imports";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "import:read",
  params: z.object({ cluster: orgSlug }),
  query: importsQuery,
  response: importsPage,
  handler: (principal, { params, query }) => listImports(principal, params.cluster, query),
});

/** The body is the document itself; its kind says how large it may be. */
export const POST = route({
  permission: "import:create",
  limit: "import",
  params: z.object({ cluster: orgSlug }),
  query: importUploadQuery,
  response: importCreated,
  status: 201,
  handler: (principal, { params, query, request }) => createImport(principal, params.cluster, query, request),
});
