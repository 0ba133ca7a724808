/** `portyard replay` as it is typed. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readCapture, writePcap, writePcapng } from "../../bindings/capture/index.ts";
import { blocks } from "../support/capture-blocks.ts";
import { projectRoot } from "../support/captures.ts";
import { ramp } from "../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT, TYPE_IPV4 } from "../support/packet/ethernet.ts";
import { ipv4, TCP } from "../support/packet/ip.ts";
import { SYN, tcp } from "../support/packet/transport.ts";
import { portyard } from "./support/capture.ts";

const test = suite<{ folder: string; path: (name: string) => string }>("portyard replay");
const EXAMPLE = join(projectRoot, "examples/two-containers.pcap");
const PROGRAM = fileURLToPath(new URL("../../../scripts/portyard.mjs", import.meta.url));

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-replay-"));
  context.path = (name) => join(context.folder, name);
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const from = (source: string, bytes = 60, to = BROADCAST) => ethernet(to, source, TYPE_EXPERIMENT, ramp(bytes - 14));
const frames = [from(station(1)), from("01:00:00:00:00:01"), from(station(2), 1600)].map((bytes, index) => ({
  bytes,
  timeNs: BigInt(index),
}));

async function json(...words: string[]) {
  const { status, stdout, stderr } = await portyard("replay", ...words, "--json");
  return { status, stderr, ...(stdout === "" ? {} : JSON.parse(stdout)) };
}

test("without a configuration a capture enters `in` and leaves by `out`, whatever its length", async () => {
  const { status, frames: count, bytes, ports, drops, seconds, framesPerSecond } = await json(EXAMPLE);
  const captured = readCapture(readFileSync(EXAMPLE)).frames;
  assert.is(status, 0);
  assert.is(count, captured.length);
  assert.is(
    bytes,
    captured.reduce((sum, { originalBytes }) => sum + originalBytes, 0),
  );
  assert.equal(ports, { in: { received: count, sent: 0 }, out: { received: 0, sent: count } });
  assert.equal(drops, {});
  assert.ok(seconds > 0 && framesPerSecond > 0);
});

test("what leaves is written for each port, and what is dropped with its reason as the comment", async ({ path }) => {
  writeFileSync(path("a.pcap"), writePcap(frames));
  writeFileSync(
    path("net.yaml"),
    "networks: [{ name: n, mtu: 1500 }]\nports: [{ name: a, network: n, memory: {} }, { name: b, network: n, memory: {} }]\n",
  );
  const { status, out } = await json("--config", path("net.yaml"), "--in", `a=${path("a.pcap")}`, "--out", path("left"));
  assert.is(status, 0);
  assert.equal(readdirSync(path("left")).sort(), ["a.pcapng", "b.pcapng", "drops.pcapng"]);
  assert.equal(
    out,
    ["drops", "a", "b"].map((name) => join(path("left"), `${name}.pcapng`)),
  );
  const left = readCapture(readFileSync(path("left/b.pcapng")));
  assert.equal(
    left.frames.map(({ bytes, timeNs }) => [Buffer.from(bytes).toString("hex"), timeNs]),
    [[Buffer.from(frames[0]?.bytes ?? []).toString("hex"), 0n]],
  );
  assert.is(left.interfaces[0]?.name, "b");
  const dropped = readCapture(readFileSync(path("left/drops.pcapng")));
  assert.equal(
    dropped.frames.map(({ comment, interface: index, bytes }) => [comment, dropped.interfaces[index]?.name, bytes.length]),
    [
      ["multicast-source at a", "a", 60],
      ["too-big at b", "a", 1600],
    ],
  );
});

test("--out gives the same bytes every time", async ({ path }) => {
  const config = join(projectRoot, "examples/two-containers.yaml");
  writeFileSync(path("a.pcap"), writePcap([...frames, ...frames]));
  writeFileSync(
    path("net.yaml"),
    "networks: [{ name: n, mtu: 1500 }]\nports: [{ name: a, network: n, memory: {} }, { name: b, network: n, memory: {} }]\n",
  );
  for (const words of [
    ["--config", config, "--split", EXAMPLE],
    ["--config", path("net.yaml"), "--in", `a=${path("a.pcap")}`],
  ]) {
    const runs: [string, string][][] = [];
    for (const folder of ["one", "other"]) {
      assert.is((await json(...words, "--out", path(folder))).status, 0);
      const names = readdirSync(path(folder)).sort();
      runs.push(names.map((name) => [name, readFileSync(join(path(folder), name)).toString("base64")]));
    }
    assert.equal(runs[0], runs[1]);
    assert.ok(
      (runs[0] ?? []).some(([, bytes]) => bytes.length > 400),
      "frames left",
    );
  }
});

test("the example of the README", async () => {
  const config = join(projectRoot, "examples/two-containers.yaml");
  const { status, ports, answered, drops } = await json("--config", config, "--split", EXAMPLE);
  assert.equal([status, answered, drops], [0, 1, {}]);
  assert.equal(ports, { container1: { received: 14, sent: 20 }, container2: { received: 19, sent: 13 } });
});

test("packed captures, pcapng, a pipe, and several that are merged", async ({ path }) => {
  writeFileSync(path("packed.pcapng.gz"), gzipSync(writePcapng(frames.slice(0, 1))));
  writeFileSync(path("plain.pcap"), writePcap(frames.slice(0, 1)));
  const { ports } = await json(path("packed.pcapng.gz"), "--in", `out=${path("plain.pcap")}`);
  assert.equal(ports, { in: { received: 1, sent: 1 }, out: { received: 1, sent: 1 } });
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, "replay", "-", "--split", "--json"], { input: readFileSync(EXAMPLE) });
  assert.is(status, 0);
  assert.equal(Object.keys(JSON.parse(String(stdout)).ports), ["in", "out"]);
  assert.ok(JSON.parse(String(stdout)).ports.out.received > 0, "both sides spoke");
});

test("a capture that --out would replace is refused, by whatever name, and stays as it is", async ({ path }) => {
  mkdirSync(path("left"));
  const bytes = writePcapng(frames);
  for (const name of ["in", "out", "drops"]) {
    const own = path(`left/${name}.pcapng`);
    writeFileSync(own, bytes);
    symlinkSync(own, path(`${name}-link`));
    for (const input of [own, path(`${name}-link`)]) {
      const { status, stderr } = await json(input, "--out", path("left"));
      assert.equal([status, JSON.parse(stderr).error.code], [1, "file-taken"]);
    }
    const standardInput = openSync(own, "r");
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "replay", "-", "--out", path("left"), "--json"], {
      stdio: [standardInput, "pipe", "pipe"],
    });
    closeSync(standardInput);
    assert.equal([status, JSON.parse(String(stderr)).error.code], [1, "file-taken"], "as standard input");
    assert.ok(readFileSync(own).equals(bytes));
    rmSync(own);
  }
});

test("people get tables, and hear of what was out of the ordinary", async ({ path }) => {
  writeFileSync(path("a.pcap"), writePcap([...frames, { ...frames[2]!, bytes: frames[2]!.bytes.subarray(0, 100), originalBytes: 1600 }]));
  const { stdout, stderr } = await portyard("replay", path("a.pcap"), "--out", path("left"));
  assert.match(stdout, /^4 frames, 3\.32 kB, in [\d.]+ s: [\d,]+ frames a second\n/);
  assert.match(stdout, /PORT +RECEIVED +SENT\n +in +4 +0\n +out +0 +3\n/);
  assert.match(stdout, /DROPPED +FRAMES\n +multicast-source +1\n/);
  assert.match(stderr, "1 were cut when they were captured");
  assert.match(stderr, `written: ${join(path("left"), "drops.pcapng")}`);
});

test("of the reasons of drops the one of most frames comes first", async ({ path }) => {
  const [group, runt] = [from("01:00:00:00:00:01"), new Uint8Array(5)];
  writeFileSync(path("a.pcap"), writePcap([group, runt, runt].map((bytes) => ({ bytes, timeNs: 0n }))));
  assert.match((await portyard("replay", path("a.pcap"))).stdout, /FRAMES\n +runt +2\n +multicast-source +1\n/);
});

test("a damaged capture is replayed up to the damage, which is named, with exit status 1", async ({ path }) => {
  const whole = writePcap(frames);
  writeFileSync(path("cut.pcap"), whole.subarray(0, whole.length - 1));
  const { status, stdout, stderr } = await portyard("replay", path("cut.pcap"));
  assert.is(status, 1);
  assert.match(stdout, /^2 frames/);
  assert.match(stderr, /cut\.pcap is damaged at byte 176: .*\. What was before it was replayed\.\n$/);
  const { status: again, damages } = await json(path("cut.pcap"));
  assert.equal([again, damages[0].file, damages[0].offset], [1, path("cut.pcap"), 176]);
});

test("what no file can hold ends no replay: times far away, packets that are too long", async ({ path }) => {
  const { section, description, enhanced, option, i64 } = blocks(true);
  const seconds = option(9, [0]);
  const clocks = [description(1, 0, [...seconds, ...option(14, i64(-5n))]), description(1, 0, seconds)];
  const ticks: [number, bigint][] = [
    [0, 2n],
    [0, 5n],
    [1, 7n],
    [1, 1n << 62n],
  ];
  const packets = ticks.map(([index, time]) => enhanced(index, time, from(station(1))));
  const [bad, late] = [enhanced(0, 5n, from("01:00:00:00:00:01")), enhanced(1, 9n, new Uint8Array(262_145))];
  writeFileSync(path("odd.pcapng"), Uint8Array.from([section(), ...clocks, ...packets, bad, late].flat()));
  const { status, frames: count, damages } = await json(path("odd.pcapng"), "--out", path("left"));
  assert.equal([status, count], [1, 5]);
  assert.match(damages[0].reason, "262145 captured bytes, more than 262144");
  const times = (name: string) => readCapture(readFileSync(path(`left/${name}.pcapng`))).frames.map(({ timeNs }) => timeNs);
  assert.equal(times("out"), [0n, 0n, 7_000_000_000n, (1n << 64n) - 1n]);
  assert.equal(times("drops"), [0n]);
});

test("--against prints the frames that a second configuration treats otherwise, with exit status 1", async ({ path }) => {
  writeFileSync(path("a.pcap"), writePcap([...frames, { bytes: from(station(1), 1200), timeNs: 3n }]));
  const net = (name: string, mtu: number, ports: string[], extra = "") => {
    const list = ports.map((port) => `{ name: ${port}, network: n, memory: {}${extra} }`).join(", ");
    writeFileSync(path(name), `networks: [{ name: n, mtu: ${mtu} }]\nports: [${list}]\n`);
    return path(name);
  };
  const now = ["--config", net("now.yaml", 1500, ["a", "b"]), path("a.pcap"), "--against"];
  assert.is((await portyard("replay", ...now, path("now.yaml"))).stdout, "0 of 4 frames fare otherwise.\n");
  const { status, stdout } = await portyard("replay", ...now, net("small.yaml", 1000, ["a", "b", "c"]));
  assert.is(status, 1);
  assert.equal(stdout.split("\n"), [
    "frame 1 into a at 0.000000 s: leaves by b; now leaves by b, c",
    "frame 3 into a at 0.000000 s: too-big at b; now too-big at b, too-big at c",
    "frame 4 into a at 0.000000 s: leaves by b; now too-big at b, too-big at c",
    "3 of 4 frames fare otherwise.",
    "",
  ]);
  const { differences, frames: count } = await json(...now, net("other.yaml", 1500, ["b"]));
  assert.is(count, 4);
  assert.equal(differences[0], {
    number: 0,
    port: "a",
    timeNs: "0",
    before: { outputs: ["b"], drops: [], served: null },
    after: { outputs: [], drops: [{ reason: "port-absent", port: "a" }], served: null },
    isBytesAlone: false,
  });
});

test("--against: in which order ports stand makes no difference, the bytes that leave do", async ({ path }) => {
  const example = readFileSync(join(projectRoot, "examples/two-containers.yaml"), "utf8");
  writeFileSync(path("now.yaml"), example);
  writeFileSync(path("small.yaml"), example.replace("mtu: 1400", "mtu: 1280"));
  const words = ["--config", path("now.yaml"), "--split", EXAMPLE, "--against"];
  const { status, stdout } = await portyard("replay", ...words, path("small.yaml"));
  assert.equal(
    [status, stdout.split("\n")],
    [
      1,
      [
        "frame 13 into container1 at 1767225605.000000 s: leaves by container2, now with other bytes",
        "frame 14 into container2 at 1767225605.000060 s: leaves by container1, now with other bytes",
        "2 of 33 frames fare otherwise.",
        "",
      ],
    ],
  );
  const ports = ["a", "b", "c"].map((name) => `{ name: ${name}, network: n, memory: {} }`);
  writeFileSync(path("abc.yaml"), `networks: [{ name: n }]\nports: [${ports.join(", ")}]\n`);
  writeFileSync(path("cba.yaml"), `networks: [{ name: n }]\nports: [${ports.reverse().join(", ")}]\n`);
  const same = await portyard("replay", EXAMPLE, "--port", "a", "--config", path("abc.yaml"), "--against", path("cba.yaml"));
  assert.equal([same.status, same.stdout], [0, "0 of 33 frames fare otherwise.\n"]);
});

test("services are served: flows by backend, and with --against which backend a frame has now", async ({ path }) => {
  const service = (backends: string) => `
networks: [{ name: blue, subnet: 10.77.0.0/24 }]
tables: { flows: 1024 }
ports:
  - { name: client, network: blue, memory: {}, mac: "${station(1)}", addresses: [10.77.0.1] }
  - { name: one, network: blue, memory: {}, mac: "${station(2)}", addresses: [10.77.0.2] }
  - { name: two, network: blue, memory: {}, mac: "${station(3)}", addresses: [10.77.0.3] }
services:
  - name: web
    network: blue
    address: 10.77.0.100
    ports: [{ protocol: tcp, port: 80 }]
    backends: [${backends}]
`;
  const ends = { source: "10.77.0.1", destination: "10.77.0.100" };
  const syns = [40_000, 40_001, 40_002].map((sourcePort, index) => ({
    bytes: ethernet(
      station(99),
      station(1),
      TYPE_IPV4,
      ipv4({ ...ends, protocol: TCP }, tcp(ends, { sourcePort, targetPort: 80, sequence: 1, flags: SYN })),
    ),
    timeNs: BigInt(index) * 1_000_000n,
  }));
  writeFileSync(path("web.pcap"), writePcap(syns));
  writeFileSync(path("now.yaml"), service("{ name: s1, address: 10.77.0.2 }, { name: s2, address: 10.77.0.3 }"));
  writeFileSync(path("then.yaml"), service("{ name: s2, address: 10.77.0.3 }, { name: s3, address: 10.77.0.3, port: 81 }"));
  const words = [path("web.pcap"), "--config", path("now.yaml")];
  const { status, services } = await json(...words);
  assert.equal([status, services], [0, { web: { s1: 2, s2: 1 } }]);
  const people = await portyard("replay", ...words);
  assert.match(people.stdout, "  SERVICE  BACKEND  FLOWS\n  web      s1           2\n  web      s2           1\n");
  const against = await portyard("replay", ...words, "--against", path("then.yaml"));
  assert.equal(against.stdout.split("\n"), [
    "frame 1 into client at 0.000000 s: to s1 of web, leaves by one; now to s2 of web, leaves by two",
    "frame 2 into client at 0.001000 s: to s2 of web, leaves by two; now to s3 of web, leaves by two",
    "frame 3 into client at 0.002000 s: to s1 of web, leaves by one; now to s2 of web, leaves by two",
    "3 of 3 frames fare otherwise.",
    "",
    "  SERVICE  BACKEND  FLOWS  NOW",
    "  web      s1           2    -",
    "  web      s2           1    2",
    "  web      s3           -    1",
    "",
  ]);
  const told = await json(...words, "--against", path("then.yaml"));
  assert.equal([told.status, told.services], [1, { before: { web: { s1: 2, s2: 1 } }, after: { web: { s2: 2, s3: 1 } } }]);
  assert.equal(told.differences[1].before.served, { service: "web", backend: "s2" });
  assert.equal(told.differences[1].after.served, { service: "web", backend: "s3" });
});

test("what cannot be done is said, and nothing is written", async ({ path }) => {
  writeFileSync(path("a.pcap"), writePcap(frames));
  writeFileSync(path("radio.pcap"), writePcap(frames, { linkType: 105 }));
  writeFileSync(path("drops.yaml"), "networks: [{ name: n }]\nports: [{ name: drops, network: n, memory: {} }]\n");
  writeFileSync(path("none.yaml"), "networks: [{ name: n }]\n");
  const code = async (...words: string[]) => {
    const { status, stderr } = await json(...words);
    return `${status} ${JSON.parse(stderr).error.code}`;
  };
  assert.is(await code(), "2 usage");
  assert.is(await code("--split"), "2 usage");
  assert.is(await code(path("a.pcap"), "--split", "--port", "in"), "2 usage");
  assert.is(await code("--in", "nothing"), "2 usage");
  assert.is(await code(path("a.pcap"), "--against", path("none.yaml"), "--out", path("left")), "2 usage");
  assert.is(await code(path("a.pcap"), "--port", "other"), "1 port-missing");
  assert.is(await code(path("a.pcap"), "--config", path("none.yaml")), "1 port-missing");
  assert.is(await code(path("a.pcap"), "--config", path("no.yaml")), "1 configuration-unreadable");
  assert.is(await code(path("no.pcap")), "1 capture-unreadable");
  symlinkSync("loop.pcap", path("loop.pcap"));
  assert.is(await code(path("loop.pcap")), "1 capture-unreadable");
  assert.is(await code(path("radio.pcap")), "1 capture-link-type");
  assert.is(await code(path("a.pcap"), "--config", path("drops.yaml"), "--out", path("left")), "1 name-taken");
  assert.not.ok(existsSync(path("left")));
  assert.is(await code(path("a.pcap"), "--out", path("a.pcap")), "1 file-failed");
});

test.run();
