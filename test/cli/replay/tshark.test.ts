/** tshark opens what we write, and finds in it what we put there: the files of a replay, with the reasons of drops as comments, and those
 *  of both writers in every byte order and resolution. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FrameToWrite, openCapture, writePcap, writePcapng } from "../../../bindings/capture/index.ts";
import { readConfigFile } from "../../../bindings/config/read.ts";
import { dropComment } from "../../../bindings/replay/drop-comment.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import { scale } from "../../scale.ts";
import { ownCaptureFolder } from "../../support/captures.ts";
import { random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { skip } from "../../support/skip.ts";
import { editcapFrames, hasTshark, type SeenFrame, tsharkFrames } from "../../support/tshark.ts";
import { portyard } from "../support/capture.ts";

const test = suite("tshark");
const SEED = seedOf("tshark");
const folder = mkdtempSync(join(tmpdir(), "portyard-tshark-"));
const path = (name: string) => join(folder, name);
test.after(() => rmSync(folder, { recursive: true }));

function withTshark(name: string, body: () => void | Promise<void>): void {
  const why = "tshark (its package) is not installed";
  test(name, hasTshark() ? body : () => skip(name, "package", why));
}

/** Ports that check senders, take tags, are too narrow, or lead to the host: most reasons to drop a frame are there. */
const CONFIG = `
networks:
  - { name: open, mtu: 1500 }
  - { name: bound, subnet: [10.0.0.0/8, "fd00::/8"], gateway: 10.0.0.254, mtu: 1400 }
ports:
  - { name: a, network: open, memory: {} }
  - { name: b, network: open, mtu: 1000, memory: {} }
  - { name: t, trunk: { open: 10, bound: 20 }, memory: {} }
  - { name: c, network: bound, memory: {}, mac: "02:00:00:00:00:01", addresses: [10.0.0.1] }
  - { name: d, network: bound, memory: {}, mac: "02:00:00:00:00:02", sourceCheck: false }
`;
const INPUTS = [
  ["a", "mutants.pcapng"],
  ["a", "sizes.pcap"],
  ["b", "groups.pcap"],
  ["b", "longest.pcapng.gz"],
  ["t", "tags.pcap"],
  ["t", "noise.pcap"],
  ["c", "ipv4.pcapng"],
  ["c", "sources.pcap"],
  ["c", "snapped.pcap"],
  ["d", "arp.pcap"],
  ["d", "ipv6.pcapng"],
].map(([port, file]) => ({ port: port as string, file: join(ownCaptureFolder, file as string) }));

interface Written extends SeenFrame {
  bytes: string;
}

const written = (frame: { bytes: Uint8Array; originalBytes: number; timeNs: bigint }, name: string, comments: string[] = []): Written => ({
  bytes: Buffer.from(frame.bytes).toString("hex"),
  timeNs: frame.timeNs,
  originalBytes: frame.originalBytes,
  capturedBytes: frame.bytes.length,
  interface: name,
  comments,
});

/** What the library says of the same replay, file by file. */
async function told(config: string): Promise<{ files: Map<string, Written[]>; drops: Record<string, number> }> {
  const parsed = await readConfigFile(config);
  const files = new Map<string, Written[]>([["drops", []]]);
  const add = (file: string, frame: Written) => files.set(file, [...(files.get(file) ?? []), frame]);
  const { ports, drops } = await replay({
    config: parsed,
    inputs: INPUTS.map(({ port, file }) => ({ port, capture: openCapture(file) })),
    onOutput: (output) => void add(output.port, written(output, output.port)),
    onFrame: ({ port, frame }, reasons) => {
      if (reasons.length > 0) add("drops", written(frame, port, [dropComment(reasons)]));
    },
  });
  for (const name of Object.keys(ports)) files.set(name, files.get(name) ?? []);
  return { files, drops };
}

withTshark("what a replay writes: frames, lengths, times, interfaces, and reasons as comments", async () => {
  writeFileSync(path("net.yaml"), CONFIG);
  const words = INPUTS.flatMap(({ port, file }) => ["--in", `${port}=${file}`]);
  const { status, stdout } = await portyard("replay", "--config", path("net.yaml"), ...words, "--out", path("out"), "--json");
  assert.is(status, 0);
  const outcome = JSON.parse(stdout);
  const { files, drops } = await told(path("net.yaml"));
  assert.equal(outcome.out.sort(), [...files.keys()].map((name) => join(path("out"), `${name}.pcapng`)).sort());
  for (const [name, expected] of files) {
    const file = join(path("out"), `${name}.pcapng`);
    assert.equal(
      tsharkFrames(file),
      expected.map(({ bytes: _bytes, ...frame }) => frame),
      name,
    );
    assert.equal(
      editcapFrames(file, "nsecpcap").map(({ bytes, timeNs }) => [Buffer.from(bytes).toString("hex"), timeNs]),
      expected.map(({ bytes, timeNs }) => [bytes, timeNs]),
      name,
    );
  }
  const counts: Record<string, number> = {};
  for (const reason of tsharkFrames(join(path("out"), "drops.pcapng")).flatMap(({ comments }) => comments.flatMap(reasonsIn))) {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  assert.equal(counts, drops);
  assert.equal(outcome.drops, drops);
  assert.ok(Object.keys(drops).length >= 7, Object.keys(drops).join(", "));
  assert.ok(
    [...files.values()].every(({ length }) => length > 0),
    "every file has frames",
  );
});

const reasonsIn = (comment: string): string[] => comment.split("\n").map((line) => line.split(" at ")[0] as string);

/** Of all lengths, cut and whole, at any time that the format holds. */
function randomFrames(lastSecond: number, interfaces: number): Required<FrameToWrite>[] {
  const source = random(SEED);
  return Array.from({ length: scale.tsharkFrames }, (_, index) => {
    const bytes = source.bytes(index < 20 ? index : source.below(1514));
    const timeNs = BigInt(source.below(lastSecond)) * 1_000_000_000n + BigInt(source.below(1_000_000_000));
    const comment = source.pick(["one", "zwei ü, 三", "two\nlines", 'a "quote" and a \\']);
    return { bytes, timeNs, originalBytes: bytes.length + source.pick([0, 0, 1, 9000]), interface: source.below(interfaces), comment };
  });
}

const rounded = (timeNs: bigint, resolution: string): bigint => (resolution === "micro" ? timeNs - (timeNs % 1000n) : timeNs);
const NAMES = ["eth0", "ünlü", "third"];

for (const byteOrder of ["little", "big"] as const) {
  for (const resolution of ["micro", "nano"] as const) {
    withTshark(`a pcap file, ${byteOrder} endian, ${resolution}seconds`, () => {
      const frames = randomFrames(0x7fffffff, 1);
      const file = path(`${byteOrder}-${resolution}.pcap`);
      writeFileSync(file, writePcap(frames, { byteOrder, resolution }));
      assert.equal(
        tsharkFrames(file).map(({ interface: _name, ...frame }) => frame),
        frames.map(({ bytes, timeNs, originalBytes }) => {
          return { timeNs: rounded(timeNs, resolution), originalBytes, capturedBytes: bytes.length, comments: [] };
        }),
      );
      isSame(file, frames, resolution);
    });

    withTshark(`a pcapng file, ${byteOrder} endian, ${resolution}seconds, with interfaces and comments`, () => {
      const frames = randomFrames(0x7fffffff, NAMES.length);
      const file = path(`${byteOrder}-${resolution}.pcapng`);
      writeFileSync(file, writePcapng(frames, { byteOrder, resolution, interfaces: NAMES.map((name) => ({ name })) }));
      assert.equal(
        tsharkFrames(file),
        frames.map(({ bytes, timeNs, originalBytes, interface: index, comment }) => {
          const seen = { timeNs: rounded(timeNs, resolution), originalBytes, capturedBytes: bytes.length };
          return { ...seen, interface: NAMES[index] as string, comments: [comment] };
        }),
      );
      isSame(file, frames, resolution);
    });
  }
}

/** What Wireshark's own writers make of `file` is the same again, in each format that we read. */
function isSame(file: string, frames: readonly Required<FrameToWrite>[], resolution: string): void {
  for (const type of ["pcap", "nsecpcap", "modpcap", "pcapng"]) {
    const unit = type === "pcap" || type === "modpcap" ? "micro" : resolution;
    assert.equal(
      editcapFrames(file, type).map(({ bytes, originalBytes, timeNs }) => [Buffer.from(bytes).toString("hex"), originalBytes, timeNs]),
      frames.map(({ bytes, originalBytes, timeNs }) => [Buffer.from(bytes).toString("hex"), originalBytes, rounded(timeNs, unit)]),
      `${file} as ${type}`,
    );
  }
}

test.run();
