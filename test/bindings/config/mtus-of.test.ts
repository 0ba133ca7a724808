/** MTUs of a port and of what it is in, of every kind of port that a configuration has. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mtusOf } from "../../../bindings/config/mtus-of.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";

const test = suite("MTUs of a port");

const { networks, ports } = parseConfig({
  networks: [{ name: "blue" }, { name: "green", mtu: 9000 }, { name: "red", mtu: 1400 }],
  ports: [
    { name: "access", network: "red", memory: {} },
    { name: "small", network: "blue", mtu: 1280, memory: {} },
    { name: "trunk", trunk: { blue: 10, red: 20 }, memory: {} },
    { name: "native", trunk: { red: 10 }, native: "green", memory: {} },
    { name: "smalltrunk", trunk: { blue: 10, green: 20 }, mtu: 1500, memory: {} },
  ],
});
const byName = new Map(networks.map((network) => [network.name, network]));

for (const [name, mtu, longest] of [
  ["access", 1400, 1400],
  ["small", 1280, 1500],
  ["trunk", 1500, 1500],
  ["native", 9000, 9000],
  ["smalltrunk", 1500, 9000],
] as const) {
  test(`${name}: ${mtu}, and ${longest} in its networks`, () => {
    assert.equal(mtusOf(ports.find((port) => port.name === name)!, byName), { mtu, longest });
  });
}

test.run();
