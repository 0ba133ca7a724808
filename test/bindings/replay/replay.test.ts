/** Captures through configurations, without any kernel. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { writePcap } from "../../../bindings/capture/index.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortConfig } from "../../../bindings/config/types.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import type { ReplayedDrop, ReplayOptions } from "../../../bindings/replay/types.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_IPV4 } from "../../support/packet/ethernet.ts";
import { ipv4, UDP } from "../../support/packet/ip.ts";
import { type SuperFrame, segmentsOf, superFrame } from "../../support/packet/super-frame.ts";
import { udp } from "../../support/packet/transport.ts";
import { A, B, blue, capture, captureOf, codeOf, from, memory, SECOND, tell, two } from "./told.ts";

const test = suite("replay");

test("one capture into one port: what leaves, what is dropped and why", async () => {
  const frames = [from(A), from("01:00:00:00:00:01"), from(A, B, 1600)];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, ["b 60/60 at 0"]);
  assert.equal(drops, ["1 from a: multicast-source at a", "2 from a: too-big at b"]);
  assert.equal(summary, {
    frames: 3,
    bytes: 60 + 60 + 1600,
    snapped: 0,
    superFrames: 0,
    ports: { a: { received: 3, sent: 0 }, b: { received: 0, sent: 1 } },
    drops: { "multicast-source": 1, "too-big": 1 },
    services: {},
    answered: 0,
    adopted: {},
    strangers: 0,
    damages: [],
  });
});

test("what a callback keeps stays as it was: lists of drops, also empty ones, and frames", async () => {
  // more than is read at once
  const frames = Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? from(A, BROADCAST, 1000) : from("01:00:00:00:00:01")));
  const kept: { bytes: Uint8Array; drops: readonly ReplayedDrop[]; copy: string }[] = [];
  const tell = ({ bytes, drops }: { bytes: Uint8Array; drops: readonly ReplayedDrop[] }): string =>
    JSON.stringify([Buffer.from(bytes).toString("base64"), drops]);
  const onFrame: ReplayOptions["onFrame"] = ({ frame: { bytes } }, drops) => {
    bytes.set([kept.length >> 8, kept.length], 20);
    kept.push({ bytes, drops, copy: tell({ bytes, drops }) });
  };
  await replay({ config: two, inputs: [{ port: "a", capture: capture(frames) }], onFrame });
  assert.equal(
    kept.map(({ drops }) => drops.length),
    frames.map((_, index) => index % 2),
  );
  assert.ok(kept.every((each) => tell(each) === each.copy));
});

test("progress is told after each burst, and waited for", async () => {
  const told: number[] = [];
  let isWaiting = false;
  const onProgress = async (frames: number) => {
    told.push(frames);
    isWaiting = true;
    await new Promise((resolve) => setImmediate(resolve));
    isWaiting = false;
  };
  const onFrame = () => assert.not.ok(isWaiting);
  await replay({ config: two, inputs: ["a", "b"].map((port) => ({ port, capture: capture([from(A), from(A)]) })), onFrame, onProgress });
  assert.equal(told, [3, 4]);
});

test("every port becomes one in memory: bindings hold, the host only records, TAPs are lent what they would be", async () => {
  const config = parseConfig({
    networks: [{ name: "blue", subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
    ports: [
      { name: "web", network: "blue", tap: { namespace: "web", interface: "eth0", mac: A }, mac: A },
      { name: "db", network: "blue", packet: { interface: "veth-db" }, addresses: ["10.0.0.9"], mac: B },
    ].map(({ tap, ...port }) => ({ ...port, ...(tap && { tap: { namespace: tap.namespace, interface: tap.interface } }) })),
  });
  const packet = (source: string) =>
    ethernet(
      BROADCAST,
      A,
      TYPE_IPV4,
      ipv4(
        { source, destination: "10.0.0.9", protocol: UDP },
        udp({ source, destination: "10.0.0.9" }, { sourcePort: 1, targetPort: 2 }, ramp(20)),
      ),
    );
  const request = (target: string) =>
    ethernet(BROADCAST, A, TYPE_ARP, arp({ operation: 1, senderMac: A, senderAddress: "10.0.0.2", targetAddress: target }));
  const frames = [packet("10.0.0.2"), packet("10.0.0.3"), request("10.0.0.9"), request("10.0.0.1")];
  const { summary, drops } = await tell({ config, inputs: [{ port: "web", capture: capture(frames) }] });
  assert.equal(drops, ["1 from web: spoofed-source at web"]);
  assert.equal(summary.ports, { web: { received: 4, sent: 2 }, db: { received: 0, sent: 1 }, "py-blue": { received: 0, sent: 1 } });
  assert.is(summary.answered, 2);
  assert.is(await codeOf({ config, inputs: [{ port: "py-blue", capture: capture([]) }] }), "port-recording");
});

test("a port whose MAC nobody knows takes that of its first frame", async () => {
  const [late, other] = two.ports as [PortConfig, PortConfig];
  const config = { ...two, ports: [{ ...late, addresses: ["10.0.0.1"], sourceCheck: true }, other] };
  const { summary, drops } = await tell({ config, inputs: [{ port: "a", capture: capture([from(A), from(B)]) }] });
  assert.equal(summary.adopted, { a: A });
  assert.equal(drops, ["1 from a: spoofed-source at a"]);
});

test("a port waits for a frame that has a source, and has its addresses from then on", async () => {
  const [late, other] = two.ports as [PortConfig, PortConfig];
  const config = { ...two, ports: [{ ...late, addresses: ["10.0.0.1"] }, other] };
  const ask = ethernet(BROADCAST, B, TYPE_ARP, arp({ operation: 1, senderMac: B, senderAddress: "10.0.0.2", targetAddress: "10.0.0.1" }));
  const at = (second: bigint, ...frames: Uint8Array[]) => frames.map((bytes) => ({ bytes, timeNs: second * SECOND }));
  const inputs = [
    { port: "a", capture: capture([...at(1n, from(station(3)).subarray(0, 13)), ...at(2n, from(A))]) },
    { port: "b", capture: capture([...at(0n, ask), ...at(3n, ask)]) },
  ];
  const { summary, left, drops } = await tell({ config, inputs });
  assert.equal(summary.adopted, { a: A });
  assert.equal(drops, ["1 from a: runt at a"]);
  assert.equal(left, [`a ${ask.length}/${ask.length} at 0`, "b 60/60 at 2", `b ${ask.length}/${ask.length} at 3`]);
});

test("what is longer than a slot ends at its door, as long as the capture says it was, and harms nobody", async () => {
  const whole = from(A, BROADCAST, MAX_FRAME_BYTES);
  const frames = [
    whole,
    Uint8Array.of(...whole, 0),
    { bytes: whole.subarray(0, 100), originalBytes: 0xffffffff, timeNs: 2n * SECOND },
    from(A),
  ];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(drops, ["0 from a: too-big at b", "1 from a: oversize at a", "2 from a: oversize at a"]);
  assert.equal(left, ["b 60/60 at 3"]);
  assert.equal([summary.frames, summary.bytes, summary.snapped], [4, 2 * MAX_FRAME_BYTES + 1 + 0xffffffff + 60, 1]);
});

test("frames that were cut go by their headers; what leaves is as short, and says how long it was", async () => {
  const long = from(A, BROADCAST, 1000);
  const frames = [
    { bytes: long.subarray(0, 100), originalBytes: 1000, timeNs: 0n },
    { bytes: long.subarray(0, 10), originalBytes: 1000, timeNs: 0n },
    { bytes: long.subarray(0, 100), originalBytes: 70_000, timeNs: 0n },
  ];
  const { summary, left, drops } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, ["b 100/1000 at 0"]);
  assert.equal(drops, ["1 from a: snapped-short at a", "2 from a: oversize at a"]);
  assert.is(summary.snapped, 3);
});

test("a TCP super-frame goes as the segments that it would have become; what else is too long does not", async () => {
  const config = blue([memory("a"), memory("b"), memory("small", { mtu: 1280 })]);
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const whole: SuperFrame = { from: A, to: BROADCAST, ends, payload: ramp(5000), segmentBytes: 1460 };
  const { frame } = superFrame(whole);
  const cut = { bytes: frame.subarray(0, 2000), originalBytes: frame.length, timeNs: 0n };
  const left: string[] = [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const inputs = [{ port: "a", capture: capture([frame, from(A, BROADCAST, 2000), cut]) }];
  const summary = await replay({ config, inputs, onOutput: ({ port, bytes }) => void left.push(`${port} ${hex(bytes)}`) });
  assert.equal(
    left,
    segmentsOf(whole).map((segment) => `b ${hex(segment)}`),
  );
  assert.equal([summary.superFrames, summary.snapped, summary.drops["too-big"]], [1, 1, 5]);
  const fromSmall = await tell({ config, inputs: [{ port: "small", capture: capture([frame]) }] });
  assert.equal(
    [...new Set(fromSmall.left)],
    [
      "a 1294/1294 at 0",
      `a ${54 + (5000 % 1240)}/${54 + (5000 % 1240)} at 0`,
      "b 1294/1294 at 0",
      `b ${54 + (5000 % 1240)}/${54 + (5000 % 1240)} at 0`,
    ],
  );
});

test("what fills the MTU is no super-frame, one byte more of TCP is, and no slot is kept of many", async () => {
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const made = (bytes: number) => superFrame({ from: A, to: BROADCAST, ends, payload: ramp(bytes), segmentBytes: 1460 });
  const count = 600; // more than there are slots
  const frames = [made(1460).frame, ...new Array<Uint8Array>(count).fill(made(1461).frame)];
  const { summary, left } = await tell({ config: two, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal([summary.superFrames, summary.drops], [count, {}]);
  assert.equal(left.slice(0, 3), ["b 1514/1514 at 0", "b 1514/1514 at 1", "b 55/55 at 1"]);
  assert.is(left.length, 1 + 2 * count);
});

test("the answer to a request whose padding was cut is whole", async () => {
  const config = blue([memory("a"), memory("b", { mac: B, addresses: ["10.0.0.2"] })]);
  const request = ethernet(
    BROADCAST,
    A,
    TYPE_ARP,
    arp({ operation: 1, senderMac: A, senderAddress: "10.0.0.1", targetAddress: "10.0.0.2" }),
  );
  const frames = [{ bytes: request, originalBytes: 60, timeNs: 0n }];
  const { left, summary } = await tell({ config, inputs: [{ port: "a", capture: capture(frames) }] });
  assert.equal(left, [`a ${request.length}/${request.length} at 0`]);
  assert.equal([summary.answered, summary.snapped], [1, 1]);
});

test("a damaged capture gives what is before the damage; another link type is refused by its name", async () => {
  const file = writePcap([
    { bytes: from(A), timeNs: 0n },
    { bytes: from(A), timeNs: 1n },
  ]);
  const cut = captureOf(file.subarray(0, file.length - 5));
  const { frames, damages } = await replay({ config: two, inputs: [{ port: "a", capture: cut }] });
  assert.is(frames, 1);
  assert.is(damages[0]?.damage.offset, 24 + 76);
  const radio = capture([from(A)], (list) => writePcap(list, { linkType: 105 }));
  assert.is(await codeOf({ config: two, inputs: [{ port: "a", capture: radio }] }), "capture-link-type");
  assert.is(await codeOf({ config: two, inputs: [{ port: "x", capture: capture([]) }] }), "port-missing");
  const once = capture([from(A)]);
  for (const code of ["none", "capture-used"]) assert.is(await codeOf({ config: two, inputs: [{ port: "a", capture: once }] }), code);
});

test.run();
