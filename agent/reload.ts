/** A new configuration for a running agent: what of the file's objects differs is checked as a whole and applied, all or nothing.
 *  Objects of other owners, and what does not differ, are not touched. */
import { networksOf } from "../bindings/config/networks-of.ts";
import type { Key } from "../bindings/config/problem.ts";
import type { EngineConfig, PortConfig } from "../bindings/config/types.ts";
import type { EngineLike } from "../bindings/engine/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { type Changed, type Difference, differenceOf, type Differing } from "./change/difference.ts";
import { byName, type ObjectSet } from "./change/object-set.ts";
import { exchangeOf, planOf } from "./change/plan.ts";
import type { Transaction } from "./change/transaction.ts";
import type { Objects } from "./objects.ts";
import { makerOf, removalOf } from "./state/stored.ts";

/** One line of what a reload does. */
export interface ChangeView {
  /** `recreate`: the object is made anew, because a living one does not take what differs. */
  action: "add" | "remove" | "change" | "recreate";
  kind: "network" | "port" | "service";
  name: string;
  /** What differs, in the file's words; empty when it is added, removed, or made anew because it was gone. */
  keys: string[];
}

/** What an instance is started with and keeps. */
export type Fixed = Pick<EngineConfig, "name" | "workers" | "tables" | "flowTimeouts" | "docker">;

/** What a reload would do, checked as far as that goes without touching anything.
 *  @param running what the instance was started with.
 *  @throws PortyardError `reload-refused`, `name-taken`, `network-in-use`. */
export async function planReload(
  engine: EngineLike,
  objects: Objects,
  running: Fixed,
  wanted: EngineConfig,
): Promise<Transaction & { changes: ChangeView[] }> {
  refuseFixed(running, wanted);
  refuseOthersNames(objects, wanted);
  const mine = objects.of("file");
  const difference = differenceOf(mine, wanted, await curable(engine, mine, wanted));
  refuseUprooted(objects, difference);
  const [order, serviceOrder] = [wanted.ports, wanted.services].map((list) => new Map(list.map(({ name }, index) => [name, index])));
  const present = objects.of();
  return {
    owner: "file",
    exchange: exchangeOf(difference),
    plan: (leases) => planOf(objects.inventory.instance, difference, present, leases),
    keysOf: (kind, name): Key[] => [`${kind}s`, (kind === "port" ? order : serviceOrder)?.get(name) ?? 0],
    changes: [
      ...changesOf("network", difference.networks, objects.staleHeld(wanted).networks),
      ...changesOf("port", difference.ports, objects.staleHeld(wanted).ports),
      ...changesOf("service", difference.services, objects.staleHeld(wanted).services),
    ],
  };
}

function refuseFixed(running: Fixed, wanted: EngineConfig): void {
  const fixed: [path: string, from: unknown, to: unknown][] = [
    ["name", running.name, wanted.name],
    ["workers", running.workers, wanted.workers],
    ["tables.macs", running.tables.macs, wanted.tables.macs],
    ["tables.flows", running.tables.flows, wanted.tables.flows],
    ["flowTimeouts", JSON.stringify(running.flowTimeouts), JSON.stringify(wanted.flowTimeouts)],
    ["docker", JSON.stringify(running.docker), JSON.stringify(wanted.docker)],
  ];
  const differing = fixed.find(([, from, to]) => from !== to);
  if (!differing) return;
  const [path, from, to] = differing;
  throw new PortyardError("reload-refused", `A running instance cannot change ${path} from ${from ?? "none"} to ${to ?? "none"}.`, {
    path,
    value: to,
    remedy:
      path === "name"
        ? "Start a second instance with `portyard up --config FILE`."
        : "Say `portyard up --config FILE --replace`: the new agent takes over.",
  });
}

function refuseOthersNames(objects: Objects, wanted: EngineConfig): void {
  const ownerOf = (kind: ChangeView["kind"], name: string) => objects.ownerOf(kind, name);
  const others = (kind: ChangeView["kind"], names: Iterable<string>) => [...names].find((name) => ownerOf(kind, name) !== "file");
  const { inventory, heldNetworks, heldPorts, services } = objects;
  const taken = (kind: ChangeView["kind"], configs: readonly { name: string }[], there: Iterable<string>[]) => {
    const present = new Set(there.flatMap((names) => [...names]));
    const name = others(
      kind,
      configs.map((config) => config.name).filter((each) => present.has(each)),
    );
    if (name === undefined) return;
    throw new PortyardError(
      "name-taken",
      `The ${kind} ${name} of the configuration has the name of one that was made by ${makerOf(ownerOf(kind, name))}.`,
      {
        path: `${kind}s`,
        value: name,
        remedy: `Rename it, or remove the other one first. ${removalOf(ownerOf(kind, name), kind, name)}`,
      },
    );
  };
  taken("network", wanted.networks, [inventory.networks.keys(), heldNetworks.keys()]);
  taken("port", wanted.ports, [inventory.ports.keys(), heldPorts.keys()]);
  taken("service", wanted.services, [inventory.services.keys(), services.held.keys()]);
}

/** Ports that are gone, though their configuration stays, and that could be made again now. */
async function curable(engine: EngineLike, mine: ObjectSet, wanted: EngineConfig): Promise<Set<string>> {
  const states = new Map(engine.ports().map(({ name, state }) => [name, state]));
  const running = byName(mine.ports);
  const cured = new Set<string>();
  for (const port of wanted.ports) {
    if (!running.has(port.name) || !["gone", "failed"].includes(states.get(port.name) ?? "")) continue;
    const isThere = await engine.checkPorts([port], []).then(
      () => true,
      () => false,
    );
    if (isThere) cured.add(port.name);
  }
  return cured;
}

/** Ports and services of others than the file are not touched, so the networks that they are in stay. */
function refuseUprooted(objects: Objects, { networks }: Difference): void {
  const lost = new Map<string, string>([
    ...networks.removed.map(({ name }) => [name, "removed"] as const),
    ...networks.anew.map(({ to, keys }) => [to.name, `made anew to change ${keys.join(", ")}`] as const),
  ]);
  const { ports, services } = objects.of();
  const users = [
    ...ports.map((port: PortConfig) => ({ kind: "port" as const, name: port.name, networks: networksOf(port) })),
    ...services.map(({ name, network }) => ({ kind: "service" as const, name, networks: [network] })),
  ];
  const isUprooted = ({ kind, name, networks: homes }: (typeof users)[number]) =>
    objects.ownerOf(kind, name) !== "file" && homes.some((network) => lost.has(network));
  const user = users.find(isUprooted);
  if (!user) return;
  const [owner, network] = [objects.ownerOf(user.kind, user.name), user.networks.find((name) => lost.has(name)) ?? ""];
  const what = `${user.kind} ${user.name}, which was made by ${makerOf(owner)}, is in it`;
  throw new PortyardError("network-in-use", `Network ${network} cannot be ${lost.get(network)}: ${what}.`, {
    path: "networks",
    value: network,
    remedy: `Remove that ${user.kind} first. ${removalOf(owner, user.kind, user.name)}`,
  });
}

/** @param stale what is held, and is forgotten. */
function changesOf(
  kind: ChangeView["kind"],
  { removed, changed, anew, added }: Differing<{ name: string }>,
  stale: readonly { name: string }[],
): ChangeView[] {
  const lines = (action: ChangeView["action"], list: readonly Changed<{ name: string }>[]) =>
    list.map(({ to, keys }): ChangeView => ({ action, kind, name: to.name, keys }));
  const plain = (action: ChangeView["action"], list: readonly { name: string }[]) =>
    list.map(({ name }): ChangeView => ({ action, kind, name, keys: [] }));
  return [...plain("remove", [...removed, ...stale]), ...lines("change", changed), ...lines("recreate", anew), ...plain("add", added)];
}
