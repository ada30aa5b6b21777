/** P12: what the fleet page costs the browser, beside the empty page: Chromium through Playwright, a cold cache each time. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "@playwright/test";
import { openFolder } from "../database";
import { atMost, type Bench, counted, type Row, SEED, times } from "../row";
import { median, pairs } from "../run";
import { startWeb } from "../web";

const CLUSTERS = 1000;
/** After the load event: hydration, effects and the first idle moment are over by then. */
const SETTLE_MS = 700;

interface Visit {
  scriptBytes: number;
  nodes: number;
  /** Seconds of tasks on the main thread. */
  taskSeconds: number;
  /** Milliseconds until the largest contentful paint. */
  lcp: number;
}

export async function measureBrowser({ folder, quick }: Bench): Promise<Row[]> {
  openFolder(folder);
  const web = await startWeb(folder, [CLUSTERS]);
  const system = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => existsSync(file));
  const browser = await chromium.launch({
    ...(system === undefined ? {} : { executablePath: system }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  try {
    const fleetPage = `${web.product.origin}/o/${web.fleets[0]?.slug}/clusters`;
    const emptyPage = `${web.empty.origin}/`;
    await visit(browser, emptyPage);
    await visit(browser, fleetPage, web.cookie);
    const { below, above } = await pairs(
      quick ? 3 : 7,
      () => visit(browser, emptyPage),
      () => visit(browser, fleetPage, web.cookie),
    );
    const first = above[0];
    if (first === undefined) return [];
    const ratio = (pick: (seen: Visit) => number) =>
      median(above.map((seen, i) => pick(seen) / pick(below[i] ?? seen)));
    const both = (pick: (seen: Visit) => number, unit: string) =>
      `${median(above.map(pick)).toFixed(0)} ${unit} against ${median(below.map(pick)).toFixed(0)} ${unit}`;
    return [
      counted(first.scriptBytes / 1000, 200, (value) => `${value.toFixed(0)} kB`, {
        goal: "P12",
        what: "first-load JavaScript of the fleet page, over the wire",
        note: `the empty page loads ${((below[0]?.scriptBytes ?? 0) / 1000).toFixed(0)} kB; Chromium ${browser.version()}, ${CLUSTERS} clusters, seed ${SEED}`,
      }),
      counted(first.nodes, 1500, String, { goal: "P12", what: "elements of the fleet page" }),
      atMost(
        ratio((seen) => seen.taskSeconds),
        1.5,
        times,
        {
          goal: "P12",
          what: "main-thread time of the fleet page over the empty page",
          note: both((seen) => seen.taskSeconds * 1000, "ms"),
        },
      ),
      atMost(
        ratio((seen) => seen.lcp),
        1.5,
        times,
        {
          goal: "P12",
          what: "largest contentful paint of the fleet page over the empty page",
          note: both((seen) => seen.lcp, "ms"),
        },
      ),
    ];
  } finally {
    await browser.close();
    await web.stop();
  }
}

async function visit(browser: Browser, url: string, cookie?: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const [name, value] = cookie?.split("=") ?? [];
    if (name !== undefined && value !== undefined) await context.addCookies([{ name, value, url }]);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Performance.enable");
    const scripts = new Set<string>();
    let scriptBytes = 0;
    session.on("Network.responseReceived", ({ requestId, type }) => {
      if (type === "Script") scripts.add(requestId);
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) scriptBytes += encodedDataLength;
    });
    const response = await page.goto(url, { waitUntil: "load" });
    if (response?.status() !== 200) throw new Error(`${url} answered ${response?.status()}`);
    if (new URL(page.url()).pathname !== new URL(url).pathname) throw new Error(`${url} led to ${page.url()}`);
    await page.waitForTimeout(SETTLE_MS);
    const { metrics } = await session.send("Performance.getMetrics");
    const lcp = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? Number.NaN)).observe({
            type: "largest-contentful-paint",
            buffered: true,
          });
        }),
    );
    return {
      scriptBytes,
      nodes: await page.evaluate(() => document.getElementsByTagName("*").length),
      taskSeconds: metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN,
      lcp,
    };
  } finally {
    await context.close();
  }
}
