/** The order in which a difference is applied. Pure. What needs nothing of what goes comes first, so that nothing has gone yet
 *  when it fails; what takes the name, address or device of something that goes must come after it:
 *
 *      networks, ports that fit beside all that runs -> changes -> services that fit -> services, ports, networks that go -> the rest that comes
 *
 *  Services change one by one, each when what it wants is free; those that only change places with others are made anew.   */
import { Inventory } from "../../bindings/config/inventory.ts";
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { PortConfig, ServiceConfig } from "../../bindings/config/types.ts";
import { type Lease, withLease } from "../../bindings/ipam/lease.ts";
import type { Changed, Difference, Differing } from "./difference.ts";
import type { Exchange, ObjectSet } from "./object-set.ts";
import type { Step } from "./step.ts";

/** What ports are lent by their names, as they are and as they will be. */
export interface Leases {
  before: (port: string) => Lease;
  after: (port: string) => Lease;
}

export const NO_LEASES: Leases = { before: () => [], after: () => [] };

/** @param present all that there is before, whoever owns it. */
export function planOf(instance: string, difference: Difference, present: ObjectSet, leases: Leases = NO_LEASES): Step[] {
  const { networks, ports, services } = withNewLeases(difference, leases);
  const now = (port: PortConfig) => withLease(port, leases.before(port.name));
  const then = (port: PortConfig) => withLease(port, leases.after(port.name));
  const fitting = new Fitting(instance, { ...present, ports: present.ports.map(now) });
  const addNetwork = (network: ObjectSet["networks"][number]): Step => ({ action: "add-network", network });
  const addService = (service: ServiceConfig): Step => ({ action: "add-service", service });
  const addPort = (port: PortConfig): Step => ({ action: "add-port", port, lease: leases.after(port.name) });
  const removePort = (port: PortConfig): Step => ({ action: "remove-port", port, lease: leases.before(port.name) });
  const anew = new Set(networks.anew.map(({ to }) => to.name));
  for (const network of networks.added) fitting.addNetwork(network);
  const early = ports.added.filter((port) => !networksOf(port).some((name) => anew.has(name)) && fitting.fits([then(port)]));
  const isEarly = new Set(early);
  const sets: Step[] =
    ports.changed.length === 0 ? [] : [{ action: "set-ports", changes: ports.changed.map(({ from, to }) => ({ from, to })) }];
  const setsEarly = fitting.fits(
    ports.changed.map(({ to }) => then(to)),
    ports.changed.map(({ from }) => now(from)),
  );
  const served = orderOf(services, fitting, anew);
  return [
    ...networks.added.map(addNetwork),
    ...early.map(addPort),
    ...networks.changed.map(({ from, to }): Step => ({ action: "set-network", from, to })),
    ...(setsEarly ? sets : []),
    ...served.changes.map(({ from, to }): Step => ({ action: "set-service", from, to })),
    ...served.early.map(addService),
    ...served.leaving.map((service): Step => ({ action: "remove-service", service })),
    ...[...ports.removed, ...ports.anew.map(({ from }) => from)].map(removePort),
    ...[...networks.removed, ...networks.anew.map(({ from }) => from)].map((network): Step => ({ action: "remove-network", network })),
    ...networks.anew.map(({ to }) => addNetwork(to)),
    ...(setsEarly ? [] : sets),
    ...[...ports.anew.map(({ to }) => to), ...ports.added.filter((port) => !isEarly.has(port))].map(addPort),
    ...served.late.map(addService),
  ];
}

/** Which services change, in this order; which come before anything goes, which go, and which come at the end. */
interface ServiceOrder {
  changes: Changed<ServiceConfig>[];
  early: ServiceConfig[];
  leaving: ServiceConfig[];
  late: ServiceConfig[];
}

function orderOf(
  { removed, changed, anew, added }: Differing<ServiceConfig>,
  fitting: Fitting,
  newNetworks: ReadonlySet<string>,
): ServiceOrder {
  const changes = inFittingOrder(changed, ({ from, to }) => fitting.fitsService(to, from));
  const early = added.filter((service) => !newNetworks.has(service.network) && fitting.fitsService(service));
  const remade = [...anew, ...changed.filter((change) => !changes.includes(change))];
  return {
    changes,
    early,
    leaving: [...removed, ...remade.map(({ from }) => from)],
    late: [...remade.map(({ to }) => to), ...added.filter((service) => !early.includes(service))],
  };
}

/** Those that fit, one after the other: what one lets go of another one can take. */
function inFittingOrder<Item>(items: readonly Item[], fits: (item: Item) => boolean): Item[] {
  const done: Item[] = [];
  for (let before = -1; before < done.length; ) {
    before = done.length;
    for (const item of items) if (!done.includes(item) && fits(item)) done.push(item);
  }
  return done;
}

/** A port whose lent address somebody else names from now on is lent another one, which a living port does not take. */
function withNewLeases({ networks, ports, services }: Difference, { before, after }: Leases): Difference {
  const isLentAnew = ({ to }: { to: PortConfig }) => String(before(to.name)) !== String(after(to.name));
  const [moved, changed] = [ports.changed.filter(isLentAnew), ports.changed.filter((change) => !isLentAnew(change))];
  return { networks, ports: { ...ports, changed, anew: [...ports.anew, ...moved] }, services };
}

/** What goes and what comes by a difference; what changes does both. */
export function exchangeOf({ networks, ports, services }: Difference): Exchange {
  const changes = <Config>({ changed, anew }: { changed: { from: Config; to: Config }[]; anew: { from: Config; to: Config }[] }) => [
    ...changed,
    ...anew,
  ];
  return {
    out: {
      networks: [...networks.removed, ...changes(networks).map(({ from }) => from)],
      ports: [...ports.removed, ...changes(ports).map(({ from }) => from)],
      services: [...services.removed, ...changes(services).map(({ from }) => from)],
    },
    into: {
      networks: [...changes(networks).map(({ to }) => to), ...networks.added],
      ports: [...changes(ports).map(({ to }) => to), ...ports.added],
      services: [...changes(services).map(({ to }) => to), ...services.added],
    },
  };
}

/** All that there is at some time in the middle of a plan. */
class Fitting {
  readonly #inventory: Inventory;

  constructor(instance: string, { networks, ports, services }: ObjectSet) {
    this.#inventory = new Inventory(instance);
    for (const network of networks) this.#inventory.addNetwork([], network);
    for (const port of ports) this.#inventory.addPort([], port);
    for (const service of services) this.#inventory.addService([], service);
    this.#inventory.settle();
  }

  addNetwork(network: ObjectSet["networks"][number]): void {
    this.#inventory.addNetwork([], network);
    this.#inventory.settle();
  }

  /** Whether `ports` fit beside all else in the place of `before`; they stay if they do. */
  fits(ports: readonly PortConfig[], before: readonly PortConfig[] = []): boolean {
    const inventory = this.#inventory;
    for (const { name } of before) inventory.removePort(name);
    for (const port of ports) inventory.addPort([], port);
    if (inventory.settle().length === 0) return true;
    for (const { name } of ports) inventory.removePort(name);
    for (const port of before) inventory.addPort([], port);
    inventory.settle();
    return false;
  }

  /** The same of a service, in the place of the one that it was. */
  fitsService(service: ServiceConfig, before?: ServiceConfig): boolean {
    const inventory = this.#inventory;
    if (before) inventory.removeService(before.name);
    inventory.addService([], service);
    if (inventory.settle().length === 0) return true;
    inventory.removeService(service.name);
    if (before) inventory.addService([], before);
    inventory.settle();
    return false;
  }
}
