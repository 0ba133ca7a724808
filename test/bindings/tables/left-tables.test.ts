/** The exporter reads what stands in a file: that which this engine writes, and that of layout 90, whose every stride and offset is
 *  another, written here from its own description. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../assembly/abi/counter.ts";
import { LAYOUT_VERSION } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as field from "../../../assembly/abi/port.ts";
import { joinMac } from "../../../bindings/mac.ts";
import { layoutOf } from "../../../bindings/tables/layouts/known-layouts.ts";
import type { TablesLayout } from "../../../bindings/tables/layouts/tables-layout.ts";
import { fingerprintBy, LeftTables } from "../../../bindings/tables/left-tables.ts";
import { fingerprintOf } from "../../../bindings/tables/identity.ts";
import * as networkTable from "../../../bindings/tables/network-table.ts";
import * as portTable from "../../../bindings/tables/port-table.ts";
import { scale } from "../../scale.ts";
import { giveMemory, takeMemory } from "../../support/engine-memory.ts";

const LAYOUT_90: TablesLayout = {
  version: 90,
  base: 4096,
  head: { tablesBytes: 8, macLimit: 40, workers: 36, counters: 32, macs: 28, macBucketMask: 24, macCount: 20 },
  nameBytes: 32,
  networks: { at: 512, bytes: 72, count: 8, state: 4, present: 7, fingerprint: 8, name: 24 },
  ports: {
    at: 2048,
    bytes: 200,
    count: 16,
    actual: 0,
    errno: 4,
    generation: 12,
    kind: 8,
    flags: 20,
    restore: 16,
    linkLocalCount: 24,
    linkLocals: 80,
    fingerprint: 32,
    name: 40,
    states: { gone: 5, shut: 6 },
    kinds: { tap: 11, packet: 12, host: 13 },
    flagBits: { checksum: 256, tso: 1, uso: 16 },
    restoreBits: { down: 8, arp: 4, ipv6: 2, lro: 1 },
    shutReasons: { poison: 9 },
  },
  addresses: { at: 5376, bytes: 32, count: 24, state: 0, bound: 3, family: 4, port: 8, address: 12 },
  linkLocalBytes: 16,
  macs: { bytes: 24, bucketSlots: 4, generationShift: 16, flagsShift: 24, staticFlag: 64 },
  counters: { bytes: 80, workerBytes: 1280, counts: 5, reasons: 48, reasonCount: 4 },
  flows: null,
  identity: { network: ["name"], port: ["name", "network"] },
};
const COUNTERS = 6144;
const MACS = 12_288;
const MAC_PLACES = 32;
const FILE_BYTES = MACS + MAC_PLACES * LAYOUT_90.macs.bytes;

/** Calls `body` with a file of these bytes, open for reading. */
function withFile(bytes: Uint8Array, body: (descriptor: number) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "portyard-left-"));
  writeFileSync(join(folder, "tables"), bytes);
  const descriptor = openSync(join(folder, "tables"), "r");
  try {
    body(descriptor);
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

interface Written {
  networks: { index: number; name: string; fingerprint: bigint }[];
  ports: {
    index: number;
    name: string;
    fingerprint: bigint;
    generation: number;
    state: "up" | "gone" | "shut";
    isTap: boolean;
    flags: boolean[];
    restore: boolean[];
    linkLocals: number[];
    counts: bigint[];
  }[];
  addresses: { place: number; port: number; isBound: boolean; last: number; isIpv4: boolean }[];
  macs: { place: number; network: number; low: number; high: number; port: number; isCurrent: boolean; seen: number; isStatic: boolean }[];
}

/** Layout 90, written by its description alone. */
function write({ networks, ports, addresses, macs }: Written): Uint8Array {
  const bytes = new Uint8Array(FILE_BYTES);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number) => view.setUint32(at, value, true);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  const { head, counters } = LAYOUT_90;
  word(head.macLimit, 99);
  word(head.workers, 2);
  word(head.counters, COUNTERS + LAYOUT_90.base);
  word(head.macs, MACS + LAYOUT_90.base);
  word(head.macBucketMask, MAC_PLACES / LAYOUT_90.macs.bucketSlots - 1);
  for (const { index, name, fingerprint } of networks) {
    const at = LAYOUT_90.networks.at + index * LAYOUT_90.networks.bytes;
    word(at + 4, 7);
    view.setBigUint64(at + 8, fingerprint, true);
    text(at + 24, name);
  }
  for (const port of ports) {
    const at = LAYOUT_90.ports.at + port.index * LAYOUT_90.ports.bytes;
    word(at, { up: 1, gone: 5, shut: 6 }[port.state]);
    word(at + 4, port.state === "shut" ? 9 : 0);
    word(at + 8, port.isTap ? 11 : 12);
    word(at + 12, port.generation);
    word(
      at + 16,
      [8, 4, 2, 1].reduce((sum, bit, index) => sum + (port.restore[index] ? bit : 0), 0),
    );
    word(
      at + 20,
      [256, 1, 16].reduce((sum, bit, index) => sum + (port.flags[index] ? bit : 0), 2),
    );
    word(at + 24, port.linkLocals.length);
    view.setBigUint64(at + 32, port.fingerprint, true);
    text(at + 40, port.name);
    for (const [position, byte] of port.linkLocals.entries()) bytes.fill(byte, at + 80 + position * 16, at + 96 + position * 16);
    for (const worker of [0, 1])
      for (const [index, count] of port.counts.entries()) {
        const offset = index < 5 ? index * 8 : 48 + (index - 5) * 8;
        view.setBigUint64(COUNTERS + worker * counters.workerBytes + port.index * counters.bytes + offset, count, true);
      }
  }
  for (const { place, port, isBound, last, isIpv4 } of addresses) {
    const at = LAYOUT_90.addresses.at + place * LAYOUT_90.addresses.bytes;
    word(at, isBound ? 3 : 4);
    word(at + 4, isIpv4 ? 4 : 6);
    word(at + 8, port);
    bytes.set(isIpv4 ? [10, 0, 0, last] : [0xfd, ...new Array(14).fill(0), last], at + 12);
  }
  for (const mac of macs) {
    const at = MACS + mac.place * LAYOUT_90.macs.bytes;
    const generation = (ports.find(({ index }) => index === mac.port)?.generation ?? 1) + (mac.isCurrent ? 0 : 1);
    word(at, mac.low);
    word(at + 4, mac.high | (mac.network << 16));
    word(at + 8, mac.port | ((generation & 0xff) << 16) | ((mac.isStatic ? 64 | 128 : 128) << 24));
    word(at + 12, mac.seen);
  }
  return bytes;
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
const fingerprint = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const written: fc.Arbitrary<Written> = fc.record({
  networks: fc.uniqueArray(fc.record({ index: fc.nat(7), name, fingerprint }, { noNullPrototype: true }), {
    selector: ({ index }) => index,
  }),
  ports: fc.uniqueArray(
    fc.record({
      index: fc.nat(15),
      name,
      fingerprint,
      generation: fc.integer({ min: 1, max: 254 }),
      state: fc.constantFrom("up", "gone", "shut"),
      isTap: fc.boolean(),
      flags: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      restore: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      linkLocals: fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 4 }),
      counts: fc.array(fc.bigInt({ min: 0n, max: 2n ** 60n }), { minLength: 9, maxLength: 9 }),
    }),
    { selector: ({ index }) => index },
  ),
  addresses: fc.uniqueArray(
    fc.record({ place: fc.nat(23), port: fc.nat(15), isBound: fc.boolean(), last: fc.integer({ min: 1, max: 254 }), isIpv4: fc.boolean() }),
    { selector: ({ place }) => place },
  ),
  macs: fc.uniqueArray(
    fc.record({
      place: fc.nat(MAC_PLACES - 1),
      network: fc.nat(7),
      low: fc.integer({ min: 1, max: 0xffffffff }),
      high: fc.nat(0xffff),
      port: fc.nat(15),
      isCurrent: fc.boolean(),
      seen: fc.nat(0xffffffff),
      isStatic: fc.boolean(),
    }),
    { selector: ({ place }) => place },
  ),
});

const PRESENT = {
  flags: [field.FLAG_CHECKSUM, field.FLAG_TSO, field.FLAG_USO],
  restore: [field.RESTORE_DOWN, field.RESTORE_ARP, field.RESTORE_IPV6, field.RESTORE_LRO],
};
const bits = (numbers: readonly number[], isOn: readonly boolean[]) =>
  numbers.reduce((sum, bit, index) => sum + (isOn[index] ? bit : 0), 0);
/** In the order of their places, each once. */
function addressesOf({ addresses }: Written, port: number): string[] {
  const own = [...addresses].sort((x, y) => x.place - y.place).filter((one) => one.isBound && one.port === port);
  return [...new Set(own.map(({ isIpv4, last }) => (isIpv4 ? `10.0.0.${last}` : `fd00::${last.toString(16)}`)))];
}
const byIndex = <One extends { index: number }>(list: readonly One[]): One[] => [...list].sort((a, b) => a.index - b.index);

test("everything that was written by the description of another layout is read, in this version's numbers", () => {
  const check = (model: Written) =>
    withFile(write(model), (descriptor) => {
      const tables = LeftTables.open(descriptor, LAYOUT_90)!;
      assert.equal([tables.macLimit, tables.workers], [99, 2]);
      assert.equal(tables.networks(), byIndex(model.networks));
      const ports = tables.ports();
      assert.equal(
        ports,
        byIndex(model.ports).map((port) => ({
          index: port.index,
          name: port.name,
          fingerprint: port.fingerprint,
          generation: port.generation,
          kind: port.isTap ? field.KIND_TAP : field.KIND_PACKET,
          flags: bits(PRESENT.flags, port.flags),
          restore: bits(PRESENT.restore, port.restore),
          isGone: port.state === "gone",
          isShut: port.state === "shut",
          addresses: addressesOf(model, port.index),
          linkLocals: port.linkLocals.map((byte) => new Uint8Array(16).fill(byte)),
        })),
      );
      const living = new Set(model.ports.map(({ index }) => index));
      assert.equal(
        tables.learned(ports),
        [...model.macs]
          .sort((a, b) => a.place - b.place)
          .filter(({ port, isCurrent }) => isCurrent && living.has(port))
          .map(({ network, low, high, port, seen, isStatic }) => ({
            network,
            macLow: low,
            macHigh: high,
            port,
            seenSeconds: seen,
            isStatic,
          })),
      );
      for (const { index, counts } of model.ports) {
        const sum = tables.countsOf(index);
        assert.equal(
          [...sum.counts, ...sum.drops],
          counts.map((count) => count * 2n),
        );
      }
    });
  fc.assert(fc.property(written, check), { numRuns: scale.leftTables });
});

test("a file that is cut short anywhere, or whose pointers lead out of it, is not read", () => {
  const whole = write({ networks: [], ports: [], addresses: [], macs: [] });
  for (let length = 0; length < FILE_BYTES; length += 97)
    withFile(whole.slice(0, length), (descriptor) => assert.is(LeftTables.open(descriptor, LAYOUT_90), null, `${length} bytes`));
  for (const offset of [LAYOUT_90.head.counters, LAYOUT_90.head.macs, LAYOUT_90.head.macBucketMask, LAYOUT_90.head.workers]) {
    const bent = whole.slice();
    new DataView(bent.buffer).setUint32(offset, 0xfffffff0, true);
    withFile(bent, (descriptor) => assert.is(LeftTables.open(descriptor, LAYOUT_90), null, `offset ${offset}`));
  }
});

test("garbage in the place of records is read to its end without a fault", () => {
  const run = (garbage: Uint8Array) => {
    const bytes = write({ networks: [], ports: [], addresses: [], macs: [] });
    for (let at = 512; at < FILE_BYTES; at++) bytes[at] = garbage[at % garbage.length] ?? 0;
    withFile(bytes, (descriptor) => {
      const tables = LeftTables.open(descriptor, LAYOUT_90)!;
      const ports = tables.ports();
      tables.networks();
      tables.learned(ports);
      for (const { index } of ports) tables.countsOf(index);
    });
  };
  fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 4096 }), run), { numRuns: scale.leftTables });
});

test("what this engine writes is read by its own layout", () => {
  const memory = takeMemory("release", 64);
  const { tables, wasm } = memory;
  const agent = wasm.formatWorker(0, 0);
  const port = { name: "left", network: "blue" };
  networkTable.write(tables, 3, { learning: true, macAgeSeconds: 300, mtu: 1500 });
  networkTable.identify(tables, 3, { name: "blue" });
  const record = { kind: field.KIND_TAP, flags: field.FLAG_TSO | field.FLAG_VNET, network: 3, mtu: 1500, mac: null, owner: 0 };
  portTable.write(tables, 5, { ...record, trunk: 0, native: 0, macLimit: 8 });
  portTable.identify(tables, 5, port, field.RESTORE_ARP);
  portTable.setLinkLocals(tables, 5, [new Uint8Array(16).fill(9)]);
  portTable.addCounts(tables, 5, [1n, 2n, 3n, 4n, 5n], [0n, 6n]);
  wasm.setTime(agent, 77_000);
  wasm.learnMac(agent, 3, 0x04030201, 0x0605, 5, portTable.generation(tables, 5));
  const file = tables.bytes.slice(map.TABLES, map.TABLES + tables.load32(map.HEAD_TABLES_BYTES));
  withFile(new Uint8Array(file), (descriptor) => {
    const left = LeftTables.open(descriptor, layoutOf(LAYOUT_VERSION)!)!;
    assert.equal(left.networks(), [{ index: 3, name: "blue", fingerprint: fingerprintOf({ name: "blue" }) }]);
    const ports = left.ports();
    assert.equal(
      ports.map(({ index, name: which, kind, flags, restore, isGone, isShut }) => ({ index, which, kind, flags, restore, isGone, isShut })),
      [{ index: 5, which: "left", kind: field.KIND_TAP, flags: field.FLAG_TSO, restore: field.RESTORE_ARP, isGone: false, isShut: false }],
    );
    assert.equal(ports[0]?.linkLocals, [new Uint8Array(16).fill(9)]);
    assert.is(ports[0]?.fingerprint, fingerprintBy(left.layout, "port", port));
    assert.equal(
      left
        .learned(ports)
        .map(({ network, macLow, macHigh, seenSeconds, isStatic }) => [network, joinMac(macLow, macHigh), seenSeconds, isStatic]),
      [[3, "01:02:03:04:05:06", 77, false]],
    );
    const { counts, drops } = left.countsOf(5);
    assert.equal([counts, drops[1]], [[1n, 2n, 3n, 4n, 5n], 6n]);
    assert.is(portTable.sum(tables, 5, counter.DROPPED_FRAMES), 5);
  });
  giveMemory(memory);
});

test("a fingerprint is made from the keys that its version knew", () => {
  const old = { name: "a", network: "blue" };
  assert.is(fingerprintBy(LAYOUT_90, "port", { ...old, macLimit: 9, invented: true }), fingerprintOf(old));
  assert.is.not(fingerprintBy(LAYOUT_90, "port", { ...old, network: "green" }), fingerprintOf(old));
});

test.run();
