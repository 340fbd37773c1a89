import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { before, it } from "node:test";
import { openAdminPage, signInAsAdmin } from "../support/admin-page.ts";
import type { BrowserWorld } from "../support/browser-world.ts";
import { until } from "../support/until.ts";

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Who has no business with the admin API. */
export function adminAttackScenes(world: () => BrowserWorld): void {
  before(() => world().startAgain());

  /** Asks for a lockdown, as a program that can send anything. Resolves with the status. */
  function lockdown({ headers, body = '{"level":3}' }: Sent): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = request(`${world().url}/api/admin/lockdown`, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }

  async function lockdownLevel(): Promise<unknown> {
    const answer = await fetch(`${world().url}/api/admin/overview`, {
      headers: { Authorization: `Bearer ${world().adminToken}` },
    });
    const overview = (await answer.json()) as { lockdown: unknown };
    return overview.lockdown;
  }

  it("what a page of another site can send is refused", async () => {
    const json = { "Content-Type": "application/json" };
    const token = { Authorization: `Bearer ${world().adminToken}` };
    const shapes: readonly (readonly [number, Sent])[] = [
      [401, { headers: json }],
      [401, { headers: { ...json, Cookie: `token=${world().adminToken}` } }],
      [415, { headers: { ...token, "Content-Type": "text/plain" } }],
      [415, { headers: { ...token, "Content-Type": "application/x-www-form-urlencoded" }, body: "level=3" }],
      [403, { headers: { ...json, ...token, Origin: "https://evil.example" } }],
      [403, { headers: { ...json, ...token, Origin: "null" } }],
      [403, { headers: { ...json, ...token, "Sec-Fetch-Site": "cross-site" } }],
    ];
    for (const [status, sent] of shapes) {
      assert.equal(await lockdown(sent), status, JSON.stringify(sent.headers));
    }
    assert.equal(await lockdownLevel(), 0);
  });

  it("a page of another site, in the browser of an administrator, does nothing", async () => {
    const target = `${world().url}/api/admin/lockdown`;
    const other = createServer((_request, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(`<!doctype html><title>asking</title>
        <iframe name="sink"></iframe>
        <form method="post" action="${target}" enctype="text/plain" target="sink"><input name='{"level":3,"x":"' value='"}'></form>
        <script>
          const ask = (init) => fetch("${target}", { method: "POST", body: '{"level":3}', credentials: "include", ...init })
            .then((answer) => answer.type + " " + answer.status, () => "failed");
          document.forms[0].submit();
          Promise.all([
            ask({ mode: "no-cors" }),
            ask({ headers: { "Content-Type": "application/json" } }),
            ask({ headers: { "Content-Type": "application/json", Authorization: "Bearer ${world().adminToken}" } }),
          ]).then((results) => { document.title = "asked " + results.join(", "); });
        </script>`);
    });
    const visitor = await world().visitor();
    try {
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      const address = other.address();
      assert.ok(typeof address === "object" && address !== null);
      await openAdminPage(world(), visitor);
      const evil = await visitor.page.context().newPage();
      await evil.goto(`http://127.0.0.1:${address.port}/`);
      await until("it has asked", async () => (await evil.title()).startsWith("asked"));
      assert.equal(await evil.title(), "asked failed, failed, failed");
      assert.equal(await lockdownLevel(), 0);

      // Nor can the page be shown inside of another.
      await evil.setContent(`<iframe src="${world().url}/admin"></iframe>`);
      await until("the frame has failed", () => evil.frames().length > 1);
      const [, frame] = evil.frames();
      await until("nothing is in it", async () => (await frame?.locator("input").count()) === 0);
    } finally {
      await visitor.close();
      other.close();
      other.closeAllConnections();
    }
  });

  it("guessing is slowed, for right tokens too", async () => {
    const visitor = await world().visitor();
    const { page, watch } = visitor;
    await page.goto(`${world().url}/admin`);
    const alert = page.getByRole("alert");
    for (let guess = 0; guess < 30; guess++) {
      await signInAsAdmin(page, `a-guess-of-the-token-${guess}`);
      await alert.filter({ hasText: /The token is wrong|Too many attempts/ }).waitFor();
      if (await alert.filter({ hasText: "Too many attempts" }).isVisible()) break;
    }
    await signInAsAdmin(page, world().adminToken);
    await alert.filter({ hasText: /Too many attempts\. Again in \d+/ }).waitFor();
    watch.assertNone(/status of 4(01|29)/);
    await visitor.close();
  });
}
