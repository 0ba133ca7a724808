/** A configuration that is written is the one that is read, and written again it is the same text. */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { configInput } from "../../../bindings/config/as-input.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { formatConfig } from "../../../bindings/config/write.ts";
import { replayConfigOf } from "../../../bindings/replay/replay-config.ts";
import { scale } from "../../scale.ts";
import { anyConfig } from "../../support/configuration.ts";

const test = suite("write");

test("every configuration is a fixed point: written, read, written", () => {
  let [tagged, handed, published, served] = [0, 0, 0, 0];
  fc.assert(
    fc.property(anyConfig, (config) => {
      const text = formatConfig(configInput(config));
      const read = parseConfig(parse(text));
      assert.equal(read, config);
      assert.is(formatConfig(configInput(read)), text);
      assert.equal(replayConfigOf(read), replayConfigOf(config));
      tagged += config.ports.filter(({ trunk }) => trunk).length;
      handed += config.ports.filter(({ tap }) => tap?.handover).length;
      published += config.ports.filter(({ publish }) => publish).length;
      served += config.services.filter(({ addresses, backends }) => addresses.length + backends.length > 0).length;
    }),
    { numRuns: scale.writtenConfigurations },
  );
  assert.ok(
    tagged > 0 && handed > 0 && published > 0 && served > 0,
    `${tagged} trunks, ${handed} handed, ${published} published, ${served} served`,
  );
});

test("JSON of it is read as the same", () => {
  fc.assert(
    fc.property(anyConfig, (config) => assert.equal(parseConfig(JSON.parse(JSON.stringify(configInput(config)))), config)),
    { numRuns: scale.writtenConfigurations },
  );
});

const config = parseConfig({
  name: "yes",
  networks: [{ name: "blue", subnet: "10.77.0.0/24", gateway: "10.77.0.1" }],
  ports: [
    { name: "a", network: "blue", mac: "12:34:56:10:20:30", packet: { interface: "1e3" } },
    { name: "b", network: "blue", tap: { namespace: "010", interface: "0x1f", address: "10.77.0.2" }, publish: ["22:22"] },
  ],
  services: [{ name: "web", network: "blue", backends: [{ name: "1e3", address: "10.77.0.2" }, { address: "::1" }] }],
});

test("older readers of YAML read it as the same", () => {
  assert.equal(parseConfig(parse(formatConfig(configInput(config)), { version: "1.1" })), config);
});

test("remarks are comments beside what they are about, and change nothing", () => {
  const text = formatConfig(configInput(config), {
    head: ["one", "two"],
    networks: new Map([["blue", "owner: file"]]),
    ports: new Map([
      ["b", "owner: docker"],
      ["absent", "owner: api"],
    ]),
    services: new Map([["web", "owner: api"]]),
    tail: ["left out: port c"],
  });
  assert.match(text, /^# one\n# two\nname: "yes"\n/);
  assert.match(text, /\nnetworks:\n {2}# owner: file\n {2}- name: blue\n/);
  assert.match(text, /\n {2}# owner: docker\n {2}- name: b\n {4}network: blue\n/);
  assert.match(text, /\nservices:\n {2}# owner: api\n {2}- name: web\n/);
  assert.match(text, /\n {4}addresses: \[10\.77\.0\.2\]\n/);
  assert.match(text, /\n# left out: port c\n$/);
  assert.not.match(text, /absent/);
  assert.equal(parseConfig(parse(text)), config);
});

test("without networks and ports there is a file too", () => {
  const empty = parseConfig({});
  assert.equal(parseConfig(parse(formatConfig(configInput(empty)))), empty);
});

test.run();
