/** A plan, walked on a model of what there is: every step finds what it needs and nothing in its way, what does not differ is
 *  named by no step, and at the end there is what was wanted. Walked backwards from any step it ends where it began. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { differenceOf } from "../../../agent/change/difference.ts";
import { planOf } from "../../../agent/change/plan.ts";
import { inverse, type Step } from "../../../agent/change/step.ts";
import { networksOf } from "../../../bindings/config/networks-of.ts";
import type { NetworkConfig, PortConfig, ServiceConfig } from "../../../bindings/config/types.ts";
import { scale } from "../../scale.ts";
import { random as randomFrom } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { randomWorld, type World } from "./support.ts";

const test = suite("plan");

/** A slow engine: lists that are looked through. */
class Model {
  networks: NetworkConfig[];
  ports: PortConfig[];
  services: ServiceConfig[];

  constructor({ networks, ports, services }: World) {
    this.services = [...services];
    this.networks = [...networks];
    this.ports = [...ports];
  }

  take(step: Step): void {
    if (step.action === "add-network") this.networks = [...this.without(this.networks, step.network.name, 0), step.network];
    if (step.action === "remove-network") {
      assert.not(
        this.ports.some((port) => networksOf(port).includes(step.network.name)),
        "a network is removed that has ports",
      );
      assert.not(
        this.services.some(({ network }) => network === step.network.name),
        "a network is removed that has services",
      );
      this.networks = this.without(this.networks, step.network.name, 1);
    }
    if (step.action === "set-network") this.networks = [...this.without(this.networks, step.to.name, 1), step.to];
    if (step.action === "remove-port") this.ports = this.without(this.ports, step.port.name, 1);
    if (step.action === "add-port") this.enter([step.port]);
    if (step.action === "set-ports") {
      for (const { to } of step.changes) this.ports = this.without(this.ports, to.name, 1);
      this.enter(step.changes.map(({ to }) => to));
    }
    if (step.action === "remove-service") this.services = this.without(this.services, step.service.name, 1);
    if (step.action === "add-service") this.serve(step.service, 0);
    if (step.action === "set-service") {
      assert.is(step.from.network, step.to.network, "a living service keeps its network");
      this.serve(step.to, 1);
    }
  }

  private serve(service: ServiceConfig, wanted: number): void {
    this.services = [...this.without(this.services, service.name, wanted), service];
    assert.ok(
      this.networks.some(({ name }) => name === service.network),
      "its network is missing",
    );
    this.refuseShared();
  }

  private refuseShared(): void {
    const ofPorts = this.ports.flatMap((port) => [addressOf(port, 0) ?? [], addressOf(port, 1) ?? []].flat());
    const ofServices = this.services.map(({ network, addresses }) => `${network} ${addresses[0]}`);
    const both = [...new Set(ofPorts), ...ofServices];
    assert.is(new Set(both).size, both.length, `two have one of ${both.join(", ")}`);
  }

  private without<Config extends { name: string }>(list: Config[], name: string, wanted: number): Config[] {
    const rest = list.filter((each) => each.name !== name);
    assert.is(list.length - rest.length, wanted, `${name} is there ${list.length - rest.length} times`);
    return rest;
  }

  private enter(ports: PortConfig[]): void {
    for (const port of ports) {
      this.ports = [...this.without(this.ports, port.name, 0), port];
      for (const name of networksOf(port))
        assert.ok(
          this.networks.some((network) => network.name === name),
          "its network is missing",
        );
    }
    for (const key of [deviceOf, ...[0, 1].map((at) => (port: PortConfig) => addressOf(port, at)), macOf]) {
      const keys = this.ports.flatMap((port) => key(port) ?? []);
      assert.is(new Set(keys).size, keys.length, `two ports have one of ${keys.join(", ")}`);
    }
    this.refuseShared();
  }

  get sorted(): unknown {
    const names = (list: { name: string }[]) => [...list].sort((a, b) => a.name.localeCompare(b.name));
    return [names(this.networks), names(this.ports), names(this.services)];
  }
}

const deviceOf = ({ tap, packet }: PortConfig) => (tap ? `${tap.namespace}:${tap.interface}` : packet?.interface);
const addressOf = (port: PortConfig, at: number) => port.addresses[at] && `${port.network} ${port.addresses[at]}`;
const macOf = (port: PortConfig) => `${port.network} ${port.mac}`;

test("leads from any world to any other, and back from anywhere", () => {
  const seed = seedOf("plan");
  const random = randomFrom(seed);
  for (let round = 0; round < scale.differences; round++) {
    const [running, wanted] = [randomWorld(random), randomWorld(random)];
    const steps = planOf("lab", differenceOf(running, wanted), running);
    const model = new Model(running);
    const failing = random.below(steps.length + 1);
    try {
      for (const step of steps) model.take(step);
      assert.equal(model.sorted, new Model(wanted).sorted);
      const half = new Model(running);
      for (const step of steps.slice(0, failing)) half.take(step);
      for (const step of steps.slice(0, failing).reverse()) half.take(inverse(step));
      assert.equal(half.sorted, new Model(running).sorted);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}: ${(error as Error).message}\n${JSON.stringify({ running, wanted, steps }, null, 1)}`);
    }
  }
});

test("nothing is asked for where nothing differs", () => {
  const random = randomFrom(7);
  for (let round = 0; round < 100; round++) {
    const world = randomWorld(random);
    assert.equal(planOf("lab", differenceOf(world, structuredClone(world)), world), []);
  }
});

test("what fits beside all that runs comes before anything goes", () => {
  const random = randomFrom(8);
  for (let round = 0; round < 100; round++) {
    const [running, wanted] = [randomWorld(random), randomWorld(random)];
    const difference = differenceOf(running, wanted);
    const { networks } = difference;
    const steps = planOf("lab", difference, running);
    const firstOther = steps.findIndex(({ action }) => !action.startsWith("add"));
    if (firstOther < 0) continue;
    const beside = new Model(running);
    for (const step of steps.slice(0, firstOther)) beside.take(step);
    const isMadeAnew = (port: PortConfig) => networksOf(port).some((name) => networks.anew.some(({ to }) => to.name === name));
    for (const step of steps.slice(firstOther)) {
      if (step.action !== "add-port" || running.ports.some(({ name }) => name === step.port.name) || isMadeAnew(step.port)) continue;
      const copy = new Model(beside);
      assert.ok(isRefused(copy, step), `port ${step.port.name} could have come first`);
    }
  }
});

function isRefused(model: Model, step: Step): boolean {
  try {
    model.take(step);
    return false;
  } catch {
    return true;
  }
}

test.run();
