/** The two things that the demo does with its containers: ping, and one TCP stream. */
import { PortyardError } from "../../bindings/error.ts";
import type { Container } from "./container.ts";
import { PING_COUNT, PING_INTERVAL_MS } from "./plan.ts";
import type { Echo } from "./traffic/ping.ts";
import type { Transfer } from "./traffic/stream.ts";

/** @returns what came of each echo request, in their order. */
export async function pingOnce(
  from: Container,
  address: string,
  report: (sequence: number, echo: Echo | null) => void,
): Promise<(Echo | null)[]> {
  const echoes: (Echo | null)[] = [];
  await from.ping(address, PING_COUNT, PING_INTERVAL_MS, (sequence, echo) => {
    echoes.push(echo);
    report(sequence, echo);
  });
  return echoes;
}

/** One stream from `client` to `server` at `address` for `seconds`; @returns what the server received.
 *  @throws PortyardError `stream-incomplete` when that is not what the client sent, and what Container throws. */
export async function stream(
  client: Container,
  server: Container,
  address: string,
  seconds: number,
  sofar: (transfer: Transfer) => void,
): Promise<Transfer> {
  const { received, port } = openServer(server, sofar);
  const sending = port.then((number) => client.send(address, number, seconds));
  const [got, sent] = await Promise.all([received, sending]);
  if (got.bytes === sent.bytes) return got;
  throw new PortyardError("stream-incomplete", `${server.name} received ${got.bytes} of ${sent.bytes} bytes`, { value: got.bytes });
}

function openServer(server: Container, sofar: (transfer: Transfer) => void): { received: Promise<Transfer>; port: Promise<number> } {
  let listening: (port: number) => void = () => {};
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  return { received: server.receive(listening, sofar), port };
}
