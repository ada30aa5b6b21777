/** A cluster's life in the browser: registered, revoked, enrolled again with a new command, removed; each screen in its own words. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { ORGANIZATION, PEOPLE, expect, signIn, test, world } from "./test";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "..");

/** What `kubectl apply -f -` does, for machines without kubectl. */
async function apply(kubeconfig: string, manifest: string): Promise<void> {
  const child = run(process.execPath, ["--import", "tsx", "e2e/apply.ts", kubeconfig], { cwd: root });
  child.child.stdin?.end(manifest);
  await child;
}

/** Does what makes a new command, and gives the answer that the screen shows a part of. */
async function issuedBy(page: Page, address: RegExp, act: () => Promise<void>) {
  const issued = page.waitForResponse(
    (response) => response.request().method() === "POST" && address.test(new URL(response.url()).pathname),
  );
  await act();
  const answer = (await (await issued).json()) as { token: string; manifest: string };
  expect(answer.token).toMatch(/^rfe_/);
  await expect(page.getByText(/Works once, for/).first()).toBeVisible();
  expect(await page.locator("main").innerText()).not.toContain(answer.token);
  return answer;
}

/** The value beside a name in the agent's own list. */
const fact = (page: Page, name: string) =>
  page.locator("dt", { hasText: new RegExp(`^${name}$`) }).locator("xpath=following-sibling::dd[1]");
const liveKeys = (page: Page) =>
  page.getByRole("table", { name: "Public keys of the agent" }).getByText("Live", { exact: true });

test("an owner registers a cluster, revokes its agent, enrols it again and removes it", async ({ page }) => {
  test.setTimeout(240_000);
  const spare = world().spares[1];
  if (spare === undefined) throw new Error("no second spare cluster");
  const home = `${ORGANIZATION}/clusters/${spare.name}`;

  await test.step("register", async () => {
    await signIn(page, "owner", `${ORGANIZATION}/clusters/register`);
    await page.getByLabel(/name/i).first().fill(spare.name);
    await page
      .getByLabel(/project/i)
      .first()
      .selectOption("development");
    const { manifest } = await issuedBy(page, /\/clusters$/, () =>
      page.getByRole("button", { name: "Make the command" }).first().click(),
    );
    await apply(spare.kubeconfig, manifest);
    await expect(page.getByRole("link", { name: "Open the cluster" })).toBeVisible({ timeout: 90_000 });
    await page.goto(`${home}?tab=agent`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(spare.name);
    await expect(fact(page, "State")).toContainText("Connected");
    await expect(fact(page, "Version")).toContainText("the version that this server brings");
    await expect(fact(page, "Enrolment")).toHaveText("the token was used");
    await expect(liveKeys(page)).toHaveCount(1);
    // The first scan, before the agent loses its keys.
    await page.goto(`${home}?tab=scans`);
    await expect(page.locator("main table tbody tr").first()).toBeVisible({ timeout: 60_000 });
    await page.goto(`${home}?tab=agent`);
  });

  await test.step("revoke", async () => {
    await expect(page.getByText("Refuses every further report of this agent at once.")).toBeVisible();
    await page.getByRole("button", { name: "Revoke the agent" }).click();
    const dialog = page.getByRole("dialog", { name: `Revoke the agent of ${spare.name}?` });
    await expect(dialog).toContainText("Its keys stop working at once and can't be made to work again.");
    await expect(dialog).toContainText("revoking here does not delete it there");
    await dialog.getByRole("button", { name: "Revoke the agent" }).click();
    await expect(page.getByText("Its reports are refused from now on.")).toBeVisible();
    await expect(fact(page, "State")).toContainText("Revoked");
    await expect(liveKeys(page)).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Revoke the agent" })).toHaveCount(0);
    await expect(page.getByText(/The revoked agent stays refused/)).toBeVisible();
    // What was found before is still there to read.
    await page.goto(`${home}?tab=scans`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(spare.name);
    await expect(page.locator("main table tbody tr").first()).toBeVisible();
  });

  await test.step("enrol again", async () => {
    await page.goto(`${home}?tab=agent`);
    await page.getByRole("button", { name: "Enrol again" }).click();
    const dialog = page.getByRole("dialog", { name: `Enrol an agent for ${spare.name} again?` });
    await expect(dialog).toContainText("a new command with a token that works once, for one hour");
    const { manifest } = await issuedBy(page, /\/enrolment$/, () =>
      dialog.getByRole("button", { name: "Make the command" }).click(),
    );
    await expect(fact(page, "Enrolment")).toContainText("a token is open until");
    await apply(spare.kubeconfig, manifest);
    // The page follows by itself.
    await expect(page.getByText("The token has been used. It is worth nothing now.")).toBeVisible({ timeout: 90_000 });
    await expect(fact(page, "State")).toContainText("Connected", { timeout: 30_000 });
    await expect(fact(page, "Enrolment")).toHaveText("the token was used");
    await expect(liveKeys(page)).toHaveCount(1);
  });

  await test.step("remove", async () => {
    await expect(page.getByText("Takes the cluster off every page and refuses its agent.")).toBeVisible();
    await page.getByRole("button", { name: "Remove the cluster" }).click();
    const dialog = page.getByRole("dialog", { name: `Remove ${spare.name}?` });
    await expect(dialog).toContainText("Its agent is refused at once.");
    await expect(dialog).toContainText("download the evidence that you need first");
    const confirm = dialog.getByRole("button", { name: "Remove the cluster" });
    await expect(confirm).toBeDisabled();
    const field = dialog.getByLabel(`Type ${spare.name} to go on`);
    await field.fill(`${spare.name}-other`);
    await expect(confirm).toBeDisabled();
    await field.fill(spare.name);
    await confirm.click();
    await expect(page).toHaveURL(new RegExp(`${ORGANIZATION}/clusters(\\?|$)`));
    await expect(page.getByText(`${spare.name} was removed`)).toBeVisible();
    await expect(page.getByRole("link", { name: spare.name, exact: true })).toHaveCount(0);
    await page.goto(home);
    await expect(page.getByRole("heading", { level: 1, name: "This cluster is not here" })).toBeVisible();
    // Each of the four changes stands in the trail, under the person's name.
    const trail = (await (await page.request.get(`/api${ORGANIZATION}/audit?pageSize=100`)).json()) as {
      items: { action: string; outcome: string; actor: { name: string }; object: { name: string | null } | null }[];
    };
    const own = trail.items.filter(
      ({ actor, object, outcome }) => actor.name === PEOPLE.owner && object?.name === spare.name && outcome === "done",
    );
    expect(
      own
        .slice(0, 4)
        .map(({ action }) => action)
        .reverse(),
    ).toEqual(["cluster:register", "cluster:revoke", "cluster:enrol-again", "cluster:delete"]);
  });
});
