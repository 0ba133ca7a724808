/** A veth pair in the host's namespace, a packet socket at each end:
 *
 *   far socket --802.1Q frame, 118 bytes--> veth ====== veth --114 bytes and the tag beside them--> near socket            */
import { createSocket } from "node:dgram";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { interfaceIndex } from "../../../bindings/native/interface.ts";
import { closeDescriptor } from "../../../bindings/native/io.ts";
import { openPacketSocket } from "../../../bindings/native/packet-socket.ts";
import { ip, ipJson } from "../../support/ip.ts";
import { makeVeth } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";
import { makeFrame, receiveFrame, VNET_HEADER_BYTES, waitReadable, writeFrame } from "../../support/wire.ts";

const MARK = 0x5a;
const test = suite("packet socket");

function isOurs(frame: Uint8Array): boolean {
  return frame.at(-1) === MARK;
}

function receiveOurs(descriptor: number): { frame: Uint8Array; vlan: number | null } {
  for (;;) {
    const received = receiveFrame(waitReadable(descriptor));
    if (received !== null && isOurs(received.frame)) return received;
  }
}

function open(name: string): number {
  ip(`link set ${name} up`);
  return openPacketSocket(interfaceIndex(name) as number).descriptor;
}

test(
  ...needing(["root", "iproute2"], "gives the VLAN tag beside the frame, and none where there was none", () => {
    const { near, far } = makeVeth("v");
    const [receiver, sender] = [open(near), open(far)];
    const tagged = makeFrame(118, MARK, [0x81, 0x00, 0x60, 0x0a]);
    writeFrame(sender, tagged);
    const { frame, vlan } = receiveOurs(receiver);
    assert.is(frame.length - VNET_HEADER_BYTES, 114);
    assert.is(vlan, 0x600a, "priority 3, VLAN 10");
    assert.equal([...frame.subarray(VNET_HEADER_BYTES + 12, VNET_HEADER_BYTES + 14)], [0x88, 0xb5]);
    writeFrame(sender, makeFrame(100, MARK));
    const plain = receiveOurs(receiver);
    assert.equal([plain.frame.length - VNET_HEADER_BYTES, plain.vlan], [100, null]);
    closeDescriptor(receiver);
    closeDescriptor(sender);
  }),
);

test(
  ...needing(["root", "iproute2"], "keeps a burst of large frames", () => {
    const { near, far } = makeVeth("b");
    const [receiver, sender] = [open(near), open(far)];
    ip(`link set ${near} mtu 65521`);
    ip(`link set ${far} mtu 65521`);
    const large = makeFrame(60_000, MARK);
    for (let index = 0; index < 100; index++) writeFrame(sender, large);
    for (let index = 0; index < 100; index++) assert.is(receiveOurs(receiver).frame.length, large.length);
    closeDescriptor(receiver);
    closeDescriptor(sender);
  }),
);

test(
  ...needing(["root", "iproute2"], "does not hear what it sends, nor what the host sends", async () => {
    const { near, far } = makeVeth("o");
    const [socket, other] = [open(near), open(far)];
    ip(`address add 10.79.0.1/24 dev ${near}`);
    ip(`neigh add 10.79.0.2 lladdr 02:00:00:00:00:02 dev ${near}`);
    writeFrame(socket, makeFrame(100, MARK));
    receiveOurs(other);
    const sender = createSocket("udp4");
    await new Promise((resolve) => sender.send(Buffer.alloc(100, MARK), 9, "10.79.0.2", resolve));
    sender.close();
    receiveOurs(other);
    for (let heard = receiveFrame(socket); heard !== null; heard = receiveFrame(socket)) assert.not.ok(isOurs(heard.frame));
    closeDescriptor(socket);
    closeDescriptor(other);
  }),
);

test(
  ...needing(["root", "iproute2"], "is promiscuous as long as it is open", () => {
    const { near } = makeVeth("p");
    const socket = open(near);
    assert.is(ipJson(`link show ${near}`)[0].promiscuity, 1);
    closeDescriptor(socket);
    assert.is(ipJson(`link show ${near}`)[0].promiscuity, 0);
  }),
);

test(
  ...needing(["root"], "on no interface is ENODEV", () => {
    assert.throws(
      () => openPacketSocket(0x7fffffff),
      (error: { code: string; value: string }) => error.code === "system-call-failed" && error.value === "ENODEV",
    );
  }),
);

test.run();
