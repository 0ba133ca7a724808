/** Files made by hand, one for each thing that a capture file can say, and one for each way in which it can be wrong. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readCapture } from "../../../bindings/capture/index.ts";
import { blocks, records } from "../../support/capture-blocks.ts";

const read = (...parts: number[][]) => readCapture(Uint8Array.from(parts.flat()));
const both = [true, false];
const name = (little: boolean): string => (little ? "little" : "big");

const pcap = suite("pcap");

for (const little of both) {
  const { head, record, u32 } = records(little);

  pcap(`${name(little)} endian, microseconds: bytes, length on the wire, time, link type`, () => {
    const capture = read(head(), record(1_700_000_000, 123_456, [1, 2, 3], 1500));
    assert.is(capture.damage, null);
    assert.is(capture.format, "pcap");
    assert.equal(capture.interfaces, [{ linkType: 1, linkTypeName: "ETHERNET", snapLength: 65535, fcsBytes: 0, name: null }]);
    const [frame] = capture.frames;
    assert.equal([...(frame?.bytes ?? [])], [1, 2, 3]);
    assert.is(frame?.originalBytes, 1500);
    assert.is(frame?.timeNs, 1_700_000_000_123_456_000n);
    assert.is(frame?.interface, 0);
  });

  pcap(`${name(little)} endian, nanoseconds, a time after 2038`, () => {
    const { frames } = read(head(0xa1b23c4d), record(0xffffffff, 999_999_999, []));
    assert.is(frames[0]?.timeNs, 4_294_967_295_999_999_999n);
    assert.is(frames[0]?.bytes.length, 0);
  });

  pcap(`${name(little)} endian, the modified format has eight more bytes a record`, () => {
    const modified = [...record(1, 2, []).slice(0, 8), ...u32(2), ...u32(2), ...new Array(8).fill(9), 7, 8];
    const { frames, damage } = read(head(0xa1b2cd34), modified, modified);
    assert.is(damage, null);
    assert.equal(
      frames.map((frame) => [...frame.bytes]),
      [
        [7, 8],
        [7, 8],
      ],
    );
  });

  pcap(`${name(little)} endian, a length of frame check sequence in the link type's high bits`, () => {
    const { interfaces, damage } = read(head(0xa1b2c3d4, 0x24000001));
    assert.is(damage, null);
    assert.is(interfaces[0]?.linkType, 1);
    assert.is(interfaces[0]?.fcsBytes, 4);
    assert.is(read(head(0xa1b2c3d4, 0x20000001)).interfaces[0]?.fcsBytes, 0, "without the bit that says it is known it is not");
  });
}

const { head, record, u32 } = records(true);

pcap("before version 2.3 the lengths of a record are the other way round", () => {
  const { frames } = read(head(undefined, 1, 2, 2), record(0, 0, [1, 2], 2, 60));
  assert.is(frames[0]?.bytes.length, 2);
  assert.is(frames[0]?.originalBytes, 60);
});

pcap("in version 2.3 the larger length is the one on the wire", () => {
  const { frames } = read(head(undefined, 1, 2, 3), record(0, 0, [1, 2], 2, 60), record(0, 0, [3], 60, 1));
  assert.equal(
    frames.map((frame) => [frame.bytes.length, frame.originalBytes]),
    [
      [2, 60],
      [1, 60],
    ],
  );
});

pcap("a link type other than Ethernet is named, an unregistered one numbered", () => {
  assert.is(read(head(undefined, 127)).interfaces[0]?.linkTypeName, "IEEE802_11_RADIOTAP");
  assert.is(read(head(undefined, 0xfff0)).interfaces[0]?.linkTypeName, "unknown link type 65520");
});

const damagedPcap: [string, number[][], number, RegExp][] = [
  ["an empty file", [], 0, /empty/],
  ["a file of three bytes", [[0xd4, 0xc3, 0xb2]], 0, /3 bytes into a magic number/],
  ["something else", [[...Buffer.from("<html>")]], 0, /0x3c68746d begins neither/],
  ["a packed file", [[0x28, 0xb5, 0x2f, 0xfd]], 0, /zstd/],
  ["version 1.4", [head(undefined, 1, 1, 4)], 0, /version 1\.4 is unknown/],
  ["version 2.5", [head(undefined, 1, 2, 5)], 0, /version 2\.5 is unknown/],
  ["reserved bits of the link type", [head(undefined, 0x00300000)], 0, /reserved/],
  ["a packet longer than any", [head(), record(0, 0, [], 0, 262145)], 24, /262145 captured bytes/],
];
for (const [what, parts, offset, reason] of damagedPcap) {
  pcap(`${what} is damage with its place and reason`, () => {
    const { frames, damage } = read(...parts);
    assert.is(frames.length, 0);
    assert.is(damage?.offset, offset);
    assert.match(damage?.reason ?? "", reason);
  });
}

pcap("frames before the damage are kept, nothing behind it is read", () => {
  const { frames, damage } = read(head(), record(0, 0, [1]), record(0, 0, [], 0, 0x7fffffff), record(0, 0, [2]));
  assert.is(frames.length, 1);
  assert.is(damage?.offset, 24 + 17);
});

pcap("frames are views of the file, not copies", () => {
  const file = Uint8Array.from([...head(), ...record(0, 0, [1])]);
  const { frames } = readCapture(file);
  file[file.length - 1] = 42;
  assert.is(frames[0]?.bytes[0], 42);
  assert.is(u32(1).length, 4);
});

pcap("a file in shared memory, at an odd offset, reads as any other", () => {
  const { section, description, enhanced, option } = blocks(true);
  const comment = option(1, Buffer.from("seen"));
  const file = [...section(), ...description(1, 0, option(2, Buffer.from("eth0"))), ...enhanced(0, 1n, [1], 1, comment)];
  const shared = new Uint8Array(new SharedArrayBuffer(file.length + 3), 3);
  shared.set(file);
  const { frames, interfaces, damage } = readCapture(shared);
  assert.is(damage, null);
  assert.is(interfaces[0]?.name, "eth0");
  assert.is(frames[0]?.comment, "seen");
});

pcap.run();

const pcapng = suite("pcapng");

for (const little of both) {
  const { section, description, enhanced, old, simple, block, option, i64 } = blocks(little);

  pcapng(`${name(little)} endian: enhanced, old and simple packets, unknown blocks skipped`, () => {
    const capture = read(
      section(),
      description(1, 96),
      block(0x0bad, [1, 2, 3, 4]),
      enhanced(0, 1_700_000_000_000_001n, [1, 2, 3, 4, 5], 70),
      block(5, new Array(40).fill(0)),
      old(0, 2n, [6], 60, 3),
      simple([7, 7, 7], 3),
      simple(new Array(96).fill(8), 1500),
    );
    assert.is(capture.damage, null);
    assert.is(capture.format, "pcapng");
    assert.equal(
      capture.frames.map((frame) => [frame.bytes.length, frame.originalBytes, frame.timeNs, frame.bytes[0]]),
      [
        [5, 70, 1_700_000_000_000_001_000n, 1],
        [1, 60, 2000n, 6],
        [3, 3, 0n, 7],
        [96, 1500, 0n, 8],
      ],
    );
  });

  pcapng(`${name(little)} endian: each interface has its own clock, name, snap length and check sequence`, () => {
    const nano = [...option(2, Buffer.from("eth0")), ...option(9, [9]), ...option(13, [4]), ...option(0, [])];
    const binary = [...option(9, [0x80 | 10]), ...option(14, i64(-5n))];
    const pico = [...option(1, Buffer.from("a comment")), ...option(14, i64(1_000_000_000n)), ...option(9, [12])];
    const { interfaces, frames, damage } = read(
      section(),
      description(1, 100, nano),
      description(113, 0, binary),
      description(1, 0, pico),
      enhanced(2, 1_999n, [3]),
      enhanced(0, 7n, [1]),
      enhanced(1, 10_241n, [2]),
    );
    assert.is(damage, null);
    assert.equal(
      interfaces.map((each) => [each.linkTypeName, each.snapLength, each.fcsBytes, each.name]),
      [
        ["ETHERNET", 100, 4, "eth0"],
        ["LINUX_SLL", 0, 0, null],
        ["ETHERNET", 0, 0, null],
      ],
    );
    assert.equal(
      frames.map((frame) => [frame.interface, frame.timeNs]),
      [
        [2, 1_000_000_000_000_000_001n],
        [0, 7n],
        [1, 5_000_976_562n],
      ],
    );
  });

  pcapng(`${name(little)} endian: comments of a packet`, () => {
    const options = [...option(2, [0, 0, 0, 1]), ...option(1, Buffer.from("one")), ...option(1, Buffer.from("zwei ü")), ...option(0, [])];
    const { frames } = read(section(), description(), enhanced(0, 0n, [1], 1, options), enhanced(0, 0n, [1], 1, option(4, [1])));
    assert.is(frames[0]?.comment, "one\nzwei ü");
    assert.is(frames[1]?.comment, undefined);
  });

  pcapng(`${name(little)} endian: broken options of a packet cost its comment, not the packet`, () => {
    const { frames, damage } = read(section(), description(), enhanced(0, 0n, [1], 1, [1, 1, 1, 1]));
    assert.is(damage, null);
    assert.is(frames.length, 1);
    assert.is(frames[0]?.comment, undefined);
  });
}

pcapng("each section has its own byte order and counts its interfaces from 0", () => {
  const sections = [blocks(true), blocks(false), blocks(true)];
  const { frames, interfaces, damage } = read(
    ...sections.flatMap(({ section, description, enhanced }, index) => [section(), description(index), enhanced(0, 1n, [index])]),
  );
  assert.is(damage, null);
  assert.equal(
    frames.map((frame) => [frame.bytes[0], frame.interface, interfaces[frame.interface]?.linkType]),
    [
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ],
  );
});

const { section, description, enhanced, old, simple, block, option } = blocks(true);
const longest = new Uint8Array(262_144).fill(1);
const longer = new Uint8Array(262_145).fill(1);
const start = section().length;
const described = start + description().length;
const wrongTail = enhanced(0, 0n, [1]).with(-4, 99);
const overfull = enhanced(0, 0n, [1]).with(20, 5);
const uneven = enhanced(0, 0n, [1]).with(4, 37);
const damagedPcapng: [string, number[][], number, RegExp][] = [
  ["version 0.1", [section([], 0, 1)], 0, /version 0\.1 is unknown/],
  ["version 1.1", [section([], 1, 1)], 0, /version 1\.1 is unknown/],
  ["a byte-order magic of another kind", [section().with(8, 0)], 0, /byte-order magic is 0x003c2b1a/],
  ["an option that runs out of its section block", [section(option(1, []).with(2, 9))], 0, /option 1 claims 9 bytes where 0 are left/],
  [
    "an option that runs out of its interface block",
    [section(), description(1, 0, [2, 0, 5, 0, 1, 2])],
    start,
    /option 2 claims 5 bytes where 4/,
  ],
  ["a clock of two bytes", [section(), description(1, 0, option(9, [6, 0]))], start, /if_tsresol has 2 bytes instead of 1/],
  ["a packet of an interface that is not there", [section(), description(), enhanced(1, 0n, [1])], described, /interface 1 where .* has 1/],
  [
    "a packet of the section before",
    [section(), description(), section(), enhanced(0, 0n, [1])],
    described + start,
    /interface 0 where .* has 0/,
  ],
  ["a simple packet without an interface", [section(), simple([1])], start, /before the section's first interface/],
  [
    "a packet that its block has no room for",
    [section(), description(), overfull],
    described,
    /5 captured bytes where its block has room for 4/,
  ],
  ["a simple packet that its block has no room for", [section(), description(), simple([1], 9)], described, /9 bytes .* room for 4/],
  ["two lengths of one block", [section(), description(), wrongTail], described, /36 bytes at its beginning and 99 at its end/],
  ["a length that is not a multiple of four", [section(), description(), uneven], described, /multiple of four/],
  ["a block shorter than its fixed part", [section(), block(6, [1, 2, 3, 4])], start, /fewer than its 32/],
  ["a packet longer than any", [section(), description(), enhanced(0, 0n, longer)], described, /262145 captured bytes, more than 262144/],
  ["an old packet longer than any", [section(), description(), old(0, 0n, longer)], described, /262145 captured bytes, more than 262144/],
  ["a simple packet longer than any", [section(), description(), simple(longer)], described, /262145 captured bytes, more than 262144/],
  ["a block longer than any", [section(), block(99, []).with(7, 127)], start, /more than 16777216/],
];
for (const [what, parts, offset, reason] of damagedPcapng) {
  pcapng(`${what} is damage with its place and reason`, () => {
    const { damage } = read(...parts);
    assert.match(damage?.reason ?? "", reason);
    assert.is(damage?.offset, offset);
  });
}

pcapng("frames before a packet that is too long are kept, the longest among them", () => {
  const packets = [enhanced(0, 0n, longest), old(0, 0n, longest), simple(longest), simple(longer)];
  const { frames, damage } = read(section(), description(), ...packets);
  assert.equal(
    frames.map(({ bytes }) => bytes.length),
    [262_144, 262_144, 262_144],
  );
  assert.is(damage?.offset, described + packets.slice(0, 3).flat().length);
});

pcapng("a clock of any resolution gives a time", () => {
  for (let resolution = 0; resolution < 256; resolution++) {
    const { frames, damage } = read(section(), description(1, 0, option(9, [resolution])), enhanced(0, (1n << 64n) - 1n, []));
    assert.is(damage, null);
    assert.is(typeof frames[0]?.timeNs, "bigint");
  }
});

pcapng.run();
