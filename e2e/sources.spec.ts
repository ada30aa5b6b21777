/** What no API of the cluster shows: a document is uploaded, a control knows more, and the document goes again. */
import pg from "pg";
import { ORGANIZATION, expect, signIn, test, world } from "./test";

const SOURCES = `${ORGANIZATION}/clusters/pci-staging?tab=sources`;
const CONTROL = `${ORGANIZATION}/controls/log-retention-12m?cluster=pci-staging`;

test("a platform engineer uploads the record of the log store, sees a control decide, and takes it back", async ({
  page,
}) => {
  test.setTimeout(120_000);
  await signIn(page, "platformEngineer", CONTROL);
  const result = page.locator("header").getByText(/^(Could not evaluate|Pass|Fail)$/);
  await expect(result).toHaveText("Could not evaluate");

  await page.goto(SOURCES);
  await expect(page.getByText(/controls?$/).first()).toBeVisible();
  await page.getByRole("searchbox").fill("log-retention-12m");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: /log-store$/ }).click();
  await expect(page.getByRole("heading", { name: "No document yet" })).toBeVisible();

  // What is wrong is known before anything counts.
  const text = page.getByLabel("or its text");
  await text.fill("name: x\nkind: [");
  await expect(page.getByText(/line 2/).first()).toBeVisible();
  await expect(text).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: "Upload" })).toBeDisabled();
  await text.fill(await page.getByRole("region", { name: /^Example of/ }).innerText());
  await expect(page.getByText("It can be read and adds")).toBeVisible();
  await page.getByRole("textbox", { name: /^Name/ }).fill("production-store.yaml");
  await page.getByRole("button", { name: "Upload" }).press("Enter");
  await expect(page.getByRole("cell", { name: /production-store\.yaml/ }).first()).toBeVisible();
  await expect(page.getByText("Used by the last scan")).toBeVisible({ timeout: 30_000 });

  await page.goto(CONTROL);
  await expect(result).not.toHaveText("Could not evaluate");

  await page.goto(`${SOURCES}&source=log-store`);
  await page.getByRole("button", { name: /Withdraw/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(page.getByRole("heading", { name: "No document yet" })).toBeVisible();
  await expect(async () => {
    await page.goto(CONTROL);
    await expect(result).toHaveText("Could not evaluate", { timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
});

test("an assessor reads the sources, adds nothing, and reads the catalogue as it was recorded", async ({ page }) => {
  await signIn(page, "assessor", `${SOURCES}&source=approved-access`);
  await expect(page.getByText(/kept by an owner or a compliance officer/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Upload" })).toHaveCount(0);
  const refused = await page.evaluate(async (path) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Blob(["access: []"]),
    });
    return response.status;
  }, `/api${ORGANIZATION}/clusters/pci-staging/imports?kind=approved-access&name=mine.yaml`);
  expect(refused).toBe(403);

  await page.goto(`${ORGANIZATION}/controls`);
  await page.getByRole("link", { name: /^Catalogue / }).click();
  await expect(page.getByText(/is active,/)).toBeVisible();
  await expect(page.getByRole("button", { name: /Activate/ })).toHaveCount(0);
  await page.getByRole("complementary", { name: "Facts" }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1, name: /^Catalogue / })).toBeVisible();
  await page.getByRole("link", { name: /net-default-deny-ingress/ }).click();
  await expect(page.getByText("Cannot see:")).toBeVisible();
});

/** As if the organization had begun with an earlier release, whose catalogue lacked one control and named another otherwise. */
async function keepOlderVersion(): Promise<void> {
  const client = new pg.Client({ connectionString: world().databaseUrl });
  await client.connect();
  try {
    await client.query(`
      insert into catalog (version, digest, document)
      select '${OLDER}', sha256('an older catalogue'), jsonb_build_object('format', 1, 'version', '${OLDER}', 'controls',
        jsonb_set((document -> 'controls') - -1, '{0,title}', '"As it was called then"'))
      from catalog order by first_seen_at desc limit 1`);
    await client.query(`
      insert into catalog_activation (org_id, seq, version, activated_at, activated_by_name)
      select org_id, max(seq) + 1, '${OLDER}', now(), 'an earlier release' from catalog_activation group by org_id`);
  } finally {
    await client.end();
  }
}
const OLDER = "2026.10.1";

test("a compliance officer sees what a new catalogue version changes and does, and activates it", async ({ page }) => {
  test.setTimeout(180_000);
  await keepOlderVersion();
  await signIn(page, "complianceOfficer", `${ORGANIZATION}/controls`);
  await page.getByRole("link", { name: "See what changes" }).click();
  await expect(page.getByRole("heading", { name: "New controls (1)" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Only worded differently (1)" })).toBeVisible();
  await page.getByRole("button", { name: "Work it out" }).click();
  await expect(page.getByText(/would change|nothing would change/).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/not worked out/i)).toHaveCount(0, { timeout: 60_000 });

  await page.getByRole("button", { name: /^Activate / }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Activate" }).click();
  await expect(page.getByText(/the newest version that this installation has/)).toBeVisible();
  await page.goto(`${ORGANIZATION}/audit`);
  await expect(page.getByText(/activated a catalogue version/).first()).toBeVisible();
});
