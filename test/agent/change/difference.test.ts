/** The difference of two configurations against a slow model: name by name, key by key. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { differenceOf } from "../../../agent/change/difference.ts";
import { portDifference } from "../../../bindings/config/difference.ts";
import { networksOf } from "../../../bindings/config/networks-of.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { scale } from "../../scale.ts";
import { random as randomFrom } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { randomWorld, type World } from "./support.ts";

const test = suite("difference");

type Kind = "removed" | "changed" | "anew" | "added" | "same";

/** What becomes of each object, found out the long way. */
function model(running: World, wanted: World, broken: ReadonlySet<string>): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const name of new Set([...running.networks, ...wanted.networks].map((network) => network.name))) {
    const [from, to] = [running, wanted].map(({ networks }) => networks.find((network) => network.name === name));
    if (!from || !to) kinds.set(`network ${name}`, from ? "removed" : "added");
    else if (String(from.subnets) !== String(to.subnets) || from.mtu !== to.mtu) kinds.set(`network ${name}`, "anew");
    else kinds.set(`network ${name}`, from.macAgeSeconds === to.macAgeSeconds ? "same" : "changed");
  }
  for (const name of new Set([...running.ports, ...wanted.ports].map((port) => port.name))) {
    const [from, to] = [running, wanted].map(({ ports }) => ports.find((port) => port.name === name));
    if (!from || !to) {
      kinds.set(`port ${name}`, from ? "removed" : "added");
      continue;
    }
    const hasNewNetwork = [...networksOf(from), ...networksOf(to)].some((network) => kinds.get(`network ${network}`) === "anew");
    const fixed = ["network", "mac", "tap", "packet"] as const;
    const isOther = fixed.some((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]));
    if (hasNewNetwork || isOther || broken.has(name)) kinds.set(`port ${name}`, "anew");
    else kinds.set(`port ${name}`, from.macLimit === to.macLimit && String(from.addresses) === String(to.addresses) ? "same" : "changed");
  }
  for (const name of new Set([...running.services, ...wanted.services].map((service) => service.name))) {
    const [from, to] = [running, wanted].map(({ services }) => services.find((service) => service.name === name));
    if (!from || !to) {
      kinds.set(`service ${name}`, from ? "removed" : "added");
      continue;
    }
    const hasNewNetwork = [from, to].some(({ network }) => kinds.get(`network ${network}`) === "anew");
    if (hasNewNetwork || from.network !== to.network) kinds.set(`service ${name}`, "anew");
    else kinds.set(`service ${name}`, JSON.stringify(from) === JSON.stringify(to) ? "same" : "changed");
  }
  return kinds;
}

test("says of each object what the model says", () => {
  const seed = seedOf("difference");
  const random = randomFrom(seed);
  for (let round = 0; round < scale.differences; round++) {
    const [running, wanted] = [randomWorld(random), randomWorld(random)];
    const broken = new Set(wanted.ports.filter(() => random.below(8) === 0).map(({ name }) => name));
    const expected = model(running, wanted, broken);
    const found = new Map<string, Kind>([...expected.keys()].map((key) => [key, "same"]));
    const { networks, ports, services } = differenceOf(running, wanted, broken);
    for (const [kind, differing] of [
      ["network", networks],
      ["port", ports],
      ["service", services],
    ] as const) {
      for (const { name } of differing.removed) found.set(`${kind} ${name}`, "removed");
      for (const { to } of differing.changed) found.set(`${kind} ${to.name}`, "changed");
      for (const { to } of differing.anew) found.set(`${kind} ${to.name}`, "anew");
      for (const { name } of differing.added) found.set(`${kind} ${name}`, "added");
    }
    assert.equal([...found], [...expected], `seed ${seed}, round ${round}`);
  }
});

const port = (extra: object) =>
  parseConfig({
    networks: [{ name: "blue", subnet: "10.77.0.0/24" }],
    ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: "10.77.0.2" }, ...extra }],
  }).ports[0]!;

test("keys are told in the file's words, those of devices one by one", () => {
  assert.equal(portDifference(port({}), port({})), []);
  assert.equal(portDifference(port({}), port({ macLimit: 3, staticMacs: ["02:00:00:00:00:0d"] })), ["macLimit", "staticMacs"]);
  const moved = port({ tap: { namespace: "b", interface: "eth0", address: "10.77.0.3" } });
  assert.equal(portDifference(port({}), moved), ["addresses", "tap.address", "tap.namespace"]);
  assert.equal(portDifference(port({}), port({ tap: undefined, packet: { interface: "v" } })), [
    "addresses",
    "mac",
    "packet",
    "sourceCheck",
    "tap",
  ]);
});

test("a trunk's networks may stand in any order", () => {
  const trunk = (networks: object) =>
    parseConfig({ networks: [{ name: "blue" }, { name: "green" }], ports: [{ name: "t", trunk: networks, packet: { interface: "v" } }] })
      .ports[0]!;
  assert.equal(portDifference(trunk({ blue: 1, green: 2 }), trunk({ green: 2, blue: 1 })), []);
  assert.equal(portDifference(trunk({ blue: 1, green: 2 }), trunk({ blue: 1, green: 3 })), ["trunk"]);
});

test.run();
