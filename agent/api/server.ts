/** The HTTP server of the API. Handlers come from the table of routes; what they throw is answered as an error. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PortyardError } from "../../bindings/error.ts";
import type { Log } from "../log.ts";
import { packageVersion } from "../package-version.ts";
import type { Page, Rows } from "../rows.ts";
import { errorAnswer } from "./error.ts";
import { openApi } from "./openapi.ts";
import { parseQuery } from "./query.ts";
import type { Route, Served } from "./route.ts";
import { routes } from "./routes.ts";

/** A service with all the backends that there may be takes less. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A backend's name of 253 characters, each as four bytes in hexadecimal. */
const MAX_PARAMETER = 253 * 12;

/** No route has a schema (parseQuery and the operations check what they are given): without this Fastify loads its compilers of schemas
 *  all the same, which is a tenth of an agent's start. */
const noCompilers = { buildValidator: refuseSchema, buildSerializer: refuseSchema };

function refuseSchema(): never {
  throw new Error("A route has a schema, and no compiler of schemas is loaded.");
}

/** A server that does not listen yet. */
export function createServer(agent: Served, log: Log): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: "idle",
    requestTimeout: 0,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    schemaController: { compilersFactory: noCompilers },
  });
  for (const route of routes) {
    server.route({ method: route.method, url: route.path.replace(/\{(\w+)\}/g, ":$1"), handler: handler(agent, route) });
  }
  let document: object | null = null;
  server.get("/v1/openapi.json", () => {
    document ??= openApi(routes, packageVersion());
    return document;
  });
  server.setNotFoundHandler((request, reply) => {
    const remedy = "GET /v1/openapi.json describes what there is.";
    send(
      reply,
      new PortyardError("not-found", `There is no ${request.method} ${request.url}.`, { path: request.url, value: request.method, remedy }),
    );
  });
  server.setErrorHandler((error, request, reply) => {
    if (errorAnswer(error).status === 500) log.error({ err: error, method: request.method, url: request.url }, "request failed");
    send(reply, error);
  });
  server.addHook("onResponse", (request, reply, done) => {
    log.debug(
      { method: request.method, url: request.url, status: reply.statusCode, milliseconds: Math.round(reply.elapsedTime) },
      "request",
    );
    done();
  });
  return server;
}

function send(reply: FastifyReply, error: unknown): void {
  const { status, body } = errorAnswer(error);
  reply.code(status).send(body);
}

function handler(agent: Served, route: Route) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const filter = parseQuery(route.query, request.query);
    const { name = "", backend = "" } = request.params as { name?: string; backend?: string };
    const result = await route.run(agent, { filter, name, backend, body: request.body });
    reply.code(route.answer.status);
    if (route.answer.status === 204) return reply.send();
    if (!route.answer.isList) return result;
    return route.answer.isPaged ? page(reply, result as Page<unknown>) : list(reply, result as Rows<unknown>);
  };
}

function list(reply: FastifyReply, { rows, total }: Rows<unknown>): unknown[] {
  reply.header("x-total-count", total);
  return rows;
}

function page(reply: FastifyReply, { rows, next }: Page<unknown>): unknown[] {
  if (next !== null) reply.header("x-next-from", next);
  return rows;
}
