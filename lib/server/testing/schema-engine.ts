/**
 * Prisma's own schema engine (its WebAssembly build, because the native one can't be downloaded everywhere), asked one
 * thing or another about a database: by which SQL does it differ from prisma/schema.prisma, which migrations does it lack?
 *
 * The engine gets exactly one database, that of `url`, and no way to a second: `connectToShadowDb` refuses. (With a
 * connection string the original replays the shadow migrations in the real database, which destroys data.)
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";
import { listMigrations } from "../db/migrate";

/** OIDs of the internal type "char", which the adapter doesn't know and the engine needs, and of text. */
const INTERNAL_CHAR = 18;
const TEXT = 25;
/** Which columns of a result were of type "char", by the array of its rows. */
const charColumns = new WeakMap<object, number[]>();

class DescribingPool extends pg.Pool {
  // The adapter awaits `query(config)`; no other overload is used by it.
  override query = (async (...args: Parameters<pg.Client["query"]>) => {
    const client = await this.connect();
    try {
      // Of the driver's overloads the types pick the one without a promise.
      const result = await (client.query(...args) as unknown as Promise<pg.QueryResult>);
      const columns = (result.fields ?? []).flatMap((field, index) =>
        field.dataTypeID === INTERNAL_CHAR ? [index] : [],
      );
      for (const index of columns) Object.assign(result.fields[index] ?? {}, { dataTypeID: TEXT });
      // Several statements at once give a list of results, which has no rows of its own.
      if (!Array.isArray(result)) charColumns.set(result.rows, columns);
      return result;
    } finally {
      client.release();
    }
  }) as unknown as pg.Pool["query"];
}

class OneDatabase extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    const pool = adapter.underlyingDriver();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    };
    // The original splits at every ";", also inside functions.
    adapter.executeScript = async (script) => {
      await pool.query(script);
    };
    return adapter;
  }

  override connectToShadowDb(): never {
    throw new Error("No shadow database: compare a migrated scratch database with the schema instead.");
  }
}

/** Before it gives up, the engine says why through this global. */
const lastWords = { message: "" };
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: {
    set_message(message: string) {
      lastWords.message = message;
    },
  },
});

let isLoaded = false;
async function load(): Promise<void> {
  if (isLoaded) return;
  const file = createRequire(import.meta.url)
    .resolve("@prisma/schema-engine-wasm/schema_engine_bg")
    .replace(/\.js$/, ".wasm");
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {
    "./schema_engine_bg.js": engine as unknown as WebAssembly.ModuleImports,
  });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  isLoaded = true;
}

async function withEngine<T>(
  url: string,
  work: (instance: engine.SchemaEngine, files: engine.SchemaContainer[]) => Promise<T>,
): Promise<T> {
  await load();
  const path = join(process.cwd(), "prisma/schema.prisma");
  const files = [{ path, content: readFileSync(path, "utf8") }];
  const pool = new DescribingPool({ connectionString: url, max: 2 });
  const factory = new OneDatabase(pool, { disposeExternalPool: true });
  try {
    const instance = await engine.SchemaEngine.new(
      { datamodels: files.map((file) => [file.path, file.content]) },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    return await work(instance, files);
  } catch (error) {
    throw lastWords.message === "" ? error : new Error(`schema engine: ${lastWords.message}`, { cause: error });
  } finally {
    if (!pool.ended) await pool.end();
  }
}

const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * The SQL that would turn the database at `url` into prisma/schema.prisma; the comment "This is an empty migration." if
 * they agree. With `fromEmpty` the SQL that makes it from nothing.
 */
export async function diffToSchema(url: string, options: { fromEmpty?: boolean } = {}): Promise<string> {
  return withEngine(url, async (instance, files) => {
    const result = await instance.diff({
      from: options.fromEmpty ? { tag: "empty" } : { tag: "schemaDatasource", files, configDir: process.cwd() },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: NO_FILTERS,
    });
    return result.stdout ?? "";
  });
}

function migrationsList(): engine.MigrationList {
  const baseDir = join(process.cwd(), "prisma/migrations");
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: readFileSync(join(baseDir, "migration_lock.toml"), "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: listMigrations(baseDir).map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok" as const, value: sql } },
    })),
  };
}

/** What `prisma migrate deploy` does with prisma/migrations. @returns the names that it applied */
export async function deployWithPrisma(url: string): Promise<string[]> {
  return withEngine(url, async (instance) => {
    const { appliedMigrationNames } = await instance.applyMigrations({
      migrationsList: migrationsList(),
      filters: NO_FILTERS,
    });
    return appliedMigrationNames;
  });
}

/** What `prisma migrate status` says of the database at `url`. */
export async function diagnoseWithPrisma(url: string): Promise<engine.DiagnoseMigrationHistoryOutput> {
  return withEngine(url, (instance) =>
    instance.diagnoseMigrationHistory({
      migrationsList: migrationsList(),
      optInToShadowDatabase: false,
      filters: NO_FILTERS,
    }),
  );
}
