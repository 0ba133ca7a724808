/** Frames that were cut when they were captured: what the engine does with one is what it does with the whole frame, or it says that a header
 *  is missing. It never decides otherwise by zeros that stand where the rest was.
 *
 *      port 0  A, checked      port 1  B, checked      port 2  not checked        (support/checked-yard.ts)                 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { FLAG_CLAMP as CLAMP } from "../../../../assembly/abi/port.ts";
import { A, A4, A6, B, B4, B6, FREE6, ip4, ip6, X, yard } from "../../../support/checked-yard.ts";
import { BUILDS, TestEngine } from "../../../support/engine.ts";
import { ramp, u16, u32 } from "../../../support/packet/bytes.ts";
import {
  arp,
  BROADCAST,
  ethernet,
  padded,
  station,
  TYPE_ARP,
  TYPE_EXPERIMENT,
  TYPE_IPV4,
  TYPE_IPV6,
  tagged,
} from "../../../support/packet/ethernet.ts";
import { DESTINATION_OPTIONS, extension, FRAGMENT, ICMPV6, ipv4, ipv6, NO_NEXT_HEADER, TCP, UDP } from "../../../support/packet/ip.ts";
import * as nd from "../../../support/packet/neighbour.ts";
import { echo, icmpv6, SYN, tcp, udp } from "../../../support/packet/transport.ts";

const ends4 = { source: A4, destination: B4 };
const ends6 = { source: A6, destination: B6 };
const ports = { sourcePort: 4000, targetPort: 80 };
const ask = (senderAddress: string, targetAddress: string) =>
  ethernet(BROADCAST, A, TYPE_ARP, arp({ operation: 1, senderMac: A, senderAddress, targetAddress }));
const over6 = (...parts: Parameters<typeof ipv6>) => ethernet("33:33:00:00:00:01", A, TYPE_IPV6, ipv6(...parts));
const behindOptions = (next: number, ...content: Parameters<typeof extension>[1][]) =>
  over6({ ...ends6, next: DESTINATION_OPTIONS }, extension(next, 1, 12, ramp(12)), ...content);

/** What a port with bound addresses may say, and what it may not. */
const FRAMES: Record<string, Uint8Array> = {
  "what nobody knows": ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(80)),
  "another's frame": ethernet(BROADCAST, X, TYPE_EXPERIMENT, ramp(80)),
  IPv4: ip4(A4),
  "another's IPv4": ip4(B4),
  "IPv4 with options": ethernet(
    B,
    A,
    TYPE_IPV4,
    ipv4({ ...ends4, protocol: TCP, options: ramp(20) }, tcp(ends4, { ...ports, sequence: 1, flags: SYN })),
  ),
  "a tag, and another's IPv4 behind it": tagged(ip4(B4), { id: 5 }),
  "two tags": tagged(ip4(A4), { id: 5 }, { id: 6 }),
  "a fragment": ethernet(B, A, TYPE_IPV4, ipv4({ ...ends4, protocol: UDP, fragment: 100 }, ramp(64))),
  "an echo request": ethernet(B, A, TYPE_IPV4, ipv4({ ...ends4, protocol: 1 }, echo(8, 1, 1, ramp(56)))),
  "a server of DHCP": nd.udp4({ from: A, to: BROADCAST }, ends4, 67, 68),
  "an ARP request for a bound address": padded(ask(A4, B4)),
  "another's ARP": padded(ask(B4, A4)),
  IPv6: ip6(A6),
  "another's IPv6": ip6(B6),
  "nothing behind IPv6": padded(over6({ ...ends6, next: NO_NEXT_HEADER })),
  "UDP behind options": behindOptions(UDP, udp(ends6, ports, ramp(40))),
  "a server of DHCPv6 behind options": behindOptions(UDP, udp(ends6, { sourcePort: 547, targetPort: 546 }, ramp(40))),
  "a fragment of IPv6": over6({ ...ends6, next: FRAGMENT }, nd.fragmentHeader(UDP, 8, true), ramp(64)),
  "an echo request of IPv6": over6({ ...ends6, next: ICMPV6 }, icmpv6(ends6, 128, 0, u32(1), ramp(56))),
  "a router's advertisement": nd.discovery({ from: A, to: B }, { source: nd.eui64(A), destination: "ff02::1" }, nd.ROUTER_ADVERTISEMENT, [
    64,
    0,
    u16(9),
    u32(0),
    u32(0),
  ]),
  "a solicitation for a bound address": nd.solicitation(A, A6, B6, nd.linkOption(nd.SOURCE_LINK, A)),
  "a solicitation for nobody": nd.solicitation(A, A6, FREE6, nd.linkOption(nd.SOURCE_LINK, A)),
  "another's advertisement": nd.advertisement(A, A6, B6, 0x20000000, nd.linkOption(nd.TARGET_LINK, A)),
};

interface Outcome {
  /** Ports that it left by, and what left. */
  outputs: [port: number, hex: string][];
  drops: string;
}

function outcome(engine: TestEngine, port: number, frame: Uint8Array, captured = frame.length): Outcome {
  const heard: string[] = [];
  engine.worker.onDrop((at, why) => heard.push(`${at} ${why}`));
  if (captured === frame.length) engine.worker.receive(port, frame);
  else engine.worker.receiveCut(port, frame.subarray(0, captured), frame.length);
  const outputs = engine.takeOutputs().map(({ port: to, frame: left }): [number, string] => {
    const own = to === port ? left : left.subarray(0, left.length - (frame.length - captured));
    return [to, Buffer.from(own).toString("hex")];
  });
  return { outputs, drops: heard.join(", ") };
}

/** The whole frame's outputs, cut as it is; answers are whole. */
function cutOutputs({ outputs }: Outcome, port: number, missing: number): Outcome["outputs"] {
  return outputs.map(([to, hex]) => [to, to === port ? hex : hex.slice(0, Math.max(0, hex.length - missing * 2))]);
}

for (const build of BUILDS)
  for (const port of [0, 2])
    test(`${build}: cut at any length, a frame into port ${port} goes its way or is snapped-short`, () => {
      const engine = new TestEngine(build);
      yard(engine);
      for (const [about, frame] of Object.entries(FRAMES)) {
        const whole = outcome(engine, port, frame);
        let wholeFrom = frame.length;
        for (let captured = 0; captured <= frame.length; captured++) {
          const cut = outcome(engine, port, frame, captured);
          const sentence = `${about}, ${captured} of ${frame.length} bytes`;
          if (cut.drops === `${port} ${reason.SNAPPED_SHORT}`) {
            assert.equal(cut.outputs, [], sentence);
            assert.ok(captured < wholeFrom, `${sentence}: more bytes say less`);
            continue;
          }
          assert.ok(captured >= 14, sentence);
          wholeFrom = Math.min(wholeFrom, captured);
          const isAnswer = whole.outputs.some(([to]) => to === port);
          // a request that is not wholly there is nobody's to answer: it goes on
          if (isAnswer && !cut.outputs.some(([to]) => to === port)) assert.is(cut.outputs.length, 2, sentence);
          else assert.equal(cut, { outputs: cutOutputs(whole, port, frame.length - captured), drops: whole.drops }, sentence);
        }
      }
      engine.close();
    });

test("a tag that a trunk takes out, or puts in, changes nothing of what is missing", () => {
  const engine = new TestEngine("debug");
  const network = engine.network();
  engine.port({ vlans: { 7: network } });
  engine.port({ network });
  engine.port({ vlans: { 9: network } });
  const frame = ethernet(BROADCAST, station(5), TYPE_EXPERIMENT, ramp(100));
  engine.worker.receiveCut(0, tagged(frame, { id: 7 }).subarray(0, 40), frame.length + 4);
  const [plain, again] = engine.takeOutputs();
  assert.equal(plain?.frame.subarray(0, 36), frame.subarray(0, 36));
  assert.equal(plain?.frame.subarray(36), new Uint8Array(frame.length - 36));
  assert.equal(again?.frame.subarray(0, 40), tagged(frame, { id: 9 }).subarray(0, 40));
  assert.is(again?.frame.length, frame.length + 4);
  engine.close();
});

test("a trunk does not guess the network of a frame whose tag was cut", () => {
  const engine = new TestEngine("debug");
  const network = engine.network();
  engine.port({ vlans: { 7: network }, native: network });
  engine.port({ network });
  const frame = tagged(ethernet(BROADCAST, station(5), TYPE_EXPERIMENT, ramp(100)), { id: 7 });
  const heard: number[] = [];
  engine.worker.onDrop((_port, why) => heard.push(why));
  for (const captured of [14, 15, 16, 17]) engine.worker.receiveCut(0, frame.subarray(0, captured), frame.length);
  assert.equal(heard, [reason.SNAPPED_SHORT, reason.SNAPPED_SHORT, reason.SNAPPED_SHORT, reason.SNAPPED_SHORT]);
  assert.equal(engine.takeOutputs(), []);
  engine.worker.receiveCut(0, frame.subarray(0, 18), frame.length);
  assert.is(engine.takeOutputs().length, 1);
  engine.close();
});

test("what lay in the slot before does not show", () => {
  const engine = new TestEngine("debug");
  yard(engine);
  for (let slot = 0; slot < 600; slot++) engine.send(2, ethernet(BROADCAST, X, TYPE_EXPERIMENT, new Uint8Array(900).fill(0xee)));
  engine.worker.receiveCut(2, ethernet(BROADCAST, X, TYPE_EXPERIMENT, ramp(10)), 800);
  for (const { frame } of engine.takeOutputs()) assert.ok(frame.subarray(24).every((byte) => byte === 0));
  engine.close();
});

for (const build of BUILDS) {
  test(`${build}: a segment size is lowered where all of its header is there, and nothing is written behind what was captured`, () => {
    const engine = new TestEngine(build);
    const network = engine.network();
    engine.port({ network });
    engine.port({ network, mtu: 1280, flags: CLAMP });
    const whole = ethernet(
      B,
      X,
      TYPE_IPV4,
      ipv4({ ...ends4, protocol: TCP }, tcp(ends4, { ...ports, sequence: 1, flags: SYN, options: [2, 4, 5, 180] })),
    );
    const options = 14 + 20 + 20;
    for (let captured = 54 - 14; captured < whole.length; captured++) {
      engine.worker.receiveCut(0, whole.subarray(0, captured), whole.length + 40);
      const [output] = engine.takeOutputs();
      const expected = new Uint8Array(whole.length + 40);
      expected.set(whole.subarray(0, captured));
      assert.equal(Buffer.from(output?.frame ?? []), Buffer.from(expected), `${captured} bytes were captured`);
    }
    engine.worker.receiveCut(0, whole, whole.length + 40);
    const [output] = engine.takeOutputs();
    assert.equal([...(output?.frame.subarray(options, options + 4) ?? [])], [2, 4, 1240 >> 8, 1240 & 0xff]);
    assert.ok(output?.frame.subarray(whole.length).every((byte) => byte === 0));
    engine.close();
  });
}

test.run();
