/** `portyard explain` of a running instance (support/instance.ts): by its socket, for people and for programs; what it says is what then
 *  happens, and it changes nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ramp } from "../../test/support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_EXPERIMENT } from "../../test/support/packet/ethernet.ts";
import { errorOf, lab, left, story } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";

const test = suite("portyard explain");
const NAME = ["--name", "lab"];
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");
const [LEFT, RIGHT] = ["02:00:00:00:00:02", "02:00:00:00:00:03"] as const;
const fixed = {
  ...lab,
  ports: [
    { ...left, mac: LEFT },
    { ...lab.ports[1], mac: RIGHT },
  ],
};

test(
  ...story("the agent explains, and nothing changes by it", async (yard) => {
    const up = await yard.up(fixed);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    const lists = () => Promise.all(["macs", "drops"].map((list) => yard.json("show", list, ...NAME)));
    const before = await lists();
    const frame = hex(ethernet(RIGHT, LEFT, TYPE_EXPERIMENT, ramp(46)));
    const explained = await yard.json("explain", ...NAME, "--port", "left", "--hex", frame);
    assert.equal([explained.verdict, explained.reason, explained.drops], ["forwarded", null, []]);
    assert.equal(explained.outputs, [{ port: "right", bytes: 60, hex: frame, offload: null }]);
    assert.equal(
      explained.steps.map(({ step, verdict }: { step: string; verdict: string }) => `${step} ${verdict}`),
      ["parse", "vlan", "source-check", "answer", "learn", "look-up", "egress"].map((step) => `${step} continue`),
    );

    const question = arp({ operation: 1, senderMac: LEFT, senderAddress: "10.77.0.2", targetAddress: "10.77.0.3" });
    const { code, stdout } = await yard.run(
      "explain",
      ...NAME,
      "--port",
      "left",
      "--hex",
      hex(ethernet(BROADCAST, LEFT, TYPE_ARP, question)),
    );
    assert.is(code, 0);
    assert.match(stdout, /answer .*10\.77\.0\.3.*right/);
    assert.match(stdout, /\nanswered: leaves by left\n$/);

    const spoofed = await yard.json("explain", ...NAME, "--port", "right", "--hex", frame);
    assert.equal([spoofed.verdict, spoofed.reason], ["dropped", "spoofed-source"]);
    assert.equal(await lists(), before);
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("what cannot be explained is said", async (yard) => {
    const up = await yard.up(fixed);
    const code = async (...words: string[]) => errorOf(await yard.run("explain", ...NAME, ...words, "--json")).code;
    assert.is(await code("--port", "nobody", "--hex", "00"), "port-missing");
    assert.is(await code("--port", "left", "--hex", "0"), "bad-hex");
    assert.is(await code("--port", "left", "--pcap", "/nowhere.pcap"), "capture-unreadable");
    await up.stop("SIGTERM");
    assert.is(await code("--port", "left", "--hex", "00"), "agent-missing");
  }),
);

test.run();
