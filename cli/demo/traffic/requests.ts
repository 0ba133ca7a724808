/** Requests to a service, each by a connection of its own: whoever answers says its name. Over Node's sockets, as many wait at once. */
import { connect } from "node:net";
import { PortyardError } from "../../../bindings/error.ts";
import { nameIn } from "./answer.ts";

export const REQUEST = "GET / HTTP/1.0\r\n\r\n";
const PATIENCE_MS = 5000;
const REPORT_COUNT = 50;

/** How many each backend answered, by name, and how long that took: all, and one on average from its SYN to its end. */
export interface Answers {
  counts: Record<string, number>;
  seconds: number;
  meanMs: number;
}

/** Makes `count` requests, `atOnce` of them at a time. @param report called after each fifty with how many were answered.
 *  @throws PortyardError `request-failed` of the first that was refused, got no answer within five seconds, or another than a name. */
export async function makeRequests(
  address: string,
  port: number,
  count: number,
  atOnce: number,
  report: (answered: number) => void,
): Promise<Answers> {
  const counts: Record<string, number> = {};
  let [begun, answered, totalMs] = [0, 0, 0];
  const start = performance.now();
  const oneByOne = async () => {
    while (begun++ < count) {
      const asked = performance.now();
      const name = await request(address, port);
      totalMs += performance.now() - asked;
      counts[name] = (counts[name] ?? 0) + 1;
      if (++answered % REPORT_COUNT === 0) report(answered);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, oneByOne));
  return { counts, seconds: (performance.now() - start) / 1000, meanMs: totalMs / count };
}

/** Resolves with the name in the answer when both sides have closed. */
function request(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const failed = (why: string) => reject(new PortyardError("request-failed", `A request to ${address}:${port} failed: ${why}`));
    const socket = connect({ host: address, port }, () => socket.write(REQUEST));
    socket.setEncoding("latin1").on("data", (text: unknown) => {
      answer += text;
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    socket.on("error", ({ message }) => failed(message));
    socket.on("close", () => {
      const name = nameIn(answer);
      if (name === null) failed(`${JSON.stringify(answer)} is no answer`);
      else resolve(name);
    });
  });
}
