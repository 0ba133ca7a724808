/** The order in which a difference is applied. Pure. What needs nothing of what goes comes first, so that nothing has gone yet
 *  when it fails; what takes the name, address or device of something that goes must come after it:
 *
 *      networks, ports that fit beside all that runs -> changes -> ports, networks that go -> the rest that comes         */
import { Inventory } from "../../bindings/config/inventory.ts";
import { networksOf } from "../../bindings/config/networks-of.ts";
import type { PortConfig } from "../../bindings/config/types.ts";
import { type Lease, withLease } from "../../bindings/ipam/lease.ts";
import type { Difference } from "./difference.ts";
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
  const { networks, ports } = withNewLeases(difference, leases);
  const now = (port: PortConfig) => withLease(port, leases.before(port.name));
  const then = (port: PortConfig) => withLease(port, leases.after(port.name));
  const fitting = new Fitting(instance, { networks: present.networks, ports: present.ports.map(now) });
  const addNetwork = (network: ObjectSet["networks"][number]): Step => ({ action: "add-network", network });
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
  return [
    ...networks.added.map(addNetwork),
    ...early.map(addPort),
    ...networks.changed.map(({ from, to }): Step => ({ action: "set-network", from, to })),
    ...(setsEarly ? sets : []),
    ...[...ports.removed, ...ports.anew.map(({ from }) => from)].map(removePort),
    ...[...networks.removed, ...networks.anew.map(({ from }) => from)].map((network): Step => ({ action: "remove-network", network })),
    ...networks.anew.map(({ to }) => addNetwork(to)),
    ...(setsEarly ? [] : sets),
    ...[...ports.anew.map(({ to }) => to), ...ports.added.filter((port) => !isEarly.has(port))].map(addPort),
  ];
}

/** A port whose lent address somebody else names from now on is lent another one, which a living port does not take. */
function withNewLeases({ networks, ports }: Difference, { before, after }: Leases): Difference {
  const isLentAnew = ({ to }: { to: PortConfig }) => String(before(to.name)) !== String(after(to.name));
  const [moved, changed] = [ports.changed.filter(isLentAnew), ports.changed.filter((change) => !isLentAnew(change))];
  return { networks, ports: { ...ports, changed, anew: [...ports.anew, ...moved] } };
}

/** What goes and what comes by a difference; what changes does both. */
export function exchangeOf({ networks, ports }: Difference): Exchange {
  const changes = <Config>({ changed, anew }: { changed: { from: Config; to: Config }[]; anew: { from: Config; to: Config }[] }) => [
    ...changed,
    ...anew,
  ];
  return {
    out: {
      networks: [...networks.removed, ...changes(networks).map(({ from }) => from)],
      ports: [...ports.removed, ...changes(ports).map(({ from }) => from)],
    },
    into: {
      networks: [...changes(networks).map(({ to }) => to), ...networks.added],
      ports: [...changes(ports).map(({ to }) => to), ...ports.added],
    },
  };
}

/** All that there is at some time in the middle of a plan. */
class Fitting {
  readonly #inventory: Inventory;

  constructor(instance: string, { networks, ports }: ObjectSet) {
    this.#inventory = new Inventory(instance);
    for (const network of networks) this.#inventory.addNetwork([], network);
    for (const port of ports) this.#inventory.addPort([], port);
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
}
