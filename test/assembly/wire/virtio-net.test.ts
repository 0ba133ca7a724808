import * as assert from "uvu/assert";
import { hex } from "./frames.ts";
import { changesOnly, text, wireSuite } from "./wire-suite.ts";

/** As a TAP delivers a TCP super-frame of 8,014 bytes: partial checksum at 34 + 16, headers 66, segments of 1,448. */
const tcpSuperFrame = hex("01 01 4200 a805 2200 1000");
/** An unfinished UDP checksum, no super-frame. */
const partialUdp = hex("01 00 0000 0000 2200 0600");
const plain = new Uint8Array(10);

await wireSuite("virtio-net", (test, module) => {
  const { virtioNet: virtio } = module.wasm;
  const place = (digits: string | Uint8Array): number => module.putAtEnd(typeof digits === "string" ? hex(digits) : digits);
  const isValid = (digits: string | Uint8Array, frameBytes: number): boolean => virtio.isValid(place(digits), frameBytes);

  test("what a TAP says of a TCP super-frame", () => {
    const header = place(tcpSuperFrame);
    assert.ok(virtio.isValid(header, 8014));
    assert.ok(virtio.needsChecksum(header));
    assert.is(virtio.gsoType(header), virtio.GSO_TCPV4);
    assert.is(virtio.headerBytes(header), 66);
    assert.is(virtio.segmentBytes(header), 1448);
    assert.is(virtio.checksumStart(header), 34);
    assert.is(virtio.checksumOffset(header), 16);
    assert.not.ok(virtio.hasEcn(header));
    assert.not.ok(virtio.isPlain(header));
  });

  test("the ECN bit stands beside the type", () => {
    const header = place("01 84 4200 a805 3600 1000");
    assert.is(virtio.gsoType(header), virtio.GSO_TCPV6);
    assert.ok(virtio.hasEcn(header));
    changesOnly(module, header + 1, header + 2, () => virtio.setGsoType(header, virtio.GSO_UDP_L4));
    assert.not.ok(virtio.hasEcn(header));
  });

  test("plain: neither a super-frame nor an unfinished checksum, verified or not", () => {
    assert.ok(virtio.isPlain(place(plain)));
    assert.ok(virtio.isPlain(place("02 00 0000 0000 0000 0000")));
    assert.not.ok(virtio.isPlain(place(partialUdp)));
    assert.not.ok(virtio.isPlain(place("00 04 0000 0100 0000 0000")));
  });

  test("empty: all ten bytes are zero, and no other", () => {
    assert.ok(virtio.isEmpty(place(plain)));
    for (let at = 0; at < 10; at++) assert.not.ok(virtio.isEmpty(place(new Uint8Array(10).fill(1, at, at + 1))), `byte ${at}`);
  });

  test("clear and copy write 10 bytes", () => {
    const header = place(new Uint8Array(10).fill(0xff));
    changesOnly(module, header, header + 10, () => virtio.clear(header));
    assert.is(text(module.bytes.slice(header)), text(plain));
    const from = module.put(tcpSuperFrame, 4096);
    changesOnly(module, header, header + 10, () => virtio.copy(header, from));
    assert.is(text(module.bytes.slice(header)), text(tcpSuperFrame));
    changesOnly(module, header - 4, header + 6, () => virtio.copy(header - 4, header));
    assert.is(text(module.bytes.slice(header - 4, header + 6)), text(tcpSuperFrame));
  });

  test("a plain header fits any frame, one that points beyond the frame fits none so short", () => {
    assert.ok(isValid(plain, 14));
    for (let bytes = 14; bytes < 80; bytes++) assert.is(isValid(tcpSuperFrame, bytes), bytes >= 66, `super-frame of ${bytes}`);
    for (let bytes = 14; bytes < 80; bytes++) assert.is(isValid(partialUdp, bytes), bytes >= 42, `datagram of ${bytes}`);
    assert.not.ok(isValid("01 00 0000 0000 ffff ffff", 65535));
    assert.ok(isValid("00 00 0000 0000 ffff ffff", 14), "offsets that nobody asked for");
  });

  test("what the kernel refuses is not valid", () => {
    const wrong = {
      "type 2": "00 02 0000 0100 0000 0000",
      "type 6": "01 06 0000 0100 2200 0600",
      "type 0x20 (tunnels)": "01 21 0000 0100 2200 1000",
      "ECN without a type": "00 80 0000 0100 0000 0000",
      "segments of 0 bytes": "01 01 0000 0000 2200 1000",
      "segments of ffff": "01 01 0000 ffff 2200 1000",
      "TCP with the checksum of UDP": "01 01 0000 a805 2200 0600",
      "UDP with the checksum of TCP": "01 05 0000 a805 2200 1000",
      "UDP segments without a checksum": "00 05 0000 a805 2200 0600",
      "UDP with ECN": "01 85 0000 a805 2200 0600",
    };
    for (const [name, digits] of Object.entries(wrong)) assert.not.ok(isValid(digits, 9000), name);
    const right = {
      TCPv4: "01 01 0000 a805 2200 1000",
      TCPv6: "01 04 0000 a805 3600 1000",
      USO: "01 05 0000 a805 2200 0600",
      UFO: "01 03 0000 a805 2200 0600",
      "TCPv4 with a whole checksum": "00 01 0000 a805 0000 0000",
    };
    for (const [name, digits] of Object.entries(right)) assert.ok(isValid(digits, 9000), name);
  });

  test("a tag pushed moves csum_start and hdr_len by 4, and popped back", () => {
    const header = place(tcpSuperFrame);
    changesOnly(module, header + 2, header + 8, () => virtio.shift(header, 4));
    assert.is(text(module.bytes.slice(header)), text(hex("01 01 4600 a805 2600 1000")));
    virtio.shift(header, -4);
    assert.is(text(module.bytes.slice(header)), text(tcpSuperFrame));
  });

  test("what is not said does not move", () => {
    const moved: [before: string, by: number, after: string][] = [
      ["00 00 0000 0000 2200 1000", 4, "00 00 0000 0000 2200 1000"],
      ["01 00 0000 0000 2200 0600", 4, "01 00 0000 0000 2600 0600"],
      ["02 00 2a00 0000 0000 0000", -4, "02 00 2600 0000 0000 0000"],
    ];
    for (const [before, by, after] of moved) {
      const header = place(before);
      virtio.shift(header, by);
      assert.is(text(module.bytes.slice(header)), text(hex(after)), before);
    }
  });

  test("shift keeps lying offsets within the header's fields: none goes below the addresses, none wraps", () => {
    for (let offset = 0; offset <= 0xffff; offset = offset === 40 ? 0xfff0 : offset + 1) {
      for (const by of [4, -4]) {
        const header = place(plain);
        virtio.setFlags(header, virtio.NEEDS_CHECKSUM);
        virtio.setChecksumStart(header, offset);
        virtio.setHeaderBytes(header, offset);
        virtio.shift(header, by);
        const isBehindTag = offset >= (by > 0 ? 12 : 16);
        const expected = isBehindTag ? Math.min(offset + by, 0xffff) : offset;
        assert.equal([virtio.checksumStart(header), virtio.headerBytes(header)], [expected, expected], `${offset} by ${by}`);
      }
    }
  });
});
