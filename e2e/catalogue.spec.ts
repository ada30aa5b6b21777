/** The catalogue in the browser: finding a control, believing it, making it able to answer, and what guides get wrong. */
import { ORGANIZATION, expect, signIn, test } from "./test";

test("a compliance officer narrows 110 controls down, reads one whole and finds where a missing document goes", async ({
  page,
}) => {
  await signIn(page, "complianceOfficer", `${ORGANIZATION}/controls`);
  await expect(page.getByText(/of 110 controls/).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Controls in figures" })).toBeVisible();

  await page.getByLabel("Family").selectOption("auth");
  await expect(page).toHaveURL(/family=auth/);
  // The option said how many there are, and so many are listed.
  const option = await page.getByLabel("Family").locator("option:checked").textContent();
  const promised = Number(/\((\d+)\)/.exec(option ?? "")?.[1]);
  await expect(page.getByRole("table", { name: "Controls" }).locator("tbody tr")).toHaveCount(promised);
  await page.getByLabel("Search controls by id or title").fill("mfa");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/family=auth&q=mfa/);
  await page.locator('main a[href*="/controls/auth-mfa-evidence"]').first().click();

  await expect(page.getByRole("heading", { level: 1 })).toContainText("multi-factor");
  for (const word of ["Reads", "Why this is evidence", "What it cannot see"])
    await expect(page.getByRole("term").filter({ hasText: new RegExp(`^${word}$`) })).toBeVisible();
  const mapping = page.getByRole("table", { name: "Requirements that this control counts toward" });
  const row = mapping.getByRole("row").filter({ hasText: "8.4.2" });
  await expect(row).toContainText("Decides");
  await expect(row).toContainText("Partly automated");
  await expect(page.getByRole("term").filter({ hasText: "Revision" })).toBeVisible();

  // From what it could not evaluate to the page that takes the document.
  await page
    .getByRole("link", { name: /: Multi-factor policy of the identity provider/ })
    .first()
    .click();
  await expect(page).toHaveURL(/tab=sources/);
  await expect(page.getByText("Multi-factor policy of the identity provider").first()).toBeVisible();
});

test("an assessor goes from what guides get wrong to the right control and back, by keyboard", async ({ page }) => {
  await signIn(page, "assessor", `${ORGANIZATION}/controls`);
  await page.getByRole("link", { name: "What common guides get wrong" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "What common guides get wrong" })).toBeVisible();
  const errors = page.getByRole("article");
  const all = await errors.count();
  expect(all).toBeGreaterThan(50);
  await page.getByLabel("Topic").selectOption("Admission");
  await expect(page.getByText(/errors match/)).toBeVisible();
  expect(await errors.count()).toBeLessThan(all);
  const first = errors.filter({ hasText: "Pod Security runs in an admission webhook" });
  await expect(first.getByText("Right:")).toBeVisible();
  await first.getByRole("link", { name: "adm-pss-restricted" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Pod Security Standard");
  // And back: the control names the errors about it, each with an address of its own.
  await page.getByRole("link", { name: /Pod Security runs in an admission webhook/ }).click();
  await expect(page).toHaveURL(/\/controls\/guides#pod-security-is-a-webhook$/);
  await page.goto(`${ORGANIZATION}/controls/guides?q=nothing-of-that-kind`);
  await expect(page.getByRole("heading", { name: "No error matches" })).toBeVisible();
  await page.getByRole("link", { name: "Clear filters" }).click();
  await expect(errors).toHaveCount(all);
});

test("a requirement says how it is covered and why, by which controls, and what a person has to bring", async ({
  page,
}) => {
  await signIn(page, "owner", `${ORGANIZATION}/requirements/8.3.2`);
  for (const kind of ["Decides", "Can only break it", "Informs"])
    await expect(page.getByRole("heading", { level: 3, name: new RegExp(`^${kind}`) })).toBeVisible();
  await expect(page.getByText(/Every control that decides it is in the catalogue/)).toBeVisible();
  await page.goto(`${ORGANIZATION}/requirements/12.1.1`);
  await expect(page.getByRole("heading", { name: "What a person has to state" })).toBeVisible();
  for (const name of ["Assessor expects", "To upload", "How often", "Answers for"])
    await expect(page.getByRole("term").filter({ hasText: name })).toBeVisible();
  await expect(page.getByText("The procedure in writing, and dated records that show it was followed.")).toBeVisible();
});
