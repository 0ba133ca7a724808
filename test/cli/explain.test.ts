/** `portyard explain` as it is typed: by a configuration, and of a running agent on a fake engine. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writePcap, writePcapng } from "../../bindings/capture/index.ts";
import { blue, portA, Yard } from "../agent/support/yard.ts";
import { ramp } from "../support/packet/bytes.ts";
import { virtualMac } from "../../bindings/config/mac-address.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4, tagged } from "../support/packet/ethernet.ts";
import { ipv4, TCP } from "../support/packet/ip.ts";
import { SYN, tcp } from "../support/packet/transport.ts";
import { superFrame } from "../support/packet/super-frame.ts";
import { hexOf } from "../support/story.ts";
import { portyard } from "./support/capture.ts";

const test = suite<{ folder: string; path: (name: string) => string; config: string }>("portyard explain");
const PROGRAM = fileURLToPath(new URL("../../../scripts/portyard.mjs", import.meta.url));
const [A, B] = [station(1), station(2)];

const CONFIG = `
networks: [{ name: blue, subnet: 10.77.0.0/24 }, { name: green }]
ports:
  - { name: a, network: blue, mac: "${A}", addresses: [10.77.0.2], memory: {} }
  - { name: b, network: blue, mac: "${B}", addresses: [10.77.0.3], memory: {} }
  - { name: t, trunk: { blue: 10 }, memory: {} }
  - { name: s, network: blue, mtu: 1000, memory: {} }
`;
const request = ethernet(
  BROADCAST,
  A,
  TYPE_ARP,
  arp({ operation: 1, senderMac: A, senderAddress: "10.77.0.2", targetAddress: "10.77.0.3" }),
);
const reply = ethernet(
  A,
  B,
  TYPE_ARP,
  arp({ operation: 2, senderMac: B, senderAddress: "10.77.0.3", targetMac: A, targetAddress: "10.77.0.2" }),
);
const broadcast = ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(1200));

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-explain-"));
  context.path = (name) => join(context.folder, name);
  context.config = context.path("net.yaml");
  writeFileSync(context.config, CONFIG);
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

async function json(...words: string[]) {
  const { status, stdout, stderr } = await portyard("explain", ...words, "--json");
  return { status, ...(stdout === "" ? JSON.parse(stderr) : JSON.parse(stdout)) };
}

const long = superFrame({
  from: A,
  to: B,
  ends: { source: "10.77.0.2", destination: "10.77.0.3" },
  payload: ramp(4000),
  segmentBytes: 1460,
});

test("a TCP packet longer than its network carries is a super-frame, as tcpdump sees one", async ({ config }) => {
  const { verdict, outputs } = await json("--config", config, "--port", "a", "--hex", hexOf(long.frame));
  assert.is(verdict, "forwarded");
  assert.equal(
    outputs.map(({ port, bytes }: { port: string; bytes: number }) => [port, bytes]),
    [1514, 1514, 54 + 4000 - 2 * 1460].map((bytes) => ["b", bytes]),
  );
  const cut = writePcap([{ bytes: long.frame.subarray(0, 100), originalBytes: long.frame.length, timeNs: 0n }]);
  writeFileSync(`${config}.pcap`, cut);
  assert.is((await json("--config", config, "--port", "a", "--pcap", `${config}.pcap`)).reason, "too-big");
});

test("people get a tree: every step, its outputs below it, and the end", async ({ config }) => {
  const { status, stdout, stderr } = await portyard("explain", "--config", config, "--port", "a", "--hex", hexOf(broadcast));
  assert.equal([status, stderr], [0, ""]);
  assert.equal(stdout.split("\n"), [
    `1,214 bytes into a, ${A} > ${BROADCAST}`,
    "├─ parse         EtherType 0x88b5",
    "├─ vlan          a is an access port of network blue",
    `├─ source-check  ${A} is the station of a; it claims no address`,
    "├─ answer        neither an ARP request nor a neighbour solicitation",
    `├─ learn         ${A} is behind a, as before`,
    `├─ look-up       ${BROADCAST} is a group address`,
    "└─ flood         to every other port of the network: b, t, s",
    "   ├─ leaves by b, 1214 bytes",
    "   ├─ leaves by t, 1214 bytes, tagged with VLAN 10",
    "   └─ ends at s: 1214 bytes, and the port takes frames of up to 1018 [too-big]",
    "forwarded: leaves by b, t",
    "dropped: too-big at s",
    "",
  ]);
});

test("of a frame that is dropped the last step says why, and the last line too", async ({ config }) => {
  const frame = hexOf(ethernet(BROADCAST, station(9), TYPE_EXPERIMENT, ramp(46)));
  const { status, stdout } = await portyard("explain", "--config", config, "--port", "a", "--hex", frame);
  assert.is(status, 0);
  const lines = stdout.split("\n");
  assert.is(lines.at(-3), `└─ source-check  ${station(9)} is not the station of a, which is ${A} [spoofed-source]`);
  assert.is(lines.at(-2), "dropped: spoofed-source");
});

test("by a configuration with services a connection gets a backend, and people see among which", async ({ path }) => {
  writeFileSync(
    path("services.yaml"),
    `${CONFIG}
services:
  - name: web
    network: blue
    address: 10.77.0.100
    ports: [{ protocol: tcp, port: 80, targetPort: 8080 }]
    backends: [{ name: b, address: 10.77.0.3, weight: 2 }, { name: far, address: 10.77.0.9 }]
    algorithm: least-load
`,
  );
  const ends = { source: "10.77.0.2", destination: "10.77.0.100" };
  const segment = tcp(ends, { sourcePort: 40_000, targetPort: 80, sequence: 1, flags: SYN });
  const frame = ethernet(station(99), A, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, segment));
  const { status, stdout } = await portyard("explain", "--config", path("services.yaml"), "--port", "a", "--hex", hexOf(frame));
  assert.is(status, 0);
  const from = virtualMac("blue", "10.77.0.100");
  assert.equal(stdout.split("\n").slice(5), [
    "├─ flow          of no known flow",
    "├─ service       10.77.0.100 is the virtual address of web, and TCP port 80 leads to its port 8080",
    "├─ pick          least-load chooses b",
    "│  ├─ b    weight 2, 0 active, score 0.5, chosen",
    "│  └─ far  weight 1, 0 active, score 1",
    "├─ flow          a new flow to b of web: half-open",
    `├─ rewrite       destination 10.77.0.100:80 becomes 10.77.0.3:8080; to ${B} from ${from}`,
    `├─ learn         ${A} is behind a, as before`,
    `└─ look-up       ${B} is behind b, as a static station`,
    "   └─ leaves by b, 54 bytes",
    "forwarded: leaves by b",
    "",
  ]);
});

test("programs get the steps, what leaves in hexadecimal, and null for what is not there", async ({ config }) => {
  const { status, ...explained } = await json("--config", config, "--port", "a", "--hex", hexOf(request));
  assert.is(status, 0);
  assert.equal(Object.keys(explained).sort(), ["drops", "outputs", "port", "reason", "steps", "verdict"]);
  assert.equal([explained.port, explained.verdict, explained.reason, explained.drops], ["a", "answered", null, []]);
  assert.equal(explained.outputs, [{ port: "a", bytes: 42, hex: hexOf(reply), offload: null }]);
  assert.equal(
    explained.steps.map(({ step }: { step: string }) => step),
    ["parse", "vlan", "source-check", "answer", "egress"],
  );
  assert.equal(explained.steps[3], {
    step: "answer",
    verdict: "answered",
    reason: null,
    text: "asks for 10.77.0.3, which is bound to b: the engine answers",
    address: "10.77.0.3",
    port: "b",
    service: null,
  });
});

test("hexadecimal may be written as people write it", async ({ config }) => {
  const pairs = hexOf(request).match(/../g) ?? [];
  for (const text of [
    pairs.join(" "),
    pairs.join(":"),
    pairs.join("-"),
    hexOf(request).toUpperCase(),
    `${pairs.slice(0, 14).join(" ")}\n${pairs.slice(14).join(" ")}`,
  ]) {
    assert.is((await json("--config", config, "--port", "a", "--hex", text)).verdict, "answered");
  }
});

test("a frame of a capture, by its number, from a file or a pipe", async ({ config, path }) => {
  const frames = [broadcast, request, ethernet(B, A, TYPE_EXPERIMENT, ramp(46))].map((bytes, index) => ({ bytes, timeNs: BigInt(index) }));
  writeFileSync(path("a.pcap"), writePcap(frames));
  writeFileSync(path("a.pcapng.gz"), gzipSync(writePcapng(frames)));
  const verdict = async (...words: string[]) => (await json("--config", config, "--port", "a", ...words)).verdict;
  assert.is(await verdict("--pcap", path("a.pcap")), "forwarded");
  assert.is(await verdict("--pcap", path("a.pcap"), "--frame", "2"), "answered");
  assert.is(await verdict("--pcap", path("a.pcapng.gz"), "--frame", "2"), "answered");
  const last = await json("--config", config, "--port", "a", "--pcap", path("a.pcap"), "--frame", "3");
  assert.equal(
    last.outputs.map(({ port }: { port: string }) => port),
    ["b"],
  );
  const words = ["explain", "--config", config, "--port", "a", "--pcap", "-", "--frame", "2", "--json"];
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...words], { input: writePcap(frames) });
  assert.equal([status, JSON.parse(String(stdout)).verdict], [0, "answered"]);
});

test("a frame that was cut goes by what is there", async ({ config, path }) => {
  writeFileSync(path("cut.pcap"), writePcap([{ bytes: broadcast.subarray(0, 100), originalBytes: 1214, timeNs: 0n }]));
  const { steps, outputs } = await json("--config", config, "--port", "a", "--pcap", path("cut.pcap"));
  assert.equal([steps[0].step, steps[0].text], ["cut", "100 of 1214 bytes were captured"]);
  assert.equal(
    outputs.map(({ port, bytes, hex }: { port: string; bytes: number; hex: string }) => [port, bytes, hex.length / 2]),
    [
      ["b", 1214, 100],
      ["t", 1218, 104],
    ],
  );
});

test("a trunk's frame, and the tag of another network", async ({ config }) => {
  const into = (id: number) => json("--config", config, "--port", "t", "--hex", hexOf(tagged(broadcast, { id })));
  assert.equal(
    (await into(10)).outputs.map(({ port }: { port: string }) => port),
    ["a", "b"],
  );
  const { verdict, reason } = await into(20);
  assert.equal([verdict, reason], ["dropped", "vlan-unknown"]);
});

test("wrong usage is exit status 2, and says what is wrong", async ({ config, path }) => {
  const usage = async (...words: string[]) => {
    const { status, error } = await json(...words);
    assert.equal([status, error.code], [2, "usage"], words.join(" "));
    return error.message as string;
  };
  assert.match(await usage("--port", "a", "--config", config), "--hex or --pcap");
  assert.match(await usage("--port", "a", "--hex", "00", "--frame", "1"), "--frame is about --pcap");
  assert.match(await usage("--hex", "00", "--config", config), "--port");
  assert.match(await usage("--port", "a", "--hex", "00", "--pcap", path("a.pcap")), "--hex");
  assert.match(await usage("--port", "a", "--hex", "00", "--config", config, "--socket", "/x.sock"), "--config");
  assert.match(await usage("--port", "a", "--pcap", path("a.pcap"), "--frame", "0"), "--frame");
  assert.match(await usage("--port", "a", "--hex", "00", "extra"), "argument");
});

test("what cannot be explained is exit status 1 with its code", async ({ config, path }) => {
  writeFileSync(path("a.pcap"), writePcap([{ bytes: broadcast, timeNs: 0n }]));
  writeFileSync(path("radio.pcap"), writePcap([{ bytes: broadcast, timeNs: 0n }], { linkType: 105 }));
  writeFileSync(path("bad.yaml"), "networks: [{ name: Blue }]\n");
  const code = async (...words: string[]) => {
    const { status, error } = await json(...words);
    assert.ok(error.message && error.remedy, `${error.code}: what is wrong, and the remedy`);
    return `${status} ${error.code}`;
  };
  const by = ["--config", config, "--port", "a"];
  assert.is(await code(...by, "--hex", "02 0"), "1 bad-hex");
  assert.is(await code(...by, "--hex", "hello"), "1 bad-hex");
  assert.is(await code(...by, "--pcap", path("a.pcap"), "--frame", "2"), "1 frame-missing");
  assert.is(await code(...by, "--pcap", path("none.pcap")), "1 capture-unreadable");
  assert.is(await code(...by, "--pcap", path("radio.pcap")), "1 capture-link-type");
  assert.is(await code("--config", config, "--port", "z", "--hex", hexOf(request)), "1 port-missing");
  assert.is(await code("--config", path("bad.yaml"), "--port", "a", "--hex", "00"), "1 bad-configuration");
  assert.is(await code("--config", path("none.yaml"), "--port", "a", "--hex", "00"), "1 configuration-unreadable");
  assert.is(await code("--socket", path("no.sock"), "--port", "a", "--hex", "00"), "1 agent-missing");
});

test("without a configuration a running agent is asked", async () => {
  const yard = new Yard();
  const agent = await yard.start({ name: "lab", networks: [blue], ports: [portA] });
  try {
    const words = ["--socket", agent.place.socket, "--port"];
    const { status, outputs, verdict } = await json(...words, "a", "--hex", hexOf(request));
    assert.equal([status, verdict, outputs], [0, "forwarded", [{ port: "a", bytes: 42, hex: hexOf(request), offload: null }]]);
    assert.match((await portyard("explain", ...words, "a", "--hex", hexOf(request))).stdout, "forwarded: leaves by a\n");
    const { status: failed, error } = await json(...words, "z", "--hex", hexOf(request));
    assert.equal([failed, error.code], [1, "port-missing"]);
  } finally {
    await agent.stop();
    yard.remove();
  }
});

test.run();
