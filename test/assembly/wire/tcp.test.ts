import * as assert from "uvu/assert";
import { tcp6Data, tcpAck, tcpData, tcpSyn, tcpSynAck } from "./frames.ts";
import { changesOnly, patched, wireSuite } from "./wire-suite.ts";

const TCP = 6;
const segment = (frame: Uint8Array): Uint8Array => frame.subarray(34);

await wireSuite("tcp", (test, module) => {
  const { ipv4, ipv6, tcp } = module.wasm;

  test("a connection opens: SYN, SYN ACK, ACK", () => {
    const syn = module.putAtEnd(segment(tcpSyn));
    assert.equal([tcp.sourcePort(syn), tcp.targetPort(syn)], [45108, 80]);
    assert.is(tcp.flags(syn), tcp.SYN);
    assert.is(tcp.sequence(syn), 0xaa98_10b4);
    assert.is(tcp.headerBytes(syn), 40);
    assert.is(tcp.window(syn), 64240);
    assert.ok(tcp.isValid(syn, 40));

    const synAck = module.putAtEnd(segment(tcpSynAck));
    assert.is(tcp.flags(synAck), tcp.SYN | tcp.ACK);
    assert.is(tcp.acknowledgment(synAck), 0xaa98_10b5);

    const ack = module.putAtEnd(segment(tcpAck));
    assert.is(tcp.flags(ack), tcp.ACK);
    assert.is(tcp.sequence(ack), 0xaa98_10b5);
    assert.is(tcp.headerBytes(ack), 32);
  });

  test("every checksum that the kernel wrote is valid, and computed again it is the same", () => {
    for (const [frame, offset, ip] of [
      [tcpSyn, 34, ipv4],
      [tcpSynAck, 34, ipv4],
      [tcpAck, 34, ipv4],
      [tcpData, 34, ipv4],
      [tcp6Data, 54, ipv6],
    ] as const) {
      const start = module.putAtEnd(frame) + offset;
      const bytes = frame.length - offset;
      const pseudo = ip.pseudoHeader(start - offset + 14, TCP, bytes);
      assert.ok(tcp.hasValidChecksum(start, bytes, pseudo));
      const before = tcp.checksum(start);
      tcp.setChecksum(start, before ^ 0x8000);
      assert.not.ok(tcp.hasValidChecksum(start, bytes, pseudo));
      changesOnly(module, start + tcp.CHECKSUM_OFFSET, start + tcp.CHECKSUM_OFFSET + 2, () => tcp.updateChecksum(start, bytes, pseudo));
      assert.is(tcp.checksum(start), before);
    }
  });

  test("a header that is written has 20 bytes, no options, no window", () => {
    const header = module.putAtEnd(new Uint8Array(20).fill(0xee));
    changesOnly(module, header, header + 20, () => tcp.write(header, 45108, 80, 0xaa98_10b4, 0xfedcba98, tcp.RST | tcp.ACK));
    assert.ok(tcp.isValid(header, 20));
    assert.equal([tcp.sourcePort(header), tcp.targetPort(header), tcp.headerBytes(header)], [45108, 80, 20]);
    assert.equal([tcp.sequence(header), tcp.acknowledgment(header)], [0xaa98_10b4, 0xfedcba98]);
    assert.equal([tcp.flags(header), tcp.window(header), tcp.checksum(header), tcp.urgent(header)], [0x14, 0, 0, 0]);
  });

  test("a segment cut inside its header is not valid; without its payload it is", () => {
    const whole = segment(tcpData);
    for (let length = 0; length <= whole.length; length++) {
      assert.is(tcp.isValid(module.putAtEnd(whole.subarray(0, length)), length), length >= 32, `${length} bytes`);
    }
  });

  test("a data offset below 20 bytes, or beyond the segment, is not valid", () => {
    const whole = segment(tcpSyn);
    for (let words = 0; words < 16; words++) {
      assert.is(tcp.isValid(module.putAtEnd(patched(whole, 12, [words << 4])), whole.length), words >= 5 && words <= 10, `${words} words`);
    }
  });

  test("the options of a SYN, one after the other", () => {
    const syn = module.putAtEnd(segment(tcpSyn));
    const kinds: number[] = [];
    for (let at = 20; at < tcp.headerBytes(syn); at += tcp.optionBytes(syn + at, 40 - at)) kinds.push(tcp.optionKind(syn + at));
    assert.equal(kinds, [tcp.OPTION_MSS, 4, 8, 1, 3]);
    assert.equal([tcp.optionBytes(syn + 20, 20), tcp.announcedMss(syn + 20)], [tcp.OPTION_MSS_BYTES, 1460]);
    changesOnly(module, syn + 22, syn + 24, () => tcp.setAnnouncedMss(syn + 20, 0x1234));
    assert.is(tcp.announcedMss(syn + 20), 0x1234);
  });

  test("an option that is cut, or says less than its own two bytes, ends the list; nothing behind it is read", () => {
    const option = Uint8Array.from([8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
    for (let length = 1; length <= 10; length++) {
      assert.is(tcp.optionBytes(module.putAtEnd(option.subarray(0, length)), length), length < 10 ? 0 : 10, `${length} bytes`);
    }
    for (let length = 0; length < 256; length++) {
      const pointer = module.putAtEnd(Uint8Array.from([254, length, 1, 1]));
      assert.is(tcp.optionBytes(pointer, 4), length >= 2 && length <= 4 ? length : 0, `a length of ${length}`);
    }
    assert.is(tcp.optionBytes(module.putAtEnd(Uint8Array.from([0])), 1), 0, "the end");
    assert.is(tcp.optionBytes(module.putAtEnd(Uint8Array.from([1])), 1), 1, "a filler");
  });

  test("the reserved bits beside the data offset do not count", () => {
    const pointer = module.putAtEnd(patched(segment(tcpSyn), 12, [0xaf]));
    assert.is(tcp.headerBytes(pointer), 40);
    assert.is(tcp.flags(pointer), tcp.SYN);
  });
});
