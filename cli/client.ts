/** Asks a running agent, through its socket and nothing else. */
import { request } from "node:http";
import { placeOf } from "../agent/place.ts";
import { DEFAULT_NAME } from "../bindings/config/defaults.ts";
import { PortyardError } from "../bindings/error.ts";
import { ToldError } from "./error.ts";

export interface Target {
  socket?: string;
  name?: string;
}

/** The socket of an agent, from what the command line says. */
export function socketOf({ socket, name = DEFAULT_NAME }: Target): string {
  return socket ?? placeOf(name).socket;
}

export interface Answer<Body> {
  body: Body;
  /** How many rows there are without the limit; null where the answer is no list. */
  total: number | null;
  /** Where the next page begins; null where there is none. */
  next: number | null;
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** @param path with its query. @param body sent as JSON. @throws PortyardError `agent-missing`, `no-rights`, or what the agent answers. */
export async function ask<Body>(socket: string, method: Method, path: string, body?: unknown): Promise<Answer<Body>> {
  const { status, total, next, text } = await exchange(socket, method, path, body);
  const answer = parse(text, socket);
  if (status >= 400) throw new ToldError(answer as { error: Record<string, unknown> });
  return { body: answer as Body, total, next };
}

/** `/v1/macs?network=blue&limit=10`; parameters that are undefined are left out. */
export function withQuery(path: string, parameters: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}

interface Exchanged {
  status: number;
  total: number | null;
  next: number | null;
  text: string;
}

function exchange(socketPath: string, method: Method, path: string, body: unknown): Promise<Exchanged> {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const numberIn = (header: string) => (response.headers[header] === undefined ? null : Number(response.headers[header]));
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, total: numberIn("x-total-count"), next: numberIn("x-next-from"), text }),
      );
      response.on("error", (cause) => reject(unreachable(cause, socketPath)));
    });
    call.on("error", (cause) => reject(unreachable(cause, socketPath)));
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parse(text: string, socket: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch (cause) {
    const remedy = "Check that the socket is an agent's.";
    throw new PortyardError("not-an-agent", `What answers on ${socket} is no Portyard agent.`, { path: socket, remedy, cause });
  }
}

function unreachable(cause: NodeJS.ErrnoException, socket: string): PortyardError {
  const fields = { path: socket, value: cause.code, cause };
  if (cause.code === "EACCES" || cause.code === "EPERM") {
    return new PortyardError("no-rights", `This user may not ask the agent on ${socket}.`, {
      ...fields,
      remedy: "Run it as the agent's user, root for example.",
    });
  }
  if (cause.code === "ENOENT" || cause.code === "ECONNREFUSED" || cause.code === "ENOTDIR" || cause.code === "ENOTSOCK") {
    return new PortyardError("agent-missing", `No agent listens on ${socket}.`, {
      ...fields,
      remedy: "Start one with `portyard up --config FILE`, or say which one with --name or --socket.",
    });
  }
  return new PortyardError("agent-lost", `The agent on ${socket} ended before it answered.`, { ...fields, remedy: "Its log says why." });
}
