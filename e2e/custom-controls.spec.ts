/** An organization's own control from an empty form to a result, and back: written, tried, saved, run, withdrawn. */
import { ORGANIZATION, expect, signIn, test } from "./test";

const OWN = `${ORGANIZATION}/controls/custom`;

test("a compliance officer writes a control, tries it, saves it, sees it decide, and withdraws it", async ({
  page,
}) => {
  test.setTimeout(180_000);
  await signIn(page, "complianceOfficer", `${ORGANIZATION}/controls`);
  await page.getByRole("link", { name: "Own controls" }).click();
  await page.getByRole("link", { name: "New control" }).press("Enter");

  await page.getByRole("textbox", { name: /^Title/ }).fill("Deployments run at least two replicas");
  await page.getByRole("textbox", { name: /^Id/ }).fill("custom-two-replicas");
  await page.getByRole("combobox", { name: "Add a kind" }).selectOption("deployments");
  const expression = page.getByRole("textbox", { name: /^Expression \(CEL\)/ });
  // A field that redaction drops would be absent on every cluster: it is refused while it is written.
  await expression.fill("object.spec.minReadySeconds >= 5");
  await expect(page.getByText(/minReadySeconds is not read from deployments/)).toBeVisible();
  await expect(expression).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await expression.fill("object.spec.replicas >= 2");
  await page.getByRole("textbox", { name: /^Message when/ }).fill("fewer than two replicas");
  await page.getByRole("button", { name: "Add a requirement" }).click();
  await page.getByRole("textbox", { name: /^Number/ }).fill("12.10.1");
  await page.getByRole("textbox", { name: /^Why it is evidence/ }).fill("One pod that ends leaves no service.");
  await expect(page.getByText("Nothing is wrong with it.")).toBeVisible();

  await page.getByRole("combobox", { name: "Cluster" }).selectOption("pci-prod");
  await page.getByRole("button", { name: "Try" }).click();
  await expect(page.getByRole("table", { name: /What the draft says/ })).toBeVisible({ timeout: 30_000 });

  await page.getByRole("button", { name: "Save" }).press("Enter");
  await expect(page).toHaveURL(new RegExp(`${OWN}/custom-two-replicas$`), { timeout: 20_000 });
  await expect(page.getByText("Revision 1", { exact: true })).toBeVisible();
  const results = page.locator("header").getByText(/^(Pass|Fail)$/);
  await expect(async () => {
    await page.goto(`${ORGANIZATION}/controls/custom-two-replicas?cluster=pci-prod`);
    await expect(results).toBeVisible({ timeout: 1_500 });
  }).toPass({ timeout: 60_000 });
  await expect(page.getByText("The organization’s own").first()).toBeVisible();
  await expect(page.locator("header").getByText("Custom", { exact: true })).toBeVisible();

  await page.goto(`${OWN}/custom-two-replicas`);
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(page.getByText("It runs no more.")).toBeVisible();
});

test("a platform engineer imports a policy as a draft that an officer can save; an assessor reads only", async ({
  page,
  browser,
}) => {
  await signIn(page, "platformEngineer", `${OWN}/import`);
  await page.getByRole("textbox", { name: /^Policy and bindings/ }).fill(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: replicas.example.com }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }]
  validations: [{ expression: object.spec.replicas <= 50 }]
`);
  await page.getByRole("button", { name: "Read it" }).click();
  await expect(page.getByRole("textbox", { name: /^Id/ })).toHaveValue("custom-replicas-example-com");
  await expect(page.getByText(/Nothing is wrong with it/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);

  const assessor = await (await browser.newContext()).newPage();
  await signIn(assessor, "assessor", OWN);
  await expect(assessor.getByRole("heading", { level: 1, name: "Own controls" })).toBeVisible();
  await expect(assessor.getByRole("link", { name: "New control" })).toHaveCount(0);
  await assessor.goto(`${OWN}/new`);
  await expect(assessor.getByText("Your role does not open this page")).toBeVisible();
  await assessor.context().close();
});
