/** Sleeping and waking:
 *
 *   another thread --signal--> eventfd --edge--> epoll --> events in Wasm memory                                        */
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as epoll from "../../../bindings/native/epoll.ts";
import { closeDescriptor, read } from "../../../bindings/native/io.ts";
import { hostAddress } from "../../../bindings/native/memory.ts";
import { scale } from "../../../test/scale.ts";

const EVENTS = 64;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const address = Number(hostAddress(memory)) + EVENTS;
const view = new DataView(memory.buffer);
const test = suite("epoll");

function dataOf(index: number): bigint {
  return view.getBigUint64(EVENTS + index * epoll.EPOLL_EVENT_BYTES + epoll.EPOLL_EVENT_BYTES - 8, true);
}

test("reports an edge once, with the data that was given", () => {
  const [descriptor, eventfd] = [epoll.createEpoll(), epoll.createEventfd()];
  const data = 0xfedcba9876543210n;
  epoll.addToEpoll(descriptor, eventfd, epoll.EPOLLIN | epoll.EPOLLET, data);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 0);
  assert.is(epoll.signalEventfd(eventfd), 8);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 1);
  assert.equal([view.getUint32(EVENTS, true), dataOf(0)], [epoll.EPOLLIN, data]);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 0, "although nobody has read it");
  epoll.signalEventfd(eventfd);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 1, "a further signal is a further edge");
  assert.is(epoll.drainEventfd(eventfd), 2);
  assert.is(epoll.drainEventfd(eventfd), 0);
  closeDescriptor(eventfd);
  closeDescriptor(descriptor);
});

test("looks again when a member is changed, and forgets one that is removed", () => {
  const [descriptor, eventfd] = [epoll.createEpoll(), epoll.createEventfd()];
  epoll.signalEventfd(eventfd);
  epoll.addToEpoll(descriptor, eventfd, epoll.EPOLLIN | epoll.EPOLLET, 1n);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 1);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 0);
  epoll.modifyInEpoll(descriptor, eventfd, epoll.EPOLLIN | epoll.EPOLLET, 2n);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 1);
  assert.is(dataOf(0), 2n);
  epoll.removeFromEpoll(descriptor, eventfd);
  epoll.signalEventfd(eventfd);
  assert.is(epoll.waitForEvents(descriptor, address, 8, 0), 0);
  assert.throws(
    () => epoll.removeFromEpoll(descriptor, eventfd),
    (error: { value: string }) => error.value === "ENOENT",
  );
  closeDescriptor(eventfd);
  closeDescriptor(descriptor);
});

test("gives no more events than there is room for, and the rest at the next call", () => {
  const descriptor = epoll.createEpoll();
  const members = Array.from({ length: 5 }, epoll.createEventfd);
  for (const [index, member] of members.entries()) {
    epoll.addToEpoll(descriptor, member, epoll.EPOLLIN | epoll.EPOLLET, BigInt(index));
    epoll.signalEventfd(member);
  }
  assert.is(epoll.waitForEvents(descriptor, address, 3, 0), 3);
  const first = [dataOf(0), dataOf(1), dataOf(2)];
  assert.is(epoll.waitForEvents(descriptor, address, 3, 0), 2);
  assert.equal([...first, dataOf(0), dataOf(1)].sort(), [0n, 1n, 2n, 3n, 4n]);
  for (const member of [...members, descriptor]) closeDescriptor(member);
});

test("wakes a thread that sleeps in it", async () => {
  const [descriptor, eventfd] = [epoll.createEpoll(), epoll.createEventfd()];
  epoll.addToEpoll(descriptor, eventfd, epoll.EPOLLIN | epoll.EPOLLET, 7n);
  const script = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module).then((epoll) => {
      parentPort.postMessage("asleep");
      parentPort.postMessage(epoll.waitForEvents(workerData.descriptor, workerData.address, 8, workerData.patienceMs));
    });`;
  const module = new URL("../../../bindings/native/epoll.js", import.meta.url).href;
  const workerData = { module, descriptor, address, patienceMs: scale.nativePatienceMilliseconds };
  const worker = new Worker(script, { eval: true, workerData });
  const message = () => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.is(await message(), "asleep");
  const woken = message();
  epoll.signalEventfd(eventfd);
  assert.is(await woken, 1);
  assert.is(dataOf(0), 7n);
  await worker.terminate();
  closeDescriptor(eventfd);
  closeDescriptor(descriptor);
});

test("answers a negative errno, as reads do", () => {
  assert.is(epoll.waitForEvents(-1, address, 1, 0), -9);
  assert.is(read(-1, address, 8), -9);
  const eventfd = epoll.createEventfd();
  assert.is(read(eventfd, address, 8), -11);
  assert.is(read(eventfd, 0, 8), -11);
  epoll.signalEventfd(eventfd);
  assert.is(read(eventfd, 0, 8), -14, "an address that is nobody's is EFAULT, not a crash");
  closeDescriptor(eventfd);
});

test.run();
