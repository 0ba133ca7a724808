/** Threads and network namespaces:
 *
 *   host ----step in----> pyt-PID-a ----and back----> host
 *   TAP: opened in the host ---> moved to pyt-PID-a ---> the namespace goes ---> reads EBADFD                           */
import { readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addToEpoll, createEpoll, EPOLLIN, waitForEvents } from "../../../bindings/native/epoll.ts";
import { interfaceIndex } from "../../../bindings/native/interface.ts";
import { closeDescriptor, read } from "../../../bindings/native/io.ts";
import { hostAddress } from "../../../bindings/native/memory.ts";
import { namespacePath, withNamespace, withNewNamespace } from "../../../bindings/native/namespace.ts";
import { locateTap, openTap } from "../../../bindings/native/tap.ts";
import { scale } from "../../../test/scale.ts";
import { ip } from "../../support/ip.ts";
import { deviceName, makeNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";

const test = suite("namespace");
const here = () => readlinkSync("/proc/thread-self/ns/net");

test("is named, or has a path", () => {
  assert.is(namespacePath("a"), "/run/netns/a");
  assert.is(namespacePath("/proc/1/ns/net"), "/proc/1/ns/net");
});

test(
  ...needing(["root", "iproute2"], "is entered and left, also by an error", () => {
    const namespace = makeNamespace("a");
    const home = here();
    const inside = withNamespace(namespace.path, () => [here(), interfaceIndex("lo")]);
    assert.not.equal(inside[0], home);
    assert.is(inside[1], 1);
    assert.is(here(), home);
    assert.throws(
      () =>
        withNamespace(namespace.path, () => {
          throw new Error("inside");
        }),
      "inside",
    );
    assert.is(here(), home);
    assert.not.equal(withNewNamespace(here), home);
    assert.is(here(), home);
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "is entered by one thread alone", async () => {
    const namespace = makeNamespace("b");
    const script = `
      const { parentPort, workerData } = require("node:worker_threads");
      const here = () => require("node:fs").readlinkSync("/proc/thread-self/ns/net");
      import(workerData.module).then(({ withNamespace }) => {
        const gate = new Int32Array(workerData.gate);
        withNamespace(workerData.path, () => {
          parentPort.postMessage(here());
          Atomics.wait(gate, 0, 0);
        });
        parentPort.postMessage(here());
      });`;
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const module = new URL("../../../bindings/native/namespace.js", import.meta.url).href;
    const worker = new Worker(script, { eval: true, workerData: { module, path: namespace.path, gate: gate.buffer } });
    const message = () => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    const home = here();
    const inside = await message();
    assert.not.equal(inside, home);
    assert.is(here(), home, "this thread stays while that one is inside");
    const back = message();
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    assert.is(await back, home);
    await worker.terminate();
    namespace.remove();
  }),
);

test(
  ...needing(["root"], "that is missing, or is none, is an error that says so", () => {
    for (const path of ["/run/netns/pyt-nowhere", "/etc/hostname", "/etc/hostname/x"]) {
      assert.throws(
        () => withNamespace(path, () => assert.unreachable()),
        (error: { code: string; path: string }) => error.code === "namespace-missing" && error.path === path,
      );
    }
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "takes its TAP along when it goes: the descriptor wakes and reads EBADFD", () => {
    const namespace = makeNamespace("gone");
    const tap = openTap(deviceName("g"), { offload: true });
    ip(`link set ${tap.name} netns ${namespace.name} name eth0`);
    ip(`-n ${namespace.name} link set eth0 up`);
    const place = locateTap(tap.descriptor);
    assert.is(place?.name, "eth0");
    closeDescriptor(place?.namespace as number);
    namespace.remove();
    assert.is(readWhenGone(tap.descriptor), -77);
    assert.is(locateTap(tap.descriptor), null);
    closeDescriptor(tap.descriptor);
  }),
);

/** Reads until the TAP says that it is gone; its last frames come first. */
function readWhenGone(descriptor: number): number {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const address = Number(hostAddress(memory));
  const epoll = createEpoll();
  addToEpoll(epoll, descriptor, EPOLLIN, 0n);
  const end = Date.now() + scale.nativePatienceMilliseconds;
  let result = 0;
  while (result !== -77 && Date.now() < end) {
    waitForEvents(epoll, address, 1, 10);
    result = read(descriptor, address, 65536);
  }
  closeDescriptor(epoll);
  return result;
}

test.run();
