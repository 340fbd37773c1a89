import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdminWorld } from "../../../test/support/admin-world.ts";
import { openApiDocument } from "./open-api.ts";
import { type AdminRoute, adminRoutes } from "./route-table.ts";

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every `$ref` of the document. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  const own = typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function find(document: unknown, reference: string): unknown {
  let found = document;
  for (const step of reference.replace(/^#\//, "").split("/")) {
    found = isObject(found) ? found[step] : undefined;
  }
  return found;
}

describe("the OpenAPI document", () => {
  const document = openApiDocument("1.2.3");

  it("has every route that the server has, and no other", async (test) => {
    const world = await AdminWorld.open(test);
    const routes: string[] = [];
    for (const [path, methods] of Object.entries(document.paths as Record<string, Json>)) {
      for (const method of Object.keys(methods)) {
        routes.push(`${method} ${path}`);
        assert.ok(world.app.hasRoute({ method: method.toUpperCase(), url: path }), `${method} ${path}`);
      }
    }
    const declared = Object.values<AdminRoute>(adminRoutes).map(
      ({ method, path }) => `${method.toLowerCase()} ${path}`,
    );
    assert.deepEqual(routes.sort(), declared.sort());
    const printed = world.app.printRoutes({ commonPrefix: false });
    const served = printed.split("\n").filter((line) => /\((GET|POST)/.test(line)).length;
    assert.equal(served, declared.length + 1, `each route and the document itself:\n${printed}`);
  });

  it("is served to everybody, as JSON", async (test) => {
    const world = await AdminWorld.open(test);
    const response = await world.app.inject("/api/openapi.json");
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), JSON.parse(JSON.stringify(document)));
    assert.match(String(response.headers["content-type"]), /^application\/json/);
  });

  it("is version 3.1, with all that it refers to", () => {
    assert.equal(document.openapi, "3.1.0");
    const references = new Set(referencesIn(document));
    assert.ok(references.size > 20);
    for (const reference of references) {
      assert.match(reference, /^#\/components\/(schemas|responses)\/\w+$/);
      assert.notEqual(find(document, reference), undefined, reference);
    }
    for (const name of Object.keys(find(document, "#/components/schemas") as Json)) {
      assert.ok(references.has(`#/components/schemas/${name}`), `${name} is used`);
    }
  });

  it("describes each operation: a name of its own, a summary, parameters, answers", () => {
    const names = new Set<unknown>();
    for (const [path, methods] of Object.entries(document.paths as Record<string, Json>)) {
      for (const [method, operation] of Object.entries(methods)) {
        assert.ok(isObject(operation) && isObject(operation.responses));
        names.add(operation.operationId);
        assert.match(String(operation.summary), /^[A-Z].*\.$/);
        assert.ok("200" in operation.responses && "401" in operation.responses);
        assert.equal("requestBody" in operation, method === "post");
        const parameters = (operation.parameters ?? []) as { name: string; in: string }[];
        assert.ok(
          parameters.every((parameter) => parameter.in === "query"),
          path,
        );
      }
    }
    assert.equal(names.size, Object.keys(adminRoutes).length);
  });

  it("keeps nothing of zod's own", () => {
    const text = JSON.stringify(document);
    for (const word of ["$defs", "$schema", "9007199254740991"]) {
      const found = text.split(word).length - 1;
      // The number is in the sentences about bans without an end.
      const inSentences = text.split(`${word}: until`).length - 1;
      assert.equal(found - inSentences, 0, word);
    }
  });
});
