/** Random changes of services and ports, and random picks: what workers find is what the configuration says, whatever came before. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { virtualMac } from "../../../../bindings/config/mac-address.ts";
import type { PortConfig, ServiceConfig } from "../../../../bindings/config/types.ts";
import { PortyardError } from "../../../../bindings/error.ts";
import type { PickedBackend } from "../../../../bindings/service/types.ts";
import { type Random, random } from "../../../support/packet/random.ts";
import { seedOf } from "../../../support/seed.ts";
import { scale } from "../../../scale.ts";
import { backendOf, portOf, portRule, ServiceYard, serviceOf } from "./yard.ts";

const ADDRESSES = ["2", "3", "4", "5"].flatMap((last) => [`10.77.0.${last}`, `fd77::${last}`]);
const VIRTUAL = ["10.77.0.100", "10.77.0.101", "fd77::100", "fd77::101"];
const familyOf = (address: string): number => (address.includes(":") ? 6 : 4);

/** What there should be. */
class World {
  readonly services = new Map<string, ServiceConfig>();
  readonly ports = new Map<string, PortConfig>();

  service(numbers: Random): ServiceConfig {
    const addresses = VIRTUAL.filter(() => numbers.below(3) === 0);
    const own = addresses.filter((address, index) => addresses.findIndex((other) => familyOf(other) === familyOf(address)) === index);
    const backends = ADDRESSES.filter(() => numbers.below(2) === 0);
    const first = 1 + numbers.below(1000);
    return serviceOf({
      name: numbers.pick(["a", "b", "c"]),
      addresses: own,
      ports: own.length === 0 ? [] : [portRule(first, { lastPort: first + numbers.below(9) }), portRule(2000 + numbers.below(3))],
      affinitySeconds: numbers.below(3),
      algorithm: numbers.pick(["round-robin", "least-load", "random"]),
      backends: backends.map((address) => backendOf(address, { weight: numbers.below(3) })),
    });
  }

  port(numbers: Random): PortConfig {
    return portOf(
      numbers.pick(["p", "q"]),
      ADDRESSES.filter(() => numbers.below(4) === 0),
    );
  }

  /** Service and port of an address. */
  virtual(address: string): ServiceConfig | undefined {
    return [...this.services.values()].find(({ addresses }) => addresses.includes(address));
  }
  macOf(address: string): string | null {
    return [...this.ports.values()].find(({ addresses }) => addresses.includes(address))?.mac ?? null;
  }
}

/** Whether an engine refuses it, and why. */
async function tried(action: Promise<unknown>): Promise<string | null> {
  try {
    await action;
    return null;
  } catch (error) {
    return error instanceof PortyardError ? error.code : String(error);
  }
}

async function step(yard: ServiceYard, world: World, numbers: Random, picks: PickedBackend[]): Promise<void> {
  const { engine } = yard;
  const what = numbers.below(10);
  if (what < 5) {
    const config = world.service(numbers);
    const others = [...world.services.values()].filter(({ name }) => name !== config.name);
    const isTaken = config.addresses.some((address) => others.some(({ addresses }) => addresses.includes(address)));
    const isKnown = world.services.has(config.name);
    const code = await tried(isKnown ? engine.setService(config) : engine.addService(config));
    assert.is(code, isTaken ? "address-taken" : null);
    if (!isTaken) world.services.set(config.name, config);
  } else if (what < 6) {
    const name = numbers.pick(["a", "b", "c"]);
    assert.is(await tried(engine.removeService(name)), world.services.delete(name) ? null : "service-missing");
  } else if (what < 8) {
    const config = world.port(numbers);
    const other = [...world.ports.values()].find(({ name }) => name !== config.name);
    const isTaken = config.addresses.some((address) => other?.addresses.includes(address));
    const code = await tried(world.ports.has(config.name) ? engine.setPorts([config]) : engine.addPort(config));
    assert.is(code, isTaken ? "address-taken" : null);
    if (!isTaken) world.ports.set(config.name, config);
  } else if (what < 9) {
    const name = numbers.pick(["p", "q"]);
    if (world.ports.delete(name)) await engine.removePort(name);
  } else {
    for (const { name, backends } of world.services.values())
      if (backends.some(({ weight }) => weight > 0)) picks.push(engine.balancer(name).pick());
  }
  while (picks.length > numbers.below(8)) picks.shift()?.done(numbers.below(4) === 0 ? { error: true } : {});
}

function check(yard: ServiceYard, world: World): void {
  const endpoints = yard.endpoints();
  const wanted = new Set<string>();
  for (const { addresses, backends } of world.services.values())
    for (const address of [...addresses, ...backends.map((one) => one.address)]) wanted.add(address);
  assert.equal([...endpoints.keys()].sort(), [...wanted].sort(), "endpoints");
  for (const address of VIRTUAL) checkVirtual(yard, world, address);
  for (const address of ADDRESSES) {
    const chained = (endpoints.get(address)?.backends ?? []).map((index) => yard.parts.services.ownerOf(index)?.config.name);
    const own = [...world.services.values()].filter(({ backends }) => backends.some((backend) => backend.address === address));
    assert.equal(chained.sort(), own.map(({ name }) => name).sort(), `backends at ${address}`);
    for (const { name } of own) assert.is(yard.mac(name, `b-${address}`), world.macOf(address), `station at ${address}`);
  }
  const { isOn, bytes } = yard.served();
  assert.is(isOn || wanted.size === 0, true, "workers look");
  const last = [...wanted].map((address) => Number.parseInt(address.split(/[.:]/).at(-1) ?? "", familyOf(address) === 4 ? 10 : 16) & 255);
  assert.ok(
    last.every((byte) => bytes.includes(byte)),
    "at all addresses",
  );
}

function checkVirtual(yard: ServiceYard, world: World, address: string): void {
  const config = world.virtual(address);
  const seen = yard.seen(address);
  if (config === undefined) return assert.is(seen, null, address);
  const own = config.backends.filter((backend) => familyOf(backend.address) === familyOf(address) && backend.weight > 0);
  assert.equal(
    [seen?.service, seen?.mac, seen?.affinity, seen?.slate],
    [config.name, virtualMac("blue", address), config.affinitySeconds, own.map((backend) => backend.address)],
  );
  assert.equal(seen?.rules, config.ports.map(({ port, lastPort, targetPort }) => `tcp ${port}-${lastPort} to ${targetPort}`).sort());
}

test("tables follow the configuration, and nothing is left of what was", async () => {
  const numbers = random(seedOf("services"));
  const yard = await ServiceYard.create();
  const [world, picks]: [World, PickedBackend[]] = [new World(), []];
  for (let count = 0; count < scale.serviceSteps; count++) {
    await step(yard, world, numbers, picks);
    check(yard, world);
    if (count % 10 === 0) yard.engine.tick((count + 1) * 100);
  }
  for (const { done } of picks) done();
  yard.engine.tick(scale.serviceSteps * 100 + 1000);
  await yard.engine.settle();
  const backends = [...world.services.values()].reduce((sum, service) => sum + service.backends.length, 0);
  assert.is(yard.used().backends, backends, "records");
  for (const name of world.services.keys()) await yard.engine.removeService(name);
  assert.equal(yard.used(), { services: 0, backends: 0 });
  assert.equal(yard.served(), { isOn: false, bytes: [] });
  await yard.engine.close();
});

test.run();
