/** The configuration of a replay: what its ports are lent, and that nothing of a kernel is left of them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { inMemory, replayConfigOf } from "../../../bindings/replay/replay-config.ts";

const networks = [
  { name: "blue", subnet: "10.0.0.0/29", gateway: "10.0.0.1", publish: ["8080:10.0.0.2:80"] },
  { name: "red", subnet: ["10.1.0.0/24", "fd01::/64"] },
];
const tap = { namespace: "n", interface: "eth0" };
const config = parseConfig({
  networks,
  ports: [
    { name: "lent", network: "blue", tap },
    { name: "own", network: "blue", tap: { ...tap, interface: "eth1", address: "10.0.0.3/29" } },
    { name: "bound", network: "blue", packet: { interface: "veth0" }, addresses: ["10.0.0.2"], mac: "02:00:00:00:00:01" },
    { name: "second", network: "blue", tap: { ...tap, interface: "eth2" } },
    { name: "two", network: "red", tap: { ...tap, interface: "eth3" } },
    { name: "overlay", trunk: { blue: 10 }, native: "red", packet: { interface: "eth3" } },
  ],
});

test("TAPs are lent what no port of the configuration has, of each family", () => {
  const { ports } = inMemory(config);
  assert.equal(Object.fromEntries(ports.map(({ name, addresses }) => [name, addresses])), {
    lent: ["10.0.0.4"],
    own: ["10.0.0.3"],
    bound: ["10.0.0.2"],
    second: ["10.0.0.5"],
    two: ["10.1.0.1", "fd01::1"],
    overlay: [],
    "py-blue": ["10.0.0.1"],
  });
});

test("ports are in memory, take no super-frames, and say nothing of a kernel", () => {
  const before = structuredClone(config);
  const { config: replayed, recording } = replayConfigOf(config);
  assert.equal(config, before, "what was given stays as it was");
  assert.equal(recording, ["py-blue"]);
  assert.is(replayed.workers, 1);
  for (const port of replayed.ports) {
    assert.equal(port.memory, { offload: false });
    for (const key of ["tap", "packet", "host", "publish"]) assert.not(key in port, `${port.name}: ${key}`);
  }
  for (const network of replayed.networks) assert.equal([network.gateways, "publish" in network], [[], false]);
});

test.run();
