import type { Page } from "playwright-core";
import type { BrowserWorld, Visitor } from "./browser-world.ts";

/** Opens the admin page and signs in. */
export async function openAdminPage(world: BrowserWorld, visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto(`${world.url}/admin`);
  await signInAsAdmin(page, world.adminToken);
  await page.getByText("Serving", { exact: true }).waitFor();
}

export async function signInAsAdmin(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Follows the link of a section. */
export async function showSection(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}

/** The table's row that has the text. */
export function rowOf(page: Page, table: string, text: string) {
  return page.getByRole("table", { name: table, exact: true }).getByRole("row").filter({ hasText: text });
}

/** Waits for the short note. */
export async function noteOf(page: Page, text: string): Promise<void> {
  const notes = page.getByRole("region", { name: "Notes" });
  await notes.getByText(text, { exact: true }).first().waitFor();
}
