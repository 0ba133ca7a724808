/** Descriptors from process to process:
 *
 *   this process: opens a TAP --SCM_RIGHTS over a unix socket--> another process: writes a frame to it
 *        |                                                              |
 *   closes its own copy                                      the kernel counts the frame at the TAP                       */
import { readdirSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createEventfd, drainEventfd, signalEventfd } from "../../../bindings/native/epoll.ts";
import { closeDescriptor } from "../../../bindings/native/io.ts";
import * as scm from "../../../bindings/native/scm.ts";
import { openTap } from "../../../bindings/native/tap.ts";
import { startChild } from "../../support/child.ts";
import { onEnd } from "../../support/cleanup.ts";
import { ip, ipJson } from "../../support/ip.ts";
import { deviceName } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";

const test = suite("descriptor passing");

function listen(label: string): { path: string; listener: number } {
  const path = `/dev/shm/pyt-${process.pid}-${label}.sock`;
  const listener = scm.listen(path);
  onEnd(path, () => unlinkSync(path));
  return { path, listener };
}

const RECEIVER = (path: string) => `
  const scm = await bindings("native/scm.js");
  const { write } = await bindings("native/io.js");
  const { hostAddress } = await bindings("native/memory.js");
  const socket = scm.connect("${path}");
  const { payload, descriptors: [tap] } = scm.receive(socket, 100);
  console.log(Buffer.from(payload).toString());
  await heard();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  new Uint8Array(memory.buffer).fill(0xff, 10, 16).fill(2, 16, 22);
  console.log(write(tap, Number(hostAddress(memory)), 70));
  await heard();
`;

test(
  ...needing(["root", "tun", "iproute2"], "hands a TAP to another process, which goes on when the first has closed it", async () => {
    const { path, listener } = listen("tap");
    const name = deviceName("s");
    const tap = openTap(name, { offload: true });
    ip(`link set ${name} up`);
    const other = startChild(RECEIVER(path));
    const socket = scm.accept(listener) as number;
    assert.is(scm.peerCredentials(socket).pid, other.process.pid);
    scm.sendWithDescriptors(socket, Buffer.from(name), [tap.descriptor]);
    assert.is(await other.line(), name);
    closeDescriptor(tap.descriptor);
    const before = receivedPackets(name);
    other.say("write");
    assert.is(await other.line(), "70", "bytes that the TAP took");
    assert.is(receivedPackets(name), before + 1);
    await other.finish();
    assert.throws(() => ip(`link show ${name}`), "does not exist", "it went with the last descriptor");
    closeDescriptor(socket);
    closeDescriptor(listener);
  }),
);

function receivedPackets(name: string): number {
  return ipJson(`-s link show ${name}`)[0].stats64.rx.packets;
}

test("keeps messages apart, in order, with many descriptors or none", () => {
  const { path, listener } = listen("order");
  const sender = scm.connect(path);
  const receiver = scm.accept(listener) as number;
  const eventfds = Array.from({ length: scm.MAX_DESCRIPTORS }, createEventfd);
  scm.sendWithDescriptors(sender, Buffer.from("many"), eventfds);
  scm.sendWithDescriptors(sender, new Uint8Array(100_000).fill(7), []);
  scm.sendWithDescriptors(sender, Buffer.from("last"), [eventfds[9] as number]);
  const many = scm.receive(receiver, 200) as scm.Message;
  assert.is(Buffer.from(many.payload).toString(), "many");
  assert.is(many.descriptors.length, scm.MAX_DESCRIPTORS);
  signalEventfd(eventfds[200] as number);
  assert.equal(
    many.descriptors.map(drainEventfd).flatMap((count, index) => (count > 0 ? [index] : [])),
    [200],
    "each is the one that was sent",
  );
  const large = scm.receive(receiver, 200_000) as scm.Message;
  assert.is(large.payload.length, 100_000);
  assert.ok(large.payload.every((byte) => byte === 7));
  assert.equal(large.descriptors, []);
  const last = scm.receive(receiver, 200) as scm.Message;
  assert.is(last.descriptors.length, 1);
  assert.ok(closesAtExec(last.descriptors[0] as number));
  closeDescriptor(sender);
  assert.is(scm.receive(receiver, 200), null, "the end");
  for (const descriptor of [...eventfds, ...many.descriptors, ...last.descriptors, receiver, listener]) closeDescriptor(descriptor);
});

function closesAtExec(descriptor: number): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "0";
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}

test("listens for its owner alone, from the first moment on", () => {
  const { path, listener } = listen("mode");
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.throws(
    () => scm.listen(path),
    (error: { value: string }) => error.value === "EADDRINUSE",
  );
  closeDescriptor(listener);
  assert.throws(
    () => scm.connect(path),
    (error: { value: string }) => error.value === "ECONNREFUSED",
  );
});

test("refuses what would be cut, and closes its descriptors", () => {
  const { path, listener } = listen("cut");
  const sender = scm.connect(path);
  const receiver = scm.accept(listener) as number;
  const eventfd = createEventfd();
  const before = readdirSync("/proc/self/fd").length;
  scm.sendWithDescriptors(sender, Buffer.alloc(100, 1), [eventfd]);
  assert.throws(
    () => scm.receive(receiver, 99),
    (error: { code: string }) => error.code === "message-truncated",
  );
  assert.is(readdirSync("/proc/self/fd").length, before);
  for (const [payload, descriptors] of [
    [Buffer.alloc(0), []],
    [Buffer.alloc(1), new Array(254).fill(eventfd)],
  ] as const) {
    assert.throws(
      () => scm.sendWithDescriptors(sender, payload, descriptors),
      (error: { code: string }) => error.code === "message-invalid",
    );
  }
  assert.throws(
    () => scm.listen(`/dev/shm/${"x".repeat(108)}`),
    (error: { code: string }) => error.code === "path-too-long",
  );
  closeDescriptor(receiver);
  assert.throws(
    () => scm.sendWithDescriptors(sender, Buffer.alloc(1), []),
    (error: { value: string }) => error.value === "EPIPE",
  );
  for (const descriptor of [eventfd, sender, listener]) closeDescriptor(descriptor);
});

test("waits in threads of its own, which a shutdown ends", async () => {
  const { path, listener } = listen("threads");
  const script = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module).then((scm) => {
      const socket = scm.accept(workerData.listener);
      parentPort.postMessage("accepted");
      parentPort.postMessage(Buffer.from(scm.receive(socket, 100).payload).toString());
      parentPort.postMessage(String(scm.receive(socket, 100)));
      parentPort.postMessage(String(scm.accept(workerData.listener)));
    });`;
  const module = new URL("../../../bindings/native/scm.js", import.meta.url).href;
  const worker = new Worker(script, { eval: true, workerData: { module, listener } });
  const messages: string[] = [];
  const message = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => messages.length >= count && resolve();
      worker.on("message", look).once("error", reject);
      look();
    });
  worker.on("message", (text: string) => messages.push(text));
  const socket = scm.connect(path);
  await message(1);
  scm.sendWithDescriptors(socket, Buffer.from("hello"), []);
  await message(2);
  scm.shutdownSocket(socket);
  await message(3);
  scm.shutdownSocket(listener);
  await message(4);
  assert.equal(messages, ["accepted", "hello", "null", "null"]);
  await worker.terminate();
  closeDescriptor(socket);
  closeDescriptor(listener);
});

test.run();
