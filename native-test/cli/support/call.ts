/** A client of a test: asks what answers at an address and port (world.ts), from a container or from the machine itself. */
import { scale } from "../../../test/scale.ts";
import type { Machine } from "../demo/machine.ts";
import { nodeInside } from "./inside.ts";

export interface Call {
  /** Empty: the machine itself. */
  from: string;
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  /** What is sent; default 100. */
  bytes?: number;
  waitMs?: number;
}

const TCP = ({ address, port, bytes }: Required<Call>) => `
import { connect } from "node:net";
const socket = connect({ port: ${port}, host: ${JSON.stringify(address)} });
let answer = "";
socket.setEncoding("utf8").on("data", (text) => { answer += text; });
socket.on("error", (error) => { console.log(error.code); process.exit(0); });
socket.on("close", () => { console.log(answer); process.exit(0); });
socket.end(Buffer.alloc(${bytes}));`;

const UDP = ({ address, port, bytes }: Required<Call>) => `
import { createSocket } from "node:dgram";
const socket = createSocket(${JSON.stringify(address.includes(":") ? "udp6" : "udp4")});
socket.on("error", (error) => { console.log(error.code); process.exit(0); });
socket.on("message", (message) => { console.log(String(message)); process.exit(0); });
socket.connect(${port}, ${JSON.stringify(address)}, () => {
  const call = () => socket.send(Buffer.alloc(${bytes}), () => {});
  call();
  setInterval(call, 100);
});`;

/** The address that the server saw and the bytes that it got, as "192.0.2.2 100"; else the error's name, or "silence". */
export async function call(machine: Machine, asked: Call): Promise<string> {
  const full = { bytes: 100, waitMs: scale.nativePatienceMilliseconds, ...asked };
  const script = `${asked.protocol === "tcp" ? TCP(full) : UDP(full)}
setTimeout(() => { console.log("silence"); process.exit(0); }, ${full.waitMs});`;
  const { stdout } = await machine.start(nodeInside(asked.from, script)).ended;
  return stdout.trim();
}
