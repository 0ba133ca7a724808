/** TAP ports between namespaces, the test itself as the switch:
 *
 *   pyt-PID-a                                 host                                 pyt-PID-b
 *   eth0 10.77.0.2 --TAP--> descriptor --read, write at raw addresses--> descriptor --TAP--> eth0 10.77.0.3
 *                                                                                              fd77::3                 */
import { readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TapConfig } from "../../../bindings/config/types.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { closeDescriptor } from "../../../bindings/native/io.ts";
import { withNamespace } from "../../../bindings/native/namespace.ts";
import * as scm from "../../../bindings/native/scm.ts";
import { openTap } from "../../../bindings/native/tap.ts";
import type { OpenPort } from "../../../bindings/ports/open-port.ts";
import { openTapPort, temporaryName } from "../../../bindings/ports/tap.ts";
import { startChild } from "../../support/child.ts";
import { ip, ipJson } from "../../support/ip.ts";
import { makeNamespace, runInside, type TestNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";
import { readFrame, VNET_HEADER_BYTES, writeFrame } from "../../support/wire.ts";

const test = suite("TAP port");
const instance = `pyt-${process.pid}`;
const MAC = "02:00:00:00:00:0a";

function open(namespace: TestNamespace, changes: Partial<TapConfig> = {}, mtu = 1500, mac = MAC): Promise<OpenPort> {
  const tap = { namespace: namespace.path, interface: "eth0", addresses: ["10.77.0.2/24"], offload: true, ...changes };
  return openTapPort({ instance, name: `port-${namespace.name}`, tap, mac, mtu });
}

function hasDevice(namespace: TestNamespace, name = "eth0"): boolean {
  return ipJson(`-n ${namespace.name} link show`).some(({ ifname }) => ifname === name);
}

/** Devices of that namespace's port that are still in the host's. */
function left(namespace: TestNamespace): string[] {
  return ipJson("link show").flatMap(({ ifname }) => (ifname === temporaryName(instance, `port-${namespace.name}`) ? [ifname] : []));
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

async function failure(promise: Promise<unknown>): Promise<PortyardError> {
  const error = await promise.then(
    () => assert.unreachable("it went well"),
    (reason) => reason,
  );
  assert.instance(error, PortyardError);
  return error as PortyardError;
}

test(
  ...needing(["root", "tun", "iproute2"], "stands in its namespace as it was asked for", async () => {
    const namespace = makeNamespace("a");
    const port = await open(namespace, { addresses: ["10.77.0.2/24", "fd77::2/64"] }, 9000);
    const [link] = ipJson(`-n ${namespace.name} address show dev eth0`);
    assert.is(link.address, MAC);
    assert.is(link.mtu, 9000);
    assert.ok(link.flags.includes("UP") && link.flags.includes("LOWER_UP"));
    assert.is(link.linkinfo.info_data.persist, true);
    const [ipv4] = link.addr_info.filter(({ family }: { family: string }) => family === "inet");
    assert.equal([ipv4.local, ipv4.prefixlen, ipv4.broadcast], ["10.77.0.2", 24, "10.77.0.255"]);
    const ipv6 = link.addr_info.find(({ local }: { local: string }) => local === "fd77::2");
    assert.equal([ipv6.prefixlen, ipv6.tentative], [64, true], "duplicate address detection goes on");
    assert.equal([port.kind, port.vnet, port.checksum, port.tso, port.auxdata], ["tap", true, true, true, false]);
    assert.equal([port.mac, port.mtu, port.interface, port.namespace], [MAC, 9000, "eth0", namespace.path]);
    await port.close();
    assert.not.ok(hasDevice(namespace));
    await port.close();
    namespace.remove();
  }),
);

const SERVER = `
  import { createServer } from "node:net";
  const server = createServer((socket) => socket.pipe(socket).on("close", () => server.close()));
  server.listen(7, "10.77.0.3", () => process.stdout.write("listening"));
`;
const CLIENT = `
  import { connect } from "node:net";
  import { once } from "node:events";
  const socket = connect(7, "10.77.0.3");
  socket.end(Buffer.alloc(1_000_000, "portyard"));
  let bytes = 0;
  socket.on("data", (data) => (bytes += data.length));
  await once(socket, "close");
  process.stdout.write(String(bytes));
`;

/** Moves frames between two ports until `done`; returns the longest. */
async function forward(ports: [OpenPort, OpenPort], done: Promise<unknown>): Promise<number> {
  let [ended, longest] = [false, 0];
  const end = () => {
    ended = true;
  };
  done.then(end, end);
  while (!ended) {
    for (const [from, to] of [ports, ports.toReversed()] as [OpenPort, OpenPort][]) {
      for (let frame = readFrame(from.descriptor); frame !== null; frame = readFrame(from.descriptor)) {
        longest = Math.max(longest, frame.length - VNET_HEADER_BYTES);
        writeFrame(to.descriptor, frame);
      }
    }
    await new Promise(setImmediate);
  }
  return longest;
}

for (const offload of [true, false]) {
  test(
    ...needing(
      ["root", "tun", "iproute2"],
      `carries TCP between two namespaces ${offload ? "in super-frames" : "frame by frame"}`,
      async () => {
        const [a, b] = [makeNamespace("a"), makeNamespace("b")];
        const ports: [OpenPort, OpenPort] = [
          await open(a, { offload }),
          await open(b, { offload, addresses: ["10.77.0.3/24"] }, 1500, "02:00:00:00:00:0b"),
        ];
        const server = runInside(b, SERVER);
        await new Promise((resolve) => server.child.stdout?.once("data", resolve));
        const client = runInside(a, CLIENT);
        const longest = await forward(ports, Promise.all([client.output, server.output]));
        assert.is(await client.output, "1000000");
        assert.ok(offload ? longest > 10_000 : longest === 1514, `the longest frame had ${longest} bytes`);
        for (const port of ports) await port.close();
        for (const namespace of [a, b]) namespace.remove();
      },
    ),
  );
}

test(
  ...needing(["root", "tun", "iproute2"], "in a namespace that is not there is refused by name and path", async () => {
    for (const namespace of ["pyt-nowhere", "/run/netns/pyt-nowhere"]) {
      const tap = { namespace, interface: "eth0", addresses: [], offload: true };
      const error = await failure(openTapPort({ instance, name: "x", tap, mac: MAC, mtu: 1500 }));
      assert.equal([error.code, error.path, error.value], ["namespace-missing", "/run/netns/pyt-nowhere", "/run/netns/pyt-nowhere"]);
      assert.match(String(error.remedy), "ip netns add");
    }
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "whose name is taken is refused and leaves the other alone", async () => {
    const namespace = makeNamespace("taken");
    const first = await open(namespace);
    const before = openDescriptors();
    const error = await failure(open(namespace));
    assert.equal([error.code, error.path, error.value], ["interface-taken", namespace.path, "eth0"]);
    assert.equal(left(namespace), []);
    assert.is(openDescriptors(), before);
    assert.ok(hasDevice(namespace));
    await first.close();
    namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "that fails half way leaves nothing", async () => {
    const namespace = makeNamespace("half");
    const before = openDescriptors();
    for (const [changes, mtu, mac] of [
      [{ addresses: ["10.77.0.2/24", "no address"] }, 1500, MAC],
      [{}, 70_000, MAC],
      [{}, 1500, "03:00:00:00:00:01"],
    ] as const) {
      const error = await failure(open(namespace, { ...changes, addresses: [...(changes.addresses ?? [])] }, mtu, mac));
      assert.is(error.code, "link-failed");
      assert.not.ok(hasDevice(namespace));
      assert.equal(left(namespace), []);
      assert.is(openDescriptors(), before);
    }
    namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "whose temporary device another agent holds is refused", async () => {
    const namespace = makeNamespace("busy");
    const held = openTap(temporaryName(instance, `port-${namespace.name}`), { offload: true });
    const error = await failure(open(namespace));
    assert.equal([error.code, error.value], ["device-busy", `port-${namespace.name}`]);
    closeDescriptor(held.descriptor);
    namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "gets an IPv6 address where the namespace has IPv6 turned off", async () => {
    const namespace = makeNamespace("six");
    withNamespace(namespace.path, () => writeFileSync("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"));
    const port = await open(namespace, { addresses: ["fd77::2/64"] });
    assert.ok(
      ipJson(`-n ${namespace.name} address show dev eth0`)[0].addr_info.some(({ local }: { local: string }) => local === "fd77::2"),
    );
    await port.close();
    namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "is found and removed where it was moved and renamed meanwhile", async () => {
    const [a, b] = [makeNamespace("from"), makeNamespace("to")];
    const port = await open(a);
    ip(`-n ${a.name} link set eth0 netns ${b.name} name wan0`);
    await port.close();
    assert.not.ok(hasDevice(b, "wan0"));
    for (const namespace of [a, b]) namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "is removed also while another process holds its descriptor", async () => {
    const namespace = makeNamespace("held");
    const port = await open(namespace);
    const path = `/dev/shm/pyt-${process.pid}-held.sock`;
    const listener = scm.listen(path);
    const holder = startChild(`
      const scm = await bindings("native/scm.js");
      console.log(scm.receive(scm.connect("${path}"), 1).descriptors.length);
      await heard();`);
    const socket = scm.accept(listener) as number;
    unlinkSync(path);
    scm.sendWithDescriptors(socket, Uint8Array.of(1), [port.descriptor]);
    assert.is(await holder.line(), "1");
    await port.close();
    assert.not.ok(hasDevice(namespace));
    await holder.finish();
    for (const descriptor of [socket, listener]) closeDescriptor(descriptor);
    namespace.remove();
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "whose namespace went closes all the same", async () => {
    const namespace = makeNamespace("went");
    const port = await open(namespace);
    const before = openDescriptors();
    namespace.remove();
    await port.close();
    assert.is(openDescriptors(), before - 1);
  }),
);

test(
  ...needing(["root", "tun", "iproute2"], "outlives whoever opened it", async () => {
    const namespace = makeNamespace("outlives");
    const child = startChild(`
      const { openTapPort } = await bindings("ports/tap.js");
      const tap = { namespace: "${namespace.path}", interface: "eth0", addresses: ["10.77.0.2/24"], offload: true };
      await openTapPort({ instance: "${instance}", name: "o", tap, mac: "${MAC}", mtu: 1500 });
      console.log("open");
      await heard();`);
    assert.is(await child.line(), "open");
    await child.kill("SIGKILL");
    const [link] = ipJson(`-n ${namespace.name} address show dev eth0`);
    assert.is(link.address, MAC);
    assert.is(link.addr_info[0].local, "10.77.0.2");
    assert.not.ok(link.flags.includes("LOWER_UP"), "without carrier until somebody takes it again");
    namespace.remove();
  }),
);

test(
  ...needing(["root"], "without rights is refused", async () => {
    const child = startChild(`
      const { dropCapabilities } = await bindings("native/capability.js");
      const { openTapPort } = await bindings("ports/tap.js");
      dropCapabilities();
      const tap = { namespace: "/proc/self/ns/net", interface: "eth0", addresses: [], offload: true };
      openTapPort({ instance: "x", name: "x", tap, mac: "${MAC}", mtu: 1500 }).catch((error) => console.log(error.code));
      await heard();`);
    assert.is(await child.line(), "no-rights");
    await child.finish();
  }),
);

test.run();
