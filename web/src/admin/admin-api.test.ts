import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdminRoute, adminRoutes } from "../../../src/admin/api/route-table.ts";
import { AdminApi } from "./admin-api.ts";
import { AdminClient } from "./admin-client.ts";

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
}

const asked: Asked[] = [];
const api = new AdminApi(
  new AdminClient({
    token: "secret",
    fetch: (url, { method, body }) => {
      const parsed: unknown = body === undefined ? undefined : JSON.parse(body);
      asked.push({ method, url: new URL(url, "http://portico.test"), body: parsed });
      return Promise.resolve({
        ok: true,
        status: 200,
        headers: { get: () => null },
        text: () => Promise.resolve("{}"),
      });
    },
  }),
);

const reason = "because";
/** How the page asks each route. */
const calls: { readonly [Name in keyof typeof adminRoutes]: () => Promise<unknown> } = {
  overview: () => api.overview(),
  history: () => api.history(17),
  disconnects: () => api.disconnects(),
  audit: () => api.audit({ before: 0, limit: 50 }),
  sessions: () => api.sessions({ search: "a b", slowOnly: true, sort: "roundTrip", limit: 100 }),
  addresses: () => api.addresses(20),
  measureRoundTrips: () => api.measureRoundTrips([1, 2]),
  kickSession: () => api.kickSession(5, reason),
  users: () => api.users({ after: "bob", limit: 100 }),
  user: () => api.user("김민준"),
  actOnUser: () => api.actOnUser({ name: "bob", action: "ban", durationMs: 60_000, reason }),
  banAddress: () => api.banAddress({ cidr: "192.0.2.0/24", lift: false, durationMs: 0, reason }),
  sanctions: () => api.sanctions("dev/ops?"),
  invite: () => api.invite({ uses: 3, durationMs: 0 }),
  rooms: () => api.rooms({ prefix: "de", after: "", limit: 100 }),
  openRooms: () => api.openRooms({ search: "de", sort: "members", limit: 100 }),
  room: () => api.room("dev/ops?"),
  changeRoom: () => api.changeRoom("dev", { topic: "<b>", slowModeMs: 5000, archived: false }),
  deleteRoom: () => api.deleteRoom("dev", "dev"),
  lockdown: () => api.lockdown(2),
  logLevel: () => api.logLevel("debug"),
  drain: () => api.drain("drain"),
};

describe("what the admin page asks", () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`${name} is as the server checks it`, async () => {
      const route: AdminRoute = adminRoutes[name as keyof typeof adminRoutes];
      asked.length = 0;
      await call();
      const { method, url, body } = asked[0] ?? assert.fail("nothing was asked");
      assert.equal(method, route.method);
      assert.equal(url.pathname, route.path);
      const query = Object.fromEntries(url.searchParams);
      if (route.query === undefined) assert.deepEqual(query, {});
      else route.query.parse(query);
      if (route.body === undefined) assert.equal(body, undefined);
      else assert.deepEqual(route.body.parse(body), body);
    });
  }
});
