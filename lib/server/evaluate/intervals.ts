/**
 * Interval tables: a row is valid from one scan to the next change, so a scan that changes nothing writes nothing.
 *
 * Writing is the same for all of them: read key and digest of what is valid at the scan, compare in memory, end what changed
 * or went away, insert what is new. A scan may be evaluated after a later one (a retry): then the change holds only up to the
 * next evaluated scan, and what was valid there goes on.
 */
import { Prisma } from "@/lib/server/db/generated/client";

type Transaction = Prisma.TransactionClient;

/** Which scan is written: `nextSeq` is the next later scan that is already evaluated, with its moment. */
export interface ScanPlace {
  orgId: string;
  clusterId: string;
  seq: number;
  asOf: Date;
  next: { seq: number; asOf: Date } | null;
}

export interface IntervalTable<Row> {
  name: string;
  /** Column of the key, `text` or, for a digest in hex, `bytea`. */
  key: { column: string; type: "text" | "bytea" };
  /** Column whose value decides whether "since" starts over. */
  statusColumn: string;
  /** Value columns with their SQL types, in the order of the insert; the key and the digest are added. */
  columns: readonly (readonly [column: string, type: string])[];
  /** Row → key, digest in hex, status, and values by column name. */
  write(row: Row): { key: string; digest: string; status: string; values: Record<string, unknown> };
}

export interface IntervalChange {
  inserted: number;
  ended: number;
}

const BATCH_ROWS = 2000;

interface Current {
  fromSeq: number;
  toSeq: number | null;
  digest: string;
  status: string;
  sinceMs: number;
}

/** Reads what is valid at the scan as one text: ten times cheaper than a row object each. */
async function readCurrent<Row>(
  tx: Transaction,
  table: IntervalTable<Row>,
  at: ScanPlace,
): Promise<Map<string, Current>> {
  const key = Prisma.raw(table.key.type === "bytea" ? `encode(${table.key.column}, 'hex')` : table.key.column);
  const rows = await tx.$queryRaw<{ all: string | null }[]>`
    select string_agg(concat_ws(E'\t', ${key}, from_seq, coalesce(to_seq, 0), encode(digest, 'hex'),
      ${Prisma.raw(table.statusColumn)}, (extract(epoch from since_at) * 1000)::bigint), E'\n') as all
    from ${Prisma.raw(table.name)}
    where org_id = ${at.orgId}::uuid and cluster_id = ${at.clusterId}::uuid
      and from_seq <= ${at.seq}::int and (to_seq is null or to_seq > ${at.seq}::int)`;
  const current = new Map<string, Current>();
  const all = rows[0]?.all;
  if (all == null) return current;
  for (const line of all.split("\n")) {
    const [k = "", from, to, digest = "", status = "", since] = line.split("\t");
    current.set(k, { fromSeq: Number(from), toSeq: Number(to) || null, digest, status, sinceMs: Number(since) });
  }
  return current;
}

/**
 * Makes `rows` what is valid at the scan, and writes nothing where it already is.
 *
 * @param rows every row of the scan; keys are unique
 */
export async function writeIntervals<Row>(
  tx: Transaction,
  table: IntervalTable<Row>,
  at: ScanPlace,
  rows: readonly Row[],
): Promise<IntervalChange> {
  const current = await readCurrent(tx, table, at);
  const ending: { key: string; from: number; to: number | null }[] = [];
  const inserting: Record<string, unknown>[] = [];
  const kept = new Set<string>();
  for (const row of rows) {
    const { key, digest, status, values } = table.write(row);
    if (kept.has(key)) throw new Error(`${table.name}: two rows of one scan have the key ${key}`);
    kept.add(key);
    const before = current.get(key);
    if (before?.digest === digest) continue;
    if (before !== undefined) ending.push({ key, from: before.fromSeq, to: before.toSeq });
    const since = before?.status === status ? new Date(before.sinceMs) : at.asOf;
    inserting.push({ ...values, k: key, d: digest, since_at: since.toISOString() });
  }
  for (const [key, before] of current) {
    if (!kept.has(key)) ending.push({ key, from: before.fromSeq, to: before.toSeq });
  }
  if (ending.length > 0) await endIntervals(tx, table, at, ending);
  for (let i = 0; i < inserting.length; i += BATCH_ROWS) {
    await insertIntervals(tx, table, at, inserting.slice(i, i + BATCH_ROWS));
  }
  return { inserted: inserting.length, ended: ending.length };
}

async function endIntervals<Row>(
  tx: Transaction,
  table: IntervalTable<Row>,
  at: ScanPlace,
  ending: readonly { key: string; from: number; to: number | null }[],
): Promise<void> {
  const name = Prisma.raw(table.name);
  const keyColumn = Prisma.raw(table.key.column);
  const keyOf = Prisma.raw(table.key.type === "bytea" ? "decode(e.k, 'hex')" : "e.k");
  const keys = ending.map((item) => item.key);
  const froms = ending.map((item) => item.from);
  await tx.$executeRaw`
    update ${name} t set to_seq = ${at.seq}::int
    from unnest(${keys}::text[], ${froms}::int[]) as e(k, from_seq)
    where t.org_id = ${at.orgId}::uuid and t.cluster_id = ${at.clusterId}::uuid
      and t.${keyColumn} = ${keyOf} and t.from_seq = e.from_seq`;
  const { next } = at;
  if (next === null) return;
  // What the later scan had found goes on from there.
  const going = ending.filter((item) => item.to === null || item.to > next.seq);
  if (going.length === 0) return;
  const columns = Prisma.raw([table.key.column, "digest", ...table.columns.map(([column]) => column)].join(", "));
  await tx.$executeRaw`
    insert into ${name} (org_id, cluster_id, from_seq, to_seq, since_at, ${columns})
    select t.org_id, t.cluster_id, ${next.seq}::int, nullif(e.to_seq, 0), ${next.asOf}::timestamptz, ${columns}
    from ${name} t join unnest(${going.map((item) => item.key)}::text[], ${going.map((item) => item.from)}::int[],
      ${going.map((item) => item.to ?? 0)}::int[]) as e(k, from_seq, to_seq)
      on t.${keyColumn} = ${keyOf} and t.from_seq = e.from_seq
    where t.org_id = ${at.orgId}::uuid and t.cluster_id = ${at.clusterId}::uuid`;
}

async function insertIntervals<Row>(
  tx: Transaction,
  table: IntervalTable<Row>,
  at: ScanPlace,
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  const columns = Prisma.raw(table.columns.map(([column]) => column).join(", "));
  const typed = Prisma.raw(table.columns.map(([column, type]) => `${column} ${type}`).join(", "));
  const keyColumn = Prisma.raw(table.key.column);
  const keyOf = Prisma.raw(table.key.type === "bytea" ? "decode(n.k, 'hex')" : "n.k");
  const valueColumns = Prisma.raw(table.columns.map(([column]) => `n.${column}`).join(", "));
  await tx.$executeRaw`
    insert into ${Prisma.raw(table.name)} (org_id, cluster_id, from_seq, to_seq, since_at, ${keyColumn}, digest, ${columns})
    select ${at.orgId}::uuid, ${at.clusterId}::uuid, ${at.seq}::int, ${at.next?.seq ?? null}::int, n.since_at, ${keyOf},
      decode(n.d, 'hex'), ${valueColumns}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(k text, d text, since_at timestamptz, ${typed})`;
}
