export { chunksRoute as PUT } from "@/lib/server/ingest/routes";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";
