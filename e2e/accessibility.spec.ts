/** Every page, in light and dark, without a serious fault that axe can see, and light enough to open. */
import AxeBuilder from "@axe-core/playwright";
import { ORGANIZATION, expect, signIn, test } from "./test";

const PAGES = [
  "/clusters",
  "/clusters/pci-prod",
  "/clusters/pci-prod?tab=inventory",
  "/clusters/pci-prod?tab=sources",
  "/clusters/pci-prod?tab=sources&source=approved-access",
  "/clusters/pci-prod?tab=scans",
  "/clusters/pci-prod?tab=agent",
  "/clusters/register",
  "/requirements",
  "/requirements/1.3.1",
  "/requirements/12.1.1",
  "/controls",
  "/controls?q=nothing-of-that-name",
  "/controls/net-default-deny-ingress",
  "/controls/auth-mfa-evidence",
  "/controls/guides",
  "/findings",
  "/findings/1",
  "/catalog",
  "/scope",
  "/members",
  "/audit",
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`no serious accessibility fault in ${colorScheme}`, async ({ page }) => {
    test.setTimeout(420_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page, "owner");
    for (const path of PAGES) {
      await page.goto(`${ORGANIZATION}${path}`);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
        .analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(
        serious.map(({ id, nodes }) => `${path}: ${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`),
      ).toEqual([]);
    }
  });
}

test("the pages stay small: DOM nodes and first-load JavaScript", async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, "owner");
  for (const path of [
    "/clusters",
    "/requirements",
    "/requirements/1.3.1",
    "/requirements/2.2.6",
    "/requirements/7.2.5",
    "/controls",
    "/controls/pod-run-as-non-root",
    "/controls/net-cross-scope-ingress",
    "/controls/guides",
    "/findings",
    "/scope",
  ]) {
    await page.goto(`${ORGANIZATION}${path}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    expect(nodes, `${path}: DOM nodes`).toBeLessThanOrEqual(1500);
    const script = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(
          (entry): entry is PerformanceResourceTiming =>
            entry instanceof PerformanceResourceTiming && /\.js(\?|$)/.test(entry.name),
        )
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    );
    expect(script / 1000, `${path}: kB of compressed JavaScript`).toBeLessThanOrEqual(200);
  }
});
