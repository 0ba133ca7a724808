/** A host that runs, exported: what its containers send, captured there and replayed through the exported configuration, fares as it did.
 *
 *      left 10.77.0.2 ─ TAP ┐                             tcpdump -Q out in each container ──> portyard replay --in …
 *     right 10.77.0.3 ─ TAP ┼─ portyard up ─ py-blue      tcpdump -Q in everywhere         ──> what must have left each port
 *     third, a lease  ─ TAP ┘                                                                                           */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readConfigFile } from "../../bindings/config/read.ts";
import { readCapture } from "../../bindings/capture/index.ts";
import { ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { BROADCAST, ethernet, padded, station, TYPE_EXPERIMENT } from "../../test/support/packet/ethernet.ts";
import { oddFrames, sendRaw } from "./support/raw-frames.ts";
import { errorOf, lab as plain, SOCKET, story, type Yard } from "./support/instance.ts";
import { reaches, stream } from "./support/talk.ts";
import { Tcpdump } from "./support/tcpdump.ts";

const test = suite("export");
const HEADER_BYTES = 42;
const MARKER = "PORTYARD-MARKER";
const blue = { name: "blue", subnet: "10.77.0.0/24", gateway: "10.77.0.1" };
const fixed = (name: string, address: string) => ({
  name,
  network: "blue",
  tap: { namespace: name, interface: "eth0", address, offload: false },
});
const lab = { name: "lab", networks: [blue], ports: [fixed("left", "10.77.0.2"), { ...fixed("right", "10.77.0.3"), mtu: 1400 }] };
const containers = ["left", "right", "third"] as const;
const macs = { left: "02:00:00:00:00:02", right: "02:00:00:00:00:03" } as const;
const inRun = { network: "blue", tap: { namespace: "third", interface: "eth0", offload: false } };

interface Shown {
  name: string;
  mac: string;
  addresses: string[];
  receivedFrames: number;
}

/** Headers, length and hash of each frame, sorted. */
const texts = (frames: readonly { bytes: Uint8Array }[]): string[] => frames.map(({ bytes: each }) => textOf(each)).sort();

function textOf(frame: Uint8Array): string {
  const headers = Buffer.from(frame.subarray(0, HEADER_BYTES)).toString("hex");
  return `${headers} ${frame.length} ${createHash("sha1").update(frame).digest("hex").slice(0, 8)}`;
}

/** What the engine answered the host, which asks nothing in a replay. */
const isAnswerTo = (mac: string, text: string): boolean => {
  const arpReply = "08060001080006040002";
  return text.startsWith(mac.replaceAll(":", "")) && text.slice(24, 44) === arpReply;
};

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; !(await holds()); await delay(20)) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}

/** Drops by reason and port, without those of frames that came from the host. */
async function dropsOf(yard: Yard): Promise<Map<string, number>> {
  const rows: { reason: string; port: string; count: number }[] = await yard.json("show", "drops", "--name", "lab");
  return new Map(rows.filter(({ port }) => port !== "py-blue").map(({ reason, port, count }) => [`${reason} at ${port}`, count]));
}

const portsOf = async (yard: Yard): Promise<Shown[]> => yard.json("show", "ports", "--name", "lab");

/** The same, as `replay` writes it beside each frame. */
function droppedIn(path: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readCapture(readFileSync(path)).frames.flatMap(({ comment = "" }) => comment.split("\n"))) {
    if (!line.endsWith("py-blue")) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return counts;
}

function difference(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): [string, number][] {
  const grown = [...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]);
  return grown.filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

test(
  ...story(
    "what was captured on a host that runs fares in a replay as it did there",
    async (yard) => {
      const { machine } = yard;
      const folder = mkdtempSync(join(tmpdir(), "portyard-export-"));
      const file = (name: string) => join(folder, name);
      try {
        machine.tool("ip", "netns", "add", "third");
        const quiet = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6";
        machine.tool("sh", "-c", quiet);
        for (const name of containers) machine.tool("ip", "netns", "exec", name, "sh", "-c", quiet);
        const named = lab.ports.map((port) => ({ ...port, mac: macs[port.name as keyof typeof macs] }));
        const up = await yard.up({ ...lab, ports: named });
        const made = await ask(machine.path(SOCKET), "POST", "/v1/ports", { name: "third", ...inRun, staticMacs: [station(55)] });
        assert.is(made.status, 201, JSON.stringify(made.body));

        const sent = await Promise.all(containers.map((name) => Tcpdump.start(machine, name, "eth0", "out", file(`${name}-out.pcap`))));
        const places = [...containers.map((name) => [name, "eth0"] as const), ["", "py-blue"] as const];
        const got = await Promise.all(
          places.map(([name, device]) => Tcpdump.start(machine, name, device, "in", file(`${name}${device}.pcap`))),
        );
        const byHost = await Tcpdump.start(machine, "", "py-blue", "out", file("host.pcap"));
        const [before, portsBefore] = [await dropsOf(yard), await portsOf(yard)];
        const third = portsBefore.find(({ name }) => name === "third") as Shown;

        for (const [from, to, address] of [
          ["left", "right", "10.77.0.3"],
          ["right", "third", third.addresses[0] as string],
          ["third", "left", "10.77.0.2"],
        ] as const) {
          assert.ok(await reaches(machine, from, to, address), `${from} reaches ${to}`);
        }
        const pings = ["ping", "-n", "-c", String(scale.exportedPings), "-i", "0.01", "-s", "1300", "-W", "2"];
        for (const address of ["10.77.0.1", third.addresses[0] as string]) machine.tool("ip", "netns", "exec", "left", ...pings, address);
        sendRaw(yard, "left", oddFrames(macs.left, "10.77.0.2"));
        sendRaw(yard, "third", oddFrames(third.mac, third.addresses[0] as string));
        for (const [index, name] of containers.entries()) {
          const mac = portsBefore.find((port) => port.name === name)?.mac as string;
          sendRaw(yard, name, [padded(ethernet(BROADCAST, mac, TYPE_EXPERIMENT, `${MARKER} ${index}`))]);
        }
        const isMarked = (dump: Tcpdump, index: number) =>
          dump.frames().some(({ bytes: each }) => Buffer.from(each).includes(`${MARKER} ${index}`));
        await until("every marker has come", () =>
          got.every((dump, place) => containers.every((_, index) => index === place || isMarked(dump, index))),
        );
        await until("every frame has been counted", async () => {
          const now = await portsOf(yard);
          const count = (list: Shown[], name: string) => list.find((port) => port.name === name)?.receivedFrames ?? 0;
          return sent.every((dump, index) => {
            const name = containers[index] as string;
            return count(now, name) - count(portsBefore, name) === dump.frames().length;
          });
        });
        const after = await dropsOf(yard);
        const ofHost = new Set(texts(byHost.frames()));
        for (const dump of [...sent, ...got, byHost]) await dump.stop();

        const { code, stdout } = await yard.run("export", "--name", "lab");
        assert.is(code, 0);
        writeFileSync(file("network.yaml"), stdout);
        await yard.run("down", "--name", "lab", "--purge");
        await up.ended;
        machine.tool("ip", "netns", "del", "third");

        const config = await readConfigFile(file("network.yaml"));
        assert.equal(
          config.ports.map(({ name, mac, addresses }) => ({ name, mac, addresses })),
          portsBefore.filter(({ name }) => name !== "py-blue").map(({ name, mac, addresses }) => ({ name, mac, addresses })),
        );
        const hostMac = portsBefore.find(({ name }) => name === "py-blue")?.mac as string;
        assert.match(stdout, `host port: py-blue, ${hostMac}`);

        const inputs = containers.flatMap((name) => ["--in", `${name}=${file(`${name}-out.pcap`)}`]);
        const outcome = await yard.json("replay", "--config", file("network.yaml"), ...inputs, "--out", file("left"));
        assert.is(
          outcome.frames,
          sent.reduce((sum, dump) => sum + dump.frames().length, 0),
        );
        for (const [index, name] of [...containers, "py-blue"].entries()) {
          const replayed = readCapture(readFileSync(file(`left/${name}.pcapng`))).frames;
          assert.equal(
            texts(replayed),
            texts((got[index] as Tcpdump).frames()).filter((text) => !ofHost.has(text) && !isAnswerTo(hostMac, text)),
            `what left ${name}`,
          );
          assert.ok(replayed.length > 10, name);
        }
        const dropped = difference(droppedIn(file("left/drops.pcapng")), new Map());
        assert.equal(dropped, difference(after, before));
        console.log(`${outcome.frames} frames, ${dropped.map(([key, count]) => `${count} ${key}`).join(", ")}`);
        assert.ok(dropped.length >= 5);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    { programs: ["tun", "iproute2", "nft", "tcpdump", "ping"] },
  ),
);

test(
  ...story(
    "a stream whose segmentation is left to the device: what tcpdump saw of it is dropped nowhere",
    async (yard) => {
      const folder = mkdtempSync(join(tmpdir(), "portyard-export-"));
      const path = join(folder, "left.pcap");
      try {
        const up = await yard.up(plain);
        const dump = await Tcpdump.start(yard.machine, "left", "eth0", "out", path);
        await stream(yard.machine, "left", "right", "10.77.0.3", scale.exportedStreamMegabytes * 1e6);
        await dump.stop();
        const config = join(folder, "network.yaml");
        writeFileSync(config, (await yard.run("export", "--name", "lab")).stdout);
        await up.stop("SIGTERM");
        const { superFrames, drops, ports } = await yard.json("replay", "--config", config, "--in", `left=${path}`);
        assert.ok(superFrames > 0, "the kernel made super-frames");
        assert.equal(drops, {});
        assert.ok(ports.right.sent > ports.left.received, "they left as segments");
        // as the README tries a change: on the very lines of the export, and of both sides of the capture
        const tomorrow = join(folder, "tomorrow.yaml");
        const now = readFileSync(config, "utf8");
        assert.match(now, "mtu: 1500");
        writeFileSync(tomorrow, now.replaceAll("mtu: 1500", "mtu: 1400"));
        const replayed = ["replay", "--config", config, "--split", path, "--against"];
        assert.equal((await yard.run(...replayed, config)).code, 0, "today's fares as today's");
        const { code, stdout } = await yard.run(...replayed, tomorrow);
        assert.is(code, 1);
        assert.match(stdout, /^[\d,]+ of [\d,]+ frames fare otherwise\.$/m);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    { programs: ["tun", "iproute2", "tcpdump"] },
  ),
);

test(
  ...story("an instance that is not there is an error, and nothing is printed", async (yard) => {
    const { code, stdout, ...end } = await yard.run("export", "--name", "lab", "--json");
    assert.equal([code, stdout, errorOf({ code, stdout, ...end }).code], [1, "", "agent-missing"]);
  }),
);

test.run();
