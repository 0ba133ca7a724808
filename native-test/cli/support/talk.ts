/** Whether two containers of a machine reach each other, by a datagram and its echo, and streams between them. An IPv6 address answers only when it has
 *  been checked for duplicates, one second after it was given. */
import type { Machine } from "../demo/machine.ts";
import { nodeInside } from "./inside.ts";

const PORT = 7007;

const ECHO = (address: string) => `
import { createSocket } from "node:dgram";
const socket = createSocket(${JSON.stringify(address.includes(":") ? "udp6" : "udp4")});
socket.on("message", (message, from) => socket.send(message, from.port, from.address));
socket.bind(${PORT}, () => console.log("bound"));
`;

const CALLER = (address: string) => `
import { createSocket } from "node:dgram";
const socket = createSocket(${JSON.stringify(address.includes(":") ? "udp6" : "udp4")});
const call = () => socket.send("hello", ${PORT}, ${JSON.stringify(address)}, () => {});
socket.on("error", () => {});
socket.on("message", () => process.exit(0));
call();
setInterval(call, 20);
setTimeout(() => process.exit(1), 5000);
`;

/** True when a datagram from `from` to `address`, which is `to`'s, comes back within five seconds. */
export async function reaches(machine: Machine, from: string, to: string, address: string): Promise<boolean> {
  const echo = machine.start(nodeInside(to, ECHO(address)));
  try {
    await echo.prints("bound");
    const { code } = await machine.start(nodeInside(from, CALLER(address))).ended;
    return code === 0;
  } finally {
    await echo.stop("SIGKILL");
  }
}

const SERVER = (address: string) => `
import { createServer } from "node:net";
createServer((socket) => socket.resume().on("end", () => process.exit(0))).listen(${PORT}, ${JSON.stringify(address)}, () => console.log("bound"));
`;

const SENDER = (address: string, bytes: number) => `
import { connect } from "node:net";
connect(${PORT}, ${JSON.stringify(address)}).end(Buffer.alloc(${bytes}));
`;

/** A TCP stream of `bytes` bytes from `from` to `address`, which is `to`'s; resolves when it has arrived. */
export async function stream(machine: Machine, from: string, to: string, address: string, bytes: number): Promise<void> {
  const server = machine.start(nodeInside(to, SERVER(address)));
  await server.prints("bound");
  const ends = await Promise.all([machine.start(nodeInside(from, SENDER(address, bytes))).ended, server.ended]);
  for (const { code, stderr } of ends) if (code !== 0) throw new Error(`the stream broke: ${stderr}`);
}
