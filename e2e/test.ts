/** The browser tests' own `test`: sign-in as one of the four people through the issuer, and a page without faults. */
import { test as base, expect, type Page } from "@playwright/test";
import type { World } from "./world";

export { expect };

export const ORGANIZATION = "/o/meridian";

export const PEOPLE = {
  owner: "Olivia Hart",
  complianceOfficer: "Ines Moreau",
  platformEngineer: "Petr Novak",
  assessor: "Tomas Lindqvist",
} as const;
export type PersonKey = keyof typeof PEOPLE;

export function world(): World {
  const text = process.env["RINGFENCE_E2E_WORLD"];
  if (text === undefined) throw new Error("the browser tests' world is not running");
  return JSON.parse(text) as World;
}

/** Signs in through the issuer's own page, as the person would. Ends on `path`. */
export async function signIn(page: Page, person: PersonKey, path: string = ORGANIZATION): Promise<void> {
  await page.goto(new URL(path, world().url).href);
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.getByRole("button", { name: new RegExp(PEOPLE[person]) }).click();
  await expect(page).toHaveURL(new RegExp(`^${world().url}${ORGANIZATION}/`));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

/** A page on which every console error, page error and refused resource fails the test. */
export const test = base.extend<{ expectCleanPage: undefined }>({
  expectCleanPage: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
      page.on("console", (message) => {
        // The browser logs every refused request itself; tests that expect a refusal look at the answer.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
          faults.push(`console: ${message.text()}`);
      });
      await use(undefined);
      expect(faults, "the page reported faults").toEqual([]);
    },
    { auto: true },
  ],
  // Playwright wants the fixtures destructured, even none of them.
  // oxlint-disable-next-line no-empty-pattern
  baseURL: async ({}, use) => use(world().url),
});
