/** Packet ports on a veth end of the host's namespace:
 *
 *   pyt-PID-p                      host
 *   eth0 10.77.0.2 ======== near: no address, no ARP, no IPv6, promiscuous <--- packet socket                            */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import type { OpenPort } from "../../../bindings/ports/open-port.ts";
import { openPacketPort } from "../../../bindings/ports/packet.ts";
import { ip, ipJson } from "../../support/ip.ts";
import { makeNamespace, makeVeth, runInside, type TestNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";
import { receiveFrame, VNET_HEADER_BYTES, waitReadable } from "../../support/wire.ts";

const test = suite("packet port");

function makeEnd(label: string): { near: string; namespace: TestNamespace } {
  const namespace = makeNamespace(label);
  const { near, far } = makeVeth(label);
  ip(`link set ${far} netns ${namespace.name} name eth0`);
  ip(`-n ${namespace.name} address add 10.77.0.2/24 dev eth0`);
  ip(`-n ${namespace.name} link set eth0 up`);
  return { near, namespace };
}

function open(name: string, shared = false): Promise<OpenPort> {
  return openPacketPort({ name: "p", packet: { interface: name, shared } });
}

/** What a packet port changes. */
function settings(name: string): { up: boolean; arp: boolean; ipv6: string; promiscuity: number } {
  const [{ flags, promiscuity }] = ipJson(`link show ${name}`);
  const ipv6 = readFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "utf8").trim() === "0" ? "on" : "off";
  return { up: flags.includes("UP"), arp: !flags.includes("NOARP"), ipv6, promiscuity };
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
  ...needing(["root", "iproute2"], "keeps the host's stack silent and puts everything back at its end", async () => {
    const { near, namespace } = makeEnd("p");
    const before = settings(near);
    assert.equal(before, { up: false, arp: true, ipv6: "on", promiscuity: 0 });
    const port = await open(near);
    assert.equal(settings(near), { up: true, arp: false, ipv6: "off", promiscuity: 1 });
    assert.equal([port.kind, port.vnet, port.checksum, port.tso, port.auxdata], ["packet", true, true, true, true]);
    assert.equal([port.mac, port.mtu, port.interface, port.namespace], [null, 1500, near, null]);
    await port.close();
    assert.equal(settings(near), before);
    await port.close();
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "hears the other end ask for an address, which the host has and does not answer for", async () => {
    const { near, namespace } = makeEnd("h");
    const { near: elsewhere } = makeVeth("e");
    ip(`address add 10.77.0.9/32 dev ${elsewhere}`);
    const port = await open(near);
    const sending = runInside(
      namespace,
      'import { createSocket } from "node:dgram"; const s = createSocket("udp4"); s.send("x", 9, "10.77.0.9", () => s.close());',
    );
    assert.equal([...arpTarget(port.descriptor)], [10, 77, 0, 9]);
    await sending.output;
    assert.not.match(ip(`-n ${namespace.name} neigh show 10.77.0.9`), "lladdr");
    await port.close();
    namespace.remove();
  }),
);

/** Target address of the next ARP request. */
function arpTarget(descriptor: number): Uint8Array {
  for (;;) {
    const frame = receiveFrame(waitReadable(descriptor))?.frame.subarray(VNET_HEADER_BYTES);
    if (frame?.[12] === 8 && frame[13] === 6) return frame.slice(38, 42);
  }
}

test(
  ...needing(["root", "iproute2"], "on an interface that the host uses is refused, unless it is shared", async () => {
    const { near, namespace } = makeEnd("s");
    ip(`address add 10.78.0.1/24 dev ${near}`);
    ip(`link set ${near} up`);
    const before = settings(near);
    const error = await failure(open(near));
    assert.equal([error.code, error.path, error.value], ["interface-in-use", near, "10.78.0.1"]);
    assert.match(String(error.remedy), "shared: true");
    assert.equal(settings(near), before);
    const port = await open(near, true);
    assert.equal(settings(near), { ...before, promiscuity: 1 });
    await port.close();
    assert.equal(settings(near), before);
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "takes an interface with nothing but a link-local address", async () => {
    const { near, namespace } = makeEnd("l");
    ip(`link set ${near} up`);
    ip(`address add fe80::7/64 dev ${near} nodad`);
    const port = await open(near);
    await port.close();
    assert.equal(settings(near), { up: true, arp: true, ipv6: "on", promiscuity: 0 });
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "leaves settings that were made by others as they are", async () => {
    const { near, namespace } = makeEnd("o");
    ip(`link set ${near} arp off`);
    writeFileSync(`/proc/sys/net/ipv6/conf/${near}/disable_ipv6`, "1");
    const before = settings(near);
    const port = await open(near);
    await port.close();
    assert.equal(settings(near), before);
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "on a bridge's member is refused", async () => {
    const { near, namespace } = makeEnd("m");
    const bridge = `${near}b`;
    ip(`link add ${bridge} type bridge`);
    try {
      ip(`link set ${near} master ${bridge}`);
      const error = await failure(open(near));
      assert.equal([error.code, error.value], ["interface-in-use", bridge]);
    } finally {
      ip(`link del ${bridge}`);
    }
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "whose interface is missing is refused, and one whose interface went closes", async () => {
    const error = await failure(open("pyt-nothing"));
    assert.equal([error.code, error.path, error.value], ["interface-missing", "pyt-nothing", "pyt-nothing"]);
    const { near, namespace } = makeEnd("w");
    const port = await open(near);
    const before = openDescriptors();
    ip(`link del ${near}`);
    await port.close();
    assert.is(openDescriptors(), before - 1);
    namespace.remove();
  }),
);

test.run();
