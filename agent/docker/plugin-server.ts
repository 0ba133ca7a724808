/** The plugin protocol of Docker: POST /KIND.METHOD, one JSON object each way, over a socket in the folder where Docker looks for plugins.
 *  A call without arguments has no body, no call has a content type. Errors are told under both names that Docker reads: "Err" and, of an
 *  address manager, "Error". Calls are answered one after another, in the order in which they came. */
import Fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import { PortyardError } from "../../bindings/error.ts";
import type { Log } from "../log.ts";

/** What answers a call; `body` is what stood in it, {} for nothing. */
export type Handler = (body: unknown) => Promise<object>;

const CONTENT_TYPE = "application/vnd.docker.plugins.v1.2+json";
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A server that does not listen yet.
 *  @param handlers by method, as "NetworkDriver.Join". */
export function createPluginServer(handlers: Record<string, Handler>, log: Log): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: "idle", requestTimeout: 0 });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  let last: Promise<unknown> = Promise.resolve();
  for (const [method, handler] of Object.entries(handlers)) {
    server.post(`/${method}`, async (request, reply) => {
      const answer = last.then(() => answerTo(method, handler, request.body, log));
      last = answer;
      const { status, body } = await answer;
      return reply.code(status).header("content-type", CONTENT_TYPE).send(JSON.stringify(body));
    });
  }
  server.setNotFoundHandler((request, reply) => {
    const text = `This driver has no ${request.url}.`;
    return reply
      .code(404)
      .header("content-type", CONTENT_TYPE)
      .send(JSON.stringify({ Err: text, Error: text }));
  });
  return server;
}

interface Answer {
  status: number;
  body: object;
}

async function answerTo(method: string, handler: Handler, text: unknown, log: Log): Promise<Answer> {
  const started = performance.now();
  try {
    const body = await handler(typeof text === "string" && text.trim() !== "" ? JSON.parse(text) : {});
    log.debug({ method, milliseconds: Math.round(performance.now() - started) }, "call of Docker");
    return { status: 200, body };
  } catch (error) {
    log.warn({ method, err: error }, "a call of Docker was refused");
    const words = wordsOf(error);
    return { status: 500, body: { Err: words, Error: words } };
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof PortyardError) return [error.message, error.remedy].filter((each) => each !== null).join(" ");
  if (error instanceof z.ZodError)
    return `The call is not understood: ${error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}.`;
  if (error instanceof SyntaxError) return "The body of the call is not JSON.";
  return "Portyard could not do that; its log says why.";
}
