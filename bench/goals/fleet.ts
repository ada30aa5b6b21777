/** P7 and P8: what the fleet costs the server, as a page and as JSON, for 100 to 10,000 clusters. */
import { readFileSync, statSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { openFolder } from "../database";
import { peakMbOf, processorOf } from "../processor";
import { atMost, type Bench, counted, holds, mb, type Row, SEED, times } from "../row";
import { growthExponent, median } from "../run";
import { type Answer, get, startWeb, type WebBench } from "../web";

const MAIN = 1000;

export async function measureFleet({ folder, quick }: Bench): Promise<Row[]> {
  openFolder(folder);
  const web = await startWeb(folder, quick ? [125, 250, 500, MAIN] : [100, 300, MAIN, 3000, 10_000]);
  try {
    return await measure(web, quick);
  } finally {
    await web.stop();
  }
}

async function measure(web: WebBench, quick: boolean): Promise<Row[]> {
  const { product, empty, cookie } = web;
  const page = (slug: string) => `${product.origin}/o/${slug}/clusters`;
  const json = (slug: string) => `${product.origin}/api/o/${slug}/clusters?pageSize=20`;
  const main = web.fleets.find(({ clusters }) => clusters === MAIN)?.slug ?? "";
  const [html, list] = [await get(page(main), cookie), await get(json(main), cookie)];
  const problem = answersFleet(html, list);

  const requests = quick ? 15 : 40;
  const cpuPer = async (pid: number, url: string, sent?: string) => {
    const before = processorOf(pid);
    for (let i = 0; i < requests; i++) {
      const { status } = await get(url, sent);
      if (status !== 200) throw new Error(`${url} answered ${status}`);
    }
    return (processorOf(pid) - before) / requests;
  };
  const emptyPage = () => cpuPer(empty.pid, `${empty.origin}/`);
  // Code is compiled as it gets hot: all three have run before anything counts.
  for (let i = 0; i < 3; i++) {
    await emptyPage();
    await cpuPer(product.pid, page(main), cookie);
    await cpuPer(product.pid, json(main), cookie);
  }
  const points: { clusters: number; page: number[]; json: number[]; empty: number[]; postgres: number[] }[] =
    web.fleets.map(({ clusters }) => ({ clusters, page: [], json: [], empty: [], postgres: [] }));
  for (let round = 0; round < (quick ? 3 : 5); round++)
    for (const [i, { slug }] of web.fleets.entries()) {
      const point = points[i];
      // The other sizes only give the exponent.
      if (point === undefined || (point.clusters !== MAIN && round >= 3)) continue;
      point.empty.push(await emptyPage());
      const before = processorOf(web.database.pid);
      point.page.push(await cpuPer(product.pid, page(slug), cookie));
      point.postgres.push((processorOf(web.database.pid) - before) / requests);
      point.json.push(await cpuPer(product.pid, json(slug), cookie));
    }
  const at = points.find(({ clusters }) => clusters === MAIN);
  const ratio = (above: number[] = [], below: number[] = []) =>
    median(above.map((value, i) => value / (below[i] ?? Number.NaN)));
  const ms = (values: number[] = []) => `${(median(values) * 1000).toFixed(1)} ms`;
  const exponent = (pick: "page" | "postgres") =>
    growthExponent(points.map((p) => ({ x: p.clusters, y: median(p[pick]) })));
  const statements = await statementsOf(web, page(main));
  const jsonStatements = await statementsOf(web, json(main));

  return [
    holds(problem === null, problem ?? "agree", "agree", {
      goal: "P7",
      what: "the page's and the list's clusters against the stored rows' count",
    }),
    atMost(ratio(at?.page, at?.empty), 3, times, {
      goal: "P7",
      what: `fleet page with ${MAIN.toLocaleString("en")} clusters: server CPU over the empty page`,
      beside: `, peak ${mb(peakMbOf(product.pid))}`,
      note: `${ms(at?.page)} against ${ms(at?.empty)} in ${requests} requests a round, seed ${SEED}; PostgreSQL ${ms(at?.postgres)} beside it; session, shell and fleet included`,
    }),
    counted(statements.tables.length, 3, String, {
      goal: "P7",
      what: "SQL statements that read tables, for one fleet page",
      note: `${statements.all} with transactions and settings: ${statements.tables.join(" | ")}`,
    }),
    counted(html.body.byteLength / 1000, 25, (value) => `${value.toFixed(1)} kB`, {
      goal: "P7",
      what: `HTML over the wire (${html.encoding})`,
      note: `${(inflate(html).byteLength / 1000).toFixed(0)} kB before compression, 20 rows a page`,
    }),
    atMost(exponent("page"), 0.2, (value) => value.toFixed(2), {
      goal: "P7",
      what: "growth exponent of the page's server CPU in clusters",
      note: points.map((p) => `${p.clusters} ${ms(p.page)}`).join(", "),
    }),
    holds(true, exponent("postgres").toFixed(2), "none set", {
      goal: "P7",
      what: "growth exponent of PostgreSQL's CPU for the page",
      note: points.map((p) => `${p.clusters} ${ms(p.postgres)}`).join(", "),
    }),
    atMost(ratio(at?.json, at?.empty), 1, times, {
      goal: "P8",
      what: `fleet JSON with ${MAIN.toLocaleString("en")} clusters: server CPU over the empty page`,
      beside: `, ${(list.body.byteLength / 1000).toFixed(1)} kB ${list.encoding}`,
      note: `${ms(at?.json)} against ${ms(at?.empty)}; ${jsonStatements.tables.length} statements that read tables`,
    }),
  ];
}

function inflate({ body, encoding }: Answer): Buffer {
  return encoding === "gzip" ? gunzipSync(body) : encoding === "br" ? brotliDecompressSync(body) : body;
}

function answersFleet(html: Answer, list: Answer): string | null {
  if (html.status !== 200 || list.status !== 200) return `page ${html.status}, list ${list.status}`;
  const fleet = JSON.parse(inflate(list).toString()) as {
    total: number;
    items: { name: string }[];
    summary: { clusters: number; criticalFindings: number };
  };
  const text = inflate(html).toString();
  const absent = fleet.items.find(({ name }) => !text.includes(name));
  if (absent !== undefined) return `the page lacks ${absent.name}`;
  const { summary, total } = fleet;
  return total === MAIN && summary.clusters === MAIN && summary.criticalFindings === MAIN * 5
    ? null
    : `the list says ${JSON.stringify({ total, ...summary })}`;
}

/** The statements that PostgreSQL's own log shows for one request. */
async function statementsOf(web: WebBench, url: string): Promise<{ all: number; tables: string[] }> {
  const { database, cookie } = web;
  await database.query("alter system set log_statement = 'all'");
  await database.query("select pg_reload_conf()");
  const marker = async (name: string) => {
    await database.query(`select '${name}' as marker`);
    const deadline = Date.now() + 10_000;
    while (!readFileSync(database.logFile, "utf8").includes(`select '${name}'`)) {
      if (Date.now() > deadline) throw new Error("PostgreSQL does not log its statements");
      await new Promise((next) => setTimeout(next, 50));
    }
  };
  // Connections that rest take up the setting with their next statement.
  for (let i = 0; i < 10; i++) await get(url, cookie);
  const id = `${Date.now()}-${statSync(database.logFile).size}`;
  await marker(`begin ${id}`);
  await get(url, cookie);
  await marker(`end ${id}`);
  await database.query("alter system reset log_statement");
  await database.query("select pg_reload_conf()");
  const log = readFileSync(database.logFile, "utf8");
  const part = log.slice(log.indexOf(`select 'begin ${id}'`), log.indexOf(`select 'end ${id}'`));
  const statements = [...part.matchAll(/LOG: {2}(?:statement|execute [^:]*): ([^\n]*(?:\n\t[^\n]*)*)/g)]
    .map((match) => (match[1] ?? "").replace(/\s+/g, " ").trim())
    .filter((sql) => sql !== "" && !sql.startsWith("select 'end"));
  const tables = statements.filter(
    (sql) => !/^(begin|commit|rollback|set |deallocate)/i.test(sql) && !/^select set_config/i.test(sql),
  );
  return {
    all: statements.length,
    tables: tables.map((sql) =>
      (/(?:from|join) (?:"?public"?\.)?"?(?!select)(\w+)/i.exec(sql)?.[1] ?? sql).slice(0, 40),
    ),
  };
}
