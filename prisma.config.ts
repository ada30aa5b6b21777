import { defineConfig } from "prisma/config";

/** Where Prisma's commands find schema and migrations. Only `migrate` commands use the address, never the server. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.RINGFENCE_MIGRATION_DATABASE_URL ?? "" },
});
