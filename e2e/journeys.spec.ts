/**
 * The journeys of the four people, each signed in through the issuer, against the real stack: what they came for, in the browser.
 */
import { ORGANIZATION, expect, signIn, test } from "./test";

test("a compliance officer goes from the fleet to a failing requirement, its grounds and the finding behind it", async ({
  page,
}) => {
  await signIn(page, "complianceOfficer", `${ORGANIZATION}/clusters`);
  await expect(page.getByRole("heading", { level: 1, name: "Clusters" })).toBeVisible();
  for (const name of ["pci-prod", "pci-staging", "platform-services", "development"]) {
    await expect(page.getByRole("link", { name, exact: true }).first()).toBeVisible();
  }

  await page.getByRole("link", { name: "Requirements", exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "PCI DSS v4.0.1" })).toBeVisible();
  await page.goto(`${ORGANIZATION}/requirements/1.3.1`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("1.3.1");
  await expect(page.getByText("net-default-deny-ingress").first()).toBeVisible();
  await expect(page.getByText("Fail", { exact: true }).first()).toBeVisible();
  // A control opens into its rule and the command that shows the same without us.
  await page.locator("summary", { hasText: "net-default-deny-ingress" }).first().click();
  await expect(page.getByText(/kubectl/).first()).toBeVisible();

  await page.goto(`${ORGANIZATION}/findings`);
  await expect(page.getByRole("heading", { level: 1, name: "Findings" })).toBeVisible();
  await page.locator('main a[href*="/findings/"]').first().click();
  await expect(page).toHaveURL(/\/findings\/\d+|\/findings\/F-\d+/);
  await expect(page.getByRole("heading", { name: "How it decides" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Verify it yourself" })).toBeVisible();
});

test("an assessor reads everything, sees that access is recorded, takes a package away and can change nothing", async ({
  page,
}) => {
  await signIn(page, "assessor", `${ORGANIZATION}/clusters`);
  await expect(page.getByText(/recorded/i).first()).toBeVisible();
  await expect(page.getByRole("link", { name: /register cluster/i })).toHaveCount(0);

  const refused = await page.evaluate(async (path) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "mine", project: "development", provider: "other" }),
    });
    return { status: response.status, body: (await response.json()) as { error: { code: string } } };
  }, `/api${ORGANIZATION}/clusters`);
  expect(refused.status).toBe(403);
  expect(refused.body.error.code).toBe("forbidden");

  await page.goto(`${ORGANIZATION}/clusters/pci-prod?tab=scans`);
  const download = page.waitForEvent("download");
  await page
    .getByRole("link", { name: /evidence|package|zip/i })
    .first()
    .click();
  expect((await download).suggestedFilename()).toMatch(/\.zip$/);

  await page.goto(`${ORGANIZATION}/audit`);
  await expect(page.getByText(/package/i).first()).toBeVisible();
});

test("a platform engineer finds the object, the manifest that repairs it and the command that proves it", async ({
  page,
}) => {
  await signIn(page, "platformEngineer", `${ORGANIZATION}/findings?cluster=pci-prod`);
  await expect(page.getByRole("heading", { level: 1, name: "Findings" })).toBeVisible();
  await page.locator('main a[href*="/findings/"]').first().click();
  await expect(page.getByRole("heading", { name: "Fix" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Raw object" })).toBeVisible();
  // The address is the view: a reload shows the same finding.
  const title = await page.getByRole("heading", { level: 1 }).textContent();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title ?? "");
  // Owners' pages stay closed, and say who could open them.
  await page.goto(`${ORGANIZATION}/audit`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("does not open this page");
});

test("a fleet owner filters, sorts and pages in the address, and follows a cluster down to its agent", async ({
  page,
}) => {
  await signIn(page, "owner", `${ORGANIZATION}/clusters?sort=name`);
  await expect(page.getByRole("link", { name: "development", exact: true }).first()).toBeVisible();
  await page.goto(`${ORGANIZATION}/clusters?q=pci`);
  await expect(page.getByRole("link", { name: "pci-prod", exact: true }).first()).toBeVisible();
  await expect(page.getByRole("link", { name: "development", exact: true })).toHaveCount(0);
  await page.goto(`${ORGANIZATION}/clusters?q=nothing-of-that-name`);
  await expect(page.getByText(/match/i).first()).toBeVisible();

  await page.goto(`${ORGANIZATION}/clusters/platform-services`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("platform-services");
  await page.getByRole("link", { name: "Inventory" }).click();
  await expect(page.getByText("forbidden", { exact: false }).first()).toBeVisible();
  await page.getByRole("link", { name: "Agent" }).click();
  await expect(page.getByText(/fingerprint|key/i).first()).toBeVisible();
  await page.goto(`${ORGANIZATION}/members`);
  await expect(page.getByText("Tomas Lindqvist")).toBeVisible();
});

test("nobody sees anything without a session, and after signing out", async ({ page }) => {
  await page.goto(`${ORGANIZATION}/findings`);
  await expect(page).toHaveURL(/\/sign-in\?callbackUrl=/);
  const api = await page.request.get(`/api${ORGANIZATION}/findings`);
  expect(api.status()).toBe(401);

  await signIn(page, "complianceOfficer", `${ORGANIZATION}/findings`);
  await expect(page).toHaveURL(/\/findings/);
  const foreign = await page.request.get("/api/o/somebody-else/findings");
  expect(foreign.status()).toBe(404);

  await page.getByRole("button", { name: "Sign out" }).first().click();
  // The issuer ends its own session too, and sends the person back.
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto(`${ORGANIZATION}/findings`);
  await expect(page).toHaveURL(/\/sign-in\?callbackUrl=/);
});
