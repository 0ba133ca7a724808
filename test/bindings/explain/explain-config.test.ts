/** What a configuration would do with one frame: of a network that nobody has spoken on, whose ports have their MACs from the frame. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { EngineConfig } from "../../../bindings/config/types.ts";
import { explain } from "../../../bindings/explain/explain-config.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT, TYPE_IPV4 } from "../../support/packet/ethernet.ts";
import { ipv4, UDP } from "../../support/packet/ip.ts";
import { udp } from "../../support/packet/transport.ts";

const [A, B] = [station(1), station(2)];
const SELF = "10.77.0.2";
const config = parseConfig({
  networks: [{ name: "blue", subnet: "10.77.0.0/24", gateway: "10.77.0.1" }],
  ports: [
    { name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: `${SELF}/24` } },
    { name: "b", network: "blue", memory: {}, mac: B },
  ],
});

function packet(mac: string, source: string): Uint8Array {
  const ends = { source, destination: "10.77.0.9" };
  return ethernet(BROADCAST, mac, TYPE_IPV4, ipv4({ ...ends, protocol: UDP }, udp(ends, { sourcePort: 1, targetPort: 2 }, ramp(20))));
}

test("a port without a MAC has that of the frame, and its addresses are bound to it", async () => {
  const { ports } = config;
  const unknown: EngineConfig = { ...config, ports: ports.map((port) => (port.name === "a" ? without(port, "mac") : port)) };
  for (const mac of [A, station(7)]) {
    const { verdict, outputs, reason } = await explain(unknown, "a", packet(mac, SELF));
    assert.equal([verdict, reason, outputs.map(({ port }) => port)], ["forwarded", null, ["b", "py-blue"]], mac);
    assert.is((await explain(unknown, "a", packet(mac, "10.77.0.3"))).reason, "spoofed-source");
  }
  assert.is((await explain(unknown, "a", packet(A, SELF).subarray(0, 13))).reason, "runt", "and none of one that has none");
});

test("each explanation is of a network that nobody has spoken on", async () => {
  for (let times = 0; times < 2; times++) {
    const { steps } = await explain(config, "b", ethernet(BROADCAST, B, TYPE_EXPERIMENT, ramp(50)));
    assert.is(steps.find(({ step }) => step === "learn")?.text, `${B} is new, and behind b from now on`);
  }
});

function without<Of extends object, Key extends keyof Of>(whole: Of, key: Key): Omit<Of, Key> {
  const { [key]: _left, ...rest } = whole;
  return rest;
}

test.run();
