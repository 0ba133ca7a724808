/** The OpenAPI 3.1 document, made from the routes and from the schemas that check what comes in and shape what goes out. */
import { z } from "zod";
import { WORDS } from "../../bindings/config/field.ts";
import { networkSchema } from "../../bindings/config/network-schema.ts";
import { portSchema } from "../../bindings/config/port-schema.ts";
import { serviceSchema } from "../../bindings/config/service-schema.ts";
import type { Answer, Route } from "./route.ts";
import {
  dropView,
  errorView,
  explainInput,
  explanationView,
  exportView,
  leftView,
  macView,
  networkView,
  portView,
  publishedView,
  reloadInput,
  reloadView,
  stoppedView,
  versionView,
  workerView,
} from "./schema.ts";
import { backendView, drainedView, drainInput, flowView, serviceView } from "./service-schema.ts";

const COMPONENTS: Record<string, z.ZodType> = {
  NetworkInput: networkSchema,
  PortInput: portSchema,
  PortPatch: z.looseObject({}).meta({ description: "Keys of PortInput, each with its new value, or with null for its default" }),
  ServiceInput: serviceSchema,
  ServicePatch: z.looseObject({}).meta({ description: "Keys of ServiceInput, each with its new value, or with null for its default" }),
  DrainInput: drainInput,
  ReloadInput: reloadInput,
  Network: networkView,
  Port: portView,
  Service: serviceView,
  Backend: backendView,
  Flow: flowView,
  Drained: drainedView,
  Mac: macView,
  Drop: dropView,
  Published: publishedView,
  ExplainInput: explainInput,
  Explanation: explanationView,
  Worker: workerView,
  Version: versionView,
  Reload: reloadView,
  Export: exportView,
  Stopped: stoppedView,
  Left: leftView,
  Error: errorView,
};

const MEANINGS: Record<number, string> = {
  400: "The request is wrong: the message says where",
  403: "The agent has not the rights",
  404: "There is nothing of this name",
  409: "What is there already stands in the way",
  422: "The kernel or the system refused it",
  500: "A fault of the agent",
  503: "The agent is starting or stopping",
  507: "No space left",
};

type Json = Record<string, unknown>;

function jsonSchema(schema: z.ZodType): Json {
  const strip = ({ jsonSchema: made }: { jsonSchema: Json }) => {
    delete made[WORDS];
  };
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", override: strip as never }) as Json;
  return rest;
}

const json = (schema: Json) => ({ "application/json": { schema } });
const reference = (component: string) => ({ $ref: `#/components/schemas/${component}` });

function answer(of: Answer): [string, Json] {
  if (of.status === 204) return ["204", { description: "Done" }];
  if (!of.isList) return [String(of.status), { description: of.component, content: json(reference(of.component)) }];
  const next = { description: "Where the next page begins; absent of the last one", schema: { type: "integer", minimum: 0 } };
  const total = { description: "How many there are without the limit", schema: { type: "integer", minimum: 0 } };
  const items = { type: "array", items: reference(of.component) };
  return [
    String(of.status),
    {
      description: `A list of ${of.component}`,
      headers: of.isPaged ? { "x-next-from": next } : { "x-total-count": total },
      content: json(items),
    },
  ];
}

function parameters(route: Route): Json[] {
  const { properties = {} } = jsonSchema(route.query) as { properties?: Record<string, Json> };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: false,
    description,
    schema,
  }));
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery];
}

function operation(route: Route): Json {
  const errors = [400, ...route.errors, 500].map((status) => [
    status,
    { description: MEANINGS[status], content: json(reference("Error")) },
  ]);
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: parameters(route),
    ...(route.body && { requestBody: { required: true, content: json(reference(route.body)) } }),
    responses: { ...Object.fromEntries([answer(route.answer)]), ...Object.fromEntries(errors) },
  };
}

/** @param version of the package. @returns an OpenAPI 3.1 document as an object. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  const self = { description: "This document", content: json({ type: "object" }) };
  paths["/v1/openapi.json"] = { get: { operationId: "getOpenApi", summary: "This document", parameters: [], responses: { 200: self } } };
  return {
    openapi: "3.1.0",
    info: {
      title: "Portyard agent",
      version,
      description: "Networks, ports and services of one host's agent, on a unix socket that only its user may open.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://localhost", description: "Through the unix socket, /run/portyard/NAME/agent.sock by default" }],
    paths,
    components: { schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, jsonSchema(schema)])) },
  };
}
