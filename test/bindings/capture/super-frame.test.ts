/** What is told of a frame that is longer than its MTU: what the kernel that cut it would have been told.                       */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { canBeSuperFrame, offloadOf } from "../../../bindings/capture/super-frame.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT, TYPE_IPV4, TYPE_IPV6, tagged } from "../../support/packet/ethernet.ts";
import { extension, DESTINATION_OPTIONS, FRAGMENT, ipv4, ipv6, TCP, UDP } from "../../support/packet/ip.ts";
import * as nd from "../../support/packet/neighbour.ts";
import { type SuperFrame, superFrame } from "../../support/packet/super-frame.ts";
import { ACK, tcp, udp } from "../../support/packet/transport.ts";

const test = suite("super-frames in captures");
const [A, B] = [station(1), station(2)];
const four = { source: "10.77.0.2", destination: "10.77.0.3" };
const six = { source: "fd77::2", destination: "fd77::3" };
const ports = { sourcePort: 40_000, targetPort: 80 };

/** Of these the header is known: that which the model gives its own super-frames. */
const WHOLE: Record<string, Partial<SuperFrame> & { headers: number }> = {
  "over IPv4": { ends: four, headers: 40 },
  "over IPv6": { ends: six, headers: 60 },
  "with options of TCP": { ends: four, tcpOptions: ramp(12), headers: 52 },
  "with options of IPv4": { ends: four, ipOptions: ramp(8), headers: 48 },
  "with congestion told": { ends: six, ecn: true, flags: 0x90, headers: 60 },
  "in a tag": { ends: four, tags: [7], headers: 40 },
  "in two tags": { ends: six, tags: [7, 8], headers: 60 },
  "with padding": { ends: four, padding: ramp(6), headers: 40 },
};
for (const [name, { headers, ...whole }] of Object.entries(WHOLE)) {
  for (const mtu of [576, 1500, 9000]) {
    test(`${name}, MTU ${mtu}: segments that fill it`, () => {
      const made = superFrame({ from: A, to: B, ends: four, payload: ramp(30_000), segmentBytes: mtu - headers, ...whole });
      assert.equal(Buffer.from(offloadOf(made.frame, mtu, mtu) ?? []).toString("hex"), Buffer.from(made.offload).toString("hex"));
    });
  }
}

const segment = (bytes: number) => tcp(four, { ...ports, sequence: 1, flags: ACK }, ramp(bytes));
const over4 = (payload: Uint8Array, more: object = {}) => ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: TCP, ...more }, payload));
const longest = over4(segment(1460));

/** Nothing is told of these: they are what they look like. */
const OTHERS: Record<string, Uint8Array> = {
  "a frame as long as the MTU": longest,
  "the same in a tag": tagged(longest, { id: 5 }),
  UDP: ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: UDP }, udp(four, ports, ramp(3000)))),
  "a fragment": over4(segment(3000), { fragment: 1 }),
  "a first fragment": over4(segment(3000), { more: true }),
  "what nobody knows": ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(3000)),
  "IPv6 with other headers before TCP": ethernet(
    B,
    A,
    TYPE_IPV6,
    ipv6({ ...six, next: DESTINATION_OPTIONS }, extension(TCP, ...ramp(6)), segment(3000)),
  ),
  "a fragment of IPv6": ethernet(B, A, TYPE_IPV6, ipv6({ ...six, next: FRAGMENT }, nd.fragmentHeader(TCP, 8, true), segment(3000))),
  "three tags": tagged(over4(segment(3000)), { id: 1 }, { id: 2 }, { id: 3 }),
  "a packet that claims more than there is": over4(segment(3000)).subarray(0, 2500),
  "a long tail behind a short packet": ethernet(B, A, TYPE_IPV4, ipv4({ ...four, protocol: TCP }, segment(100)), ramp(3000)),
  nothing: new Uint8Array(0),
  "half a header": over4(segment(3000)).subarray(0, 30),
};
for (const [name, frame] of Object.entries(OTHERS)) {
  test(`not of: ${name}`, () => {
    assert.is(offloadOf(frame, 1500, 1500), null);
  });
}

test("a port of a smaller MTU: what its network carries is no super-frame, and what is one fills the smaller MTU", () => {
  assert.is(offloadOf(longest, 1400, 1500), null);
  const made = superFrame({ from: A, to: B, ends: four, payload: ramp(3000), segmentBytes: 1360 });
  assert.equal(Buffer.from(offloadOf(made.frame, 1400, 1500) ?? []), Buffer.from(made.offload));
});

test("an MTU without room for more than headers cuts nothing", () => {
  const { frame } = superFrame({ from: A, to: B, ends: four, payload: ramp(3000), segmentBytes: 1 });
  assert.is(offloadOf(frame, 40, 1500), null);
  assert.equal([...(offloadOf(frame, 41, 1500) ?? []).slice(4, 6)], [1, 0], "a byte for each segment");
});

test("one byte more than the network carries is one; a frame that fills its MTU is not even looked at", () => {
  const one = superFrame({ from: A, to: B, ends: four, payload: ramp(1461), segmentBytes: 1460 });
  assert.equal(Buffer.from(offloadOf(one.frame, 1500, 1500) ?? []), Buffer.from(one.offload));
  assert.equal([longest.length, one.frame.length], [1514, 1515]);
  assert.equal([canBeSuperFrame(1514, 1500), canBeSuperFrame(1515, 1500)], [false, true]);
  for (const { headers, ...whole } of Object.values(WHOLE))
    for (let bytes = 500; bytes < 520; bytes++) {
      const { frame } = superFrame({ from: A, to: B, ends: four, payload: ramp(bytes), segmentBytes: 400, ...whole });
      if (offloadOf(frame, headers + 400, headers + 510) !== null) assert.ok(canBeSuperFrame(frame.length, headers + 510));
    }
});

test("whatever the bytes are, it only looks at those that are there", () => {
  const whole = over4(segment(3000));
  for (let cut = 0; cut < 100; cut++) {
    offloadOf(whole.subarray(0, cut), 10, 10);
    const changed = whole.slice();
    for (const value of [0, 255]) {
      changed[cut] = value;
      offloadOf(changed, 1500, 1500);
    }
  }
});

test.run();
