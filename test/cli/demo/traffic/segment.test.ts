/** Segments of the conversations without a kernel, against builders and a reader of the tests' own. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ACK, FIN, PSH, readSegment, SYN, type Segment, writeSegment } from "../../../../cli/demo/traffic/segment.ts";
import { ethernet, TYPE_IPV4, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { ipv4, TCP, UDP } from "../../../support/packet/ip.ts";
import { readPacket } from "../../../support/packet/read.ts";
import { tcp } from "../../../support/packet/transport.ts";

const segment: Segment = {
  from: { mac: "02:00:0a:4d:00:02", address: "10.77.0.2", port: 40_000 },
  to: { mac: "02:00:0a:4d:00:0b", address: "10.77.0.100", port: 80 },
  sequence: 0xffff_fff0,
  acknowledgment: 7,
  flags: PSH | ACK,
  payload: "GET /",
};
const ends = { source: segment.from.address, destination: segment.to.address };
const header = { sourcePort: 40_000, targetPort: 80, sequence: 0xffff_fff0, acknowledged: 7, flags: PSH | ACK };

for (const payload of ["", "a", "ab", "é".repeat(1001)]) {
  test(`a segment with ${payload.length} bytes is the same byte for byte as one that was built otherwise`, () => {
    const content = Buffer.from(payload, "latin1");
    const packet = ipv4({ ...ends, protocol: TCP }, tcp(ends, header, content));
    assert.equal(
      writeSegment({ ...segment, payload }).toString("hex"),
      Buffer.from(ethernet(segment.to.mac, segment.from.mac, TYPE_IPV4, packet)).toString("hex"),
    );
  });

  test(`what was written with ${payload.length} bytes is read again`, () => {
    const written = { ...segment, flags: SYN | FIN, payload };
    assert.equal(readSegment(writeSegment(written)), written);
    assert.ok(readPacket(writeSegment(written)).isSound);
  });
}

test("with any bit of addresses, ports, numbers or payload turned around, its checksum is wrong and nobody takes it", () => {
  const frame = writeSegment(segment);
  for (let bit = 26 * 8; bit < frame.length * 8; bit++) {
    const changed = Buffer.from(frame);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.is(readSegment(changed), null, `bit ${bit}`);
  }
});

test("no segment is found in what is cut, and in other protocols", () => {
  const frame = writeSegment(segment);
  for (let length = 0; length < frame.length; length++) assert.is(readSegment(frame.subarray(0, length)), null, `${length}`);
  const other = ipv4({ ...ends, protocol: UDP }, new Uint8Array(40));
  assert.is(readSegment(Buffer.from(ethernet(segment.to.mac, segment.from.mac, TYPE_IPV4, other))), null);
  assert.is(readSegment(Buffer.from(ethernet(segment.to.mac, segment.from.mac, TYPE_IPV6, new Uint8Array(60)))), null);
});

test.run();
