/** The newest known layout of the tables file is the one that this version writes: whoever changes the memory map, or the keys of a
 *  configuration, is reminded here of those who will read the file later. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LAYOUT_VERSION } from "../../../assembly/abi/limits.ts";
import { hostPortOf } from "../../../bindings/config/host-port.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { layoutOf } from "../../../bindings/tables/layouts/known-layouts.ts";
import { presentLayout } from "../../support/present-layout.ts";
import { ROOT } from "../../support/wasm.ts";

const REMINDER = "raise LAYOUT_VERSION and write a file for the new version: bindings/tables/layouts/tables-layout.ts says how";

/** Every key that a network or a port may have. */
const { networks, ports } = parseConfig({
  name: "lab",
  networks: [
    { name: "blue", subnet: "10.0.0.0/24", gateway: "10.0.0.1" },
    { name: "green", subnet: "10.0.1.0/24" },
  ],
  ports: [
    { name: "a", network: "blue", mtu: 1400, tap: { namespace: "a", interface: "eth0", address: "10.0.0.2/24" } },
    { name: "b", trunk: { blue: 10, green: 20 }, native: "blue", packet: { interface: "b" } },
    { name: "c", network: "blue", memory: {}, mac: "02:00:00:00:00:0c", addresses: ["10.0.0.9"] },
  ],
});

const keysOf = (objects: readonly object[]): string[] => [...new Set(objects.flatMap(Object.keys))].sort();

test("the layout that this version writes is known to those who will take over from it", async () => {
  const known = layoutOf(LAYOUT_VERSION);
  assert.ok(known !== null, REMINDER);
  assert.equal(known, await presentLayout(join(ROOT, "dist"), known.identity), REMINDER);
});

test("so are the keys of the configurations that its fingerprints are made from", () => {
  const { identity } = layoutOf(LAYOUT_VERSION)!;
  assert.equal(keysOf(networks), [...identity.network].sort(), REMINDER);
  const all = [...ports, ...networks.map((network) => hostPortOf("lab", network)).filter((port) => port !== null)];
  assert.equal(keysOf(all), [...identity.port].sort(), REMINDER);
});

test("a version that was never written is not known", () => {
  for (const version of [0, 2, LAYOUT_VERSION + 1, 0x44525950]) assert.is(layoutOf(version), null);
});

test.run();
