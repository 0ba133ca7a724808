/** Traffic of native tests: streams of numbered datagrams between namespaces, and what became of them. */
import { type Child, startChild } from "../support/child.ts";
import type { TestNamespace } from "../support/namespace.ts";

export interface Outcome {
  sent: number;
  received: number;
  /** Longest time between two datagrams at the receiver. */
  longestGapMs: number;
}

const RECEIVER = `
import { createSocket } from "node:dgram";
const [address, port] = (await heard()).split(" ");
const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", recvBufferSize: 4194304 });
const seen = new Set();
let last = 0, gap = 0;
socket.on("message", (message) => {
  const now = performance.now();
  if (last !== 0) gap = Math.max(gap, now - last);
  last = now;
  seen.add(message.readUInt32BE());
});
socket.bind(Number(port), address, () => console.log("bound"));
await heard();
console.log(JSON.stringify({ received: seen.size, longestGapMs: gap }));
await heard();
socket.close();
`;

const SENDER = `
import { createSocket } from "node:dgram";
const [address, port, perSecond, bytes] = (await heard()).split(" ");
const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", sendBufferSize: 4194304 });
const begin = performance.now();
let number = 0, isOn = true;
const timer = setInterval(() => {
  for (const due = (performance.now() - begin) * perSecond / 1000; isOn && number < due; number++) {
    const message = Buffer.alloc(Number(bytes));
    message.writeUInt32BE(number);
    socket.send(message, Number(port), address);
  }
}, 1);
console.log("sending");
await heard();
isOn = false;
clearInterval(timer);
socket.close(() => console.log(JSON.stringify({ sent: number })));
await heard();
`;

function inside(namespace: TestNamespace, script: string): Child {
  return startChild(script, { through: ["ip", "netns", "exec", namespace.name] });
}

/** Datagrams under way, until `stop`. */
export class Numbered {
  private readonly sender: Child;
  private readonly receiver: Child;

  private constructor(sender: Child, receiver: Child) {
    this.sender = sender;
    this.receiver = receiver;
  }

  /** Sends `perSecond` datagrams of `bytes` (4-65,000) from one namespace to `address` in another; resolves when it goes on. */
  static async start(from: TestNamespace, to: TestNamespace, address: string, perSecond: number, bytes = 100): Promise<Numbered> {
    const receiver = inside(to, RECEIVER);
    receiver.say(`${address} 5000`);
    await receiver.line();
    const sender = inside(from, SENDER);
    sender.say(`${address} 5000 ${perSecond} ${bytes}`);
    await sender.line();
    return new Numbered(sender, receiver);
  }

  /** Ends the sender, lets what is under way arrive, and counts. */
  async stop(): Promise<Outcome> {
    this.sender.say("stop");
    const { sent } = JSON.parse(await this.sender.line());
    await this.sender.finish();
    this.receiver.say("count");
    const counted = JSON.parse(await this.receiver.line());
    await this.receiver.finish();
    return { sent, ...counted };
  }
}

/** Copies `bytes` pseudo-random bytes by one TCP connection and compares what arrives; resolves to the seconds that it took.
 *  @throws Error when a byte differs or the connection breaks. */
export async function copyStream(from: TestNamespace, to: TestNamespace, address: string, bytes: number): Promise<number> {
  const receiver = inside(to, STREAM_RECEIVER);
  receiver.say(`${address} ${bytes}`);
  await receiver.line();
  const sender = inside(from, STREAM_SENDER);
  sender.say(`${address} ${bytes}`);
  const digests = await Promise.all([receiver.line(), sender.line()]);
  await Promise.all([receiver.finish(), sender.finish()]);
  const [received, sent] = digests.map((line) => JSON.parse(line));
  if (received.digest !== sent.digest) throw new Error(`the stream differs: ${received.bytes} of ${bytes} bytes arrived`);
  return received.seconds;
}

const STREAM_RECEIVER = `
import { createServer } from "node:net";
import { createHash } from "node:crypto";
const [address, bytes] = (await heard()).split(" ");
const hash = createHash("sha1");
const server = createServer((socket) => {
  const begin = performance.now();
  let count = 0;
  socket.on("data", (data) => { hash.update(data); count += data.length; });
  socket.on("end", () => {
    socket.end();
    server.close();
    console.log(JSON.stringify({ digest: hash.digest("hex"), bytes: count, seconds: (performance.now() - begin) / 1000 }));
  });
});
server.listen(5001, address, () => console.log("listening"));
await heard();
`;

const STREAM_SENDER = `
import { connect } from "node:net";
import { createHash, randomBytes } from "node:crypto";
const [address, bytes] = (await heard()).split(" ");
const hash = createHash("sha1");
const socket = connect(5001, address);
socket.on("error", (error) => { console.log(JSON.stringify({ digest: error.message })); });
let left = Number(bytes);
while (left > 0) {
  const data = randomBytes(Math.min(left, 65536));
  hash.update(data);
  left -= data.length;
  if (!socket.write(data)) await new Promise((resolve) => socket.once("drain", resolve));
}
socket.end();
console.log(JSON.stringify({ digest: hash.digest("hex") }));
await heard();
`;
