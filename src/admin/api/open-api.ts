import * as z from "zod";
import { type AdminRoute, adminRoutes } from "./route-table.ts";
import { failure } from "./schemas.ts";

type Json = Record<string, unknown>;

/**
 * The admin API as an OpenAPI document (version 3.1.0, whose schemas are JSON Schema 2020-12), made of the route
 * table: what the document says and what the server checks cannot differ.
 */
export function openApiDocument(version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<AdminRoute>(adminRoutes)) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operation(name, route, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Portico admin API",
      version,
      description: "What the admin page sees and does. Times are in milliseconds since 1970 (UTC).",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    tags: ["Watching", "Sessions", "Users", "Rooms", "Server"].map((tag) => ({ name: tag })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "admin.token, or what the server printed" },
      },
      responses: {
        Failure: {
          description: "Not done; the body says why.",
          headers: {
            "Retry-After": { description: "Seconds to wait.", schema: { type: "integer" } },
          },
          content: json(jsonSchema(failure, "output", schemas)),
        },
      },
    },
  };
}

function operation(name: string, route: AdminRoute, schemas: Json): Json {
  const parameters = parametersOf(route.query, schemas);
  const failed = { $ref: "#/components/responses/Failure" };
  const statuses = ["400", "401", "403", "429", "500", "503"];
  if (route.method === "POST") statuses.push("409", "413", "415");
  if (route.method === "POST" || parameters.some(({ required }) => required === true)) statuses.push("404");
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(jsonSchema(route.body, "input", schemas)) } }),
    responses: {
      "200": { description: "Done.", content: json(jsonSchema(route.answer, "output", schemas)) },
      ...Object.fromEntries(statuses.sort().map((status) => [status, failed])),
    },
  };
}

function parametersOf(schema: z.ZodObject | undefined, schemas: Json): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input", schemas);
  return Object.entries(properties as Record<string, Json>).map(([name, { description, ...rest }]) => ({
    name,
    in: "query",
    required: (required as string[]).includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function json(schema: Json): Json {
  return { "application/json": { schema } };
}

/** zod names what has an id `#/$defs/…`; in the document it is `#/components/schemas/…`. */
function jsonSchema(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
  const made = z.toJSONSchema(schema, { io, override: ({ jsonSchema: each }) => unbound(each) });
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $schema: _dialect, $defs = {}, ...rest } = JSON.parse(text) as Json;
  Object.assign(schemas, $defs);
  return rest;
}

/** JavaScript's largest whole number is nobody's business. */
function unbound(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
