/** The tables of docs/api.md, made from the OpenAPI document. */
import { openApi } from "./openapi.ts";
import { routes } from "./routes.ts";

interface Schema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
}

const SHOWN = [
  "Network",
  "Port",
  "Service",
  "Backend",
  "Flow",
  "Drained",
  "Mac",
  "Drop",
  "Published",
  "Explanation",
  "Worker",
  "Version",
  "Reload",
  "Export",
];
const asCell = (text: string): string => text.replaceAll("|", "\\|");
const row = (cells: string[]): string => `| ${cells.map(asCell).join(" | ")} |`;

function typeOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object") return `object of ${typeOf(schema.additionalProperties)}`;
  return [schema.type ?? "any"].flat().join(" or ");
}

function routeTable(): string {
  const lines = routes.map(({ method, path, summary, query, body, answer }) => {
    const parameters = Object.keys(query.shape)
      .map((name) => `\`${name}\``)
      .join(", ");
    const answered = answer.status === 204 ? "204" : `${answer.status} ${answer.isList ? "list of " : ""}${answer.component}`;
    return row([`\`${method} ${path}\``, summary, parameters || "-", body ?? "-", answered]);
  });
  const self = row(["`GET /v1/openapi.json`", "The OpenAPI 3.1 document", "-", "-", "200"]);
  return ["| route | what it does | filters | body | answer |", "|---|---|---|---|---|", ...lines, self].join("\n");
}

function fieldTable(name: string, { properties = {} }: Schema): string {
  const lines = Object.entries(properties).map(([field, schema]) => row([`\`${field}\``, typeOf(schema), schema.description ?? "-"]));
  return [`### ${name}`, "", "| field | type | meaning |", "|---|---|---|", ...lines].join("\n");
}

/** Markdown: every route, then the fields of what is answered. */
export function apiReference(): string {
  const { components } = openApi(routes, "") as { components: { schemas: Record<string, Schema> } };
  const tables = SHOWN.map((name) => fieldTable(name, components.schemas[name] ?? {}));
  return [routeTable(), ...tables].join("\n\n");
}
