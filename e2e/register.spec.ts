/** Register a cluster in the browser, run its command against a cluster that nobody has registered, and watch the first scan arrive. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { ORGANIZATION, expect, signIn, test, world } from "./test";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "..");

/** What `kubectl apply -f -` does, for machines without kubectl. */
async function apply(kubeconfig: string, manifest: string): Promise<void> {
  const child = run(process.execPath, ["--import", "tsx", "e2e/apply.ts", kubeconfig], { cwd: root });
  child.child.stdin?.end(manifest);
  await child;
}

test("a platform engineer registers a cluster and sees its first result", async ({ page }) => {
  test.setTimeout(120_000);
  const spare = world().spares[0];
  if (spare === undefined) throw new Error("no spare cluster");
  await signIn(page, "platformEngineer", `${ORGANIZATION}/clusters/register`);
  await page.getByLabel(/name/i).first().fill(spare.name);
  await page
    .getByLabel(/project/i)
    .first()
    .selectOption("development");
  const issued = page.waitForResponse(
    (response) => response.request().method() === "POST" && response.url().endsWith("/clusters"),
  );
  await page.getByRole("button", { name: "Make the command" }).first().click();
  const answer = (await (await issued).json()) as { token: string; manifest: string; command: string };
  expect(answer.token).toMatch(/^rfe_/);
  // The token travels in a Secret inside the manifest, never in an address, and is masked on the screen.
  expect(answer.command).not.toMatch(/https?:[^\s]*rfe_/);
  expect(await page.locator("main").innerText()).not.toContain(answer.token);
  await expect(page.getByText(/waiting for the agent/i).first()).toBeVisible();

  await apply(spare.kubeconfig, answer.manifest);
  await expect(page.getByText("First results", { exact: true }).first()).toBeVisible({ timeout: 90_000 });
  await page.getByRole("link", { name: "Open the cluster" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(spare.name);
});
