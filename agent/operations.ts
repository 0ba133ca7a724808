/** What can be done to a running agent, one change after another. A change is checked, written to the state and only then
 *  made, so that whatever may exist after a death stands in the state; when the engine refuses, it is taken out again. */
import { portInput } from "../bindings/config/as-input.ts";
import { networksOf } from "../bindings/config/networks-of.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import { readPort } from "../bindings/config/parse.ts";
import type { EngineConfig, NetworkConfig, PortConfig } from "../bindings/config/types.ts";
import type { EngineLike, NetworkInfo, PortInfo } from "../bindings/engine/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { findHandedTap, type HandedTap, removeHandedTap } from "../bindings/ports/handed-tap.ts";
import type { ExportView } from "./api/schema.ts";
import { patched, setPortTransaction } from "./change/port-patch.ts";
import { carryOut, checkTransaction, type TransactionTools } from "./change/transaction.ts";
import { exportOf } from "./export.ts";
import type { HostLike } from "./host/host.ts";
import type { Publisher } from "./host/publish/publisher.ts";
import type { Log } from "./log.ts";
import type { Held, Objects } from "./objects.ts";
import { type ChangeView, type Fixed, planReload } from "./reload.ts";
import { ServiceOperations } from "./service-operations.ts";
import { makerOf, refuseOthers } from "./state/stored.ts";
import type { Owner, State } from "./state/types.ts";
import { unknownName } from "./unknown-name.ts";

export interface OperationsOptions {
  /** What the instance was started with. */
  config: Fixed;
  engine: EngineLike;
  host: HostLike;
  publisher: Publisher;
  objects: Objects;
  /** Puts the state on the disk. */
  save: (state: State) => Promise<void>;
  log: Log;
}

/** What is published of a network or port that is made. */
interface Publishing {
  take: () => Promise<void>;
  publish: () => Promise<void>;
  withdraw: () => Promise<void>;
}

export class Operations {
  /** What can be done to services. */
  readonly services: ServiceOperations;
  readonly #config: Fixed;
  readonly #engine: EngineLike;
  readonly #host: HostLike;
  readonly #publisher: Publisher;
  readonly #objects: Objects;
  readonly #save: (state: State) => Promise<void>;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({ config, engine, host, publisher, objects, save, log }: OperationsOptions) {
    this.#config = config;
    this.#engine = engine;
    this.#host = host;
    this.#publisher = publisher;
    this.#objects = objects;
    this.#save = save;
    this.#log = log;
    this.services = new ServiceOperations({ tools: this.#tools(), inTurn: (change) => this.#inTurn(change) });
  }

  /** Ends when the change in work has ended; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  /** Makes the ports of the configuration, which the state has already.
   *  @param onPort called before each, with the count of those that forward. */
  async makeFilePorts(onPort: (made: number) => void): Promise<void> {
    for (const [index, port] of [...this.#objects.inventory.ports.values()].entries()) {
      onPort(index);
      await this.#inTurn(() => this.#engine.addPort(port, this.#objects.leaseOf(port.name)));
    }
  }

  /** Makes what others than the file made before the restart. What cannot be made stays held, and is logged. */
  async makeHeld(): Promise<void> {
    const { heldNetworks, heldPorts } = this.#objects;
    for (const [name, held] of [...heldNetworks])
      await this.addNetwork(held.config, held.owner).catch((fault) => this.#keep("network", name, held, fault));
    await this.#updateHost(); // without those that could not be made
    for (const [name, held] of [...heldPorts]) await this.#makeHeldPort(held).catch((fault) => this.#keep("port", name, held, fault));
    await this.services.makeHeld();
  }

  /** What a container took with it is not made again: its runtime asks anew when it starts the container. */
  async #makeHeldPort({ config, owner }: Held<PortInput>): Promise<void> {
    if (config.tap?.handover && !(await this.#isHanded(config))) throw interfaceGone(config);
    await this.addPort(config, owner);
  }

  async #isHanded(config: PortInput): Promise<boolean> {
    if (this.#engine.hasLeft(readPort(config, this.#objects.inventory))) return true;
    const handed = handedTapOf(config);
    return handed !== null && (await findHandedTap(handed)) !== null;
  }

  async #keep(kind: "network" | "port", name: string, held: Held<unknown>, fault: Error): Promise<void> {
    await this.#publisher.withdraw(kind, name);
    held.error = fault instanceof PortyardError ? fault : new PortyardError("internal", fault.message, { cause: fault });
    this.#log.error(
      { [kind]: name, err: fault },
      `a ${kind} of ${makerOf(held.owner)} could not be made again; it is kept for the next start`,
    );
  }

  /** @throws PortyardError `name-taken`, `bad-configuration`, `disk-full`, or what the engine says. */
  addNetwork(input: unknown, owner: Owner = "api"): Promise<NetworkInfo> {
    return this.#inTurn(async () => {
      const network = this.#objects.enterNetwork(input, owner);
      const forget = () => this.#objects.forgetNetwork(network.name);
      const publishing = this.#publishing("network", network.name, () => this.#publisher.takeNetwork(network));
      const info = await this.#make(() => this.#makeNetwork(network, forget), forget, publishing);
      this.#objects.heldNetworks.delete(network.name);
      this.#log.info({ network: network.name, owner }, "network added");
      return info;
    });
  }

  /** Resolves when the port forwards.
   *  @throws PortyardError `name-taken`, `bad-configuration`, `pool-exhausted`, `disk-full`, or what the engine says. */
  addPort(input: unknown, owner: Owner = "api"): Promise<PortInfo> {
    return this.#inTurn(async () => {
      const port = this.#objects.enterPort(input, owner);
      const forget = () => this.#objects.forgetPort(port.name);
      const publishing = this.#publishing("port", port.name, () => this.#publisher.takePort(this.#objects.withLease(port)));
      const info = await this.#make(() => this.#engine.addPort(port, this.#objects.leaseOf(port.name)), forget, publishing, [port]);
      this.#objects.heldPorts.delete(port.name);
      this.#log.info({ port: port.name, owner }, "port added");
      return info;
    });
  }

  /** Changes a port of owner `by`: `patch` is merged into its configuration (RFC 7396). Resolves when the port forwards as it is said
   *  now; on an error it forwards as before.
   *  @param recreate make it anew where a living port cannot take the change, or where it does not forward.
   *  @throws PortyardError `port-missing`, `port-kind`, `owned-by-file`, `owned-by-docker`, `recreate-needed`, `bad-configuration`, `disk-full`, or what the engine says. */
  setPort(name: string, patch: unknown, recreate: boolean, by: Owner = "api"): Promise<void> {
    return this.#inTurn(async () => {
      const { inventory, heldPorts } = this.#objects;
      if (inventory.hostPorts.has(name)) throw ofNetwork(inventory.hostPorts.get(name)!);
      const [from, held] = [inventory.ports.get(name), heldPorts.get(name)];
      if (!from && !held) throw unknownName("port", name);
      refuseOthers("port", name, this.#objects.portOwner(name), by);
      const to = readPort(patched(from ? portInput(from) : held?.config, patch, name), inventory);
      const isDown = this.#engine.ports().some((port) => port.name === name && port.state !== "up");
      const transaction = setPortTransaction(from ?? null, to, { recreate, isDown, owner: by });
      await carryOut(this.#tools(), transaction);
      this.#log.info({ port: name }, "port changed");
    });
  }

  /** Makes the objects of the file those of another one, all or nothing.
   *  @param read the new configuration; read when the changes before are done.
   *  @param dryRun check all that can be checked, and change nothing.
   *  @throws PortyardError of the file, `reload-refused`, `name-taken`, `network-in-use`, or of the object that stands in the way, which it
   *  names; nothing is changed then. */
  reload(read: () => Promise<EngineConfig>, dryRun: boolean): Promise<ChangeView[]> {
    return this.#inTurn(async () => {
      const wanted = await read();
      const { changes, ...transaction } = await planReload(this.#engine, this.#objects, this.#config, wanted);
      if (changes.length === 0) return changes;
      if (dryRun) {
        await checkTransaction(this.#tools(), transaction);
        return changes;
      }
      await carryOut(this.#tools(), transaction);
      this.#objects.forgetHeld(wanted);
      this.#log.info({ changes: changes.length }, "configuration reloaded");
      return changes;
    });
  }

  /** The running configuration, when the changes before are done: never the middle of one. */
  export(): Promise<ExportView> {
    const parts = { config: this.#config, objects: this.#objects, engine: this.#engine, publisher: this.#publisher };
    return this.#inTurn(async () => exportOf(parts));
  }

  #tools(): TransactionTools {
    return {
      engine: this.#engine,
      objects: this.#objects,
      publisher: this.#publisher,
      log: this.#log,
      persist: () => this.#persist(),
      updateHost: (networks) => this.#host.update(networks),
    };
  }

  /** @throws PortyardError `network-missing`, `owned-by-file`, `owned-by-docker`, `network-in-use`. */
  removeNetwork(name: string, by: Owner = "api"): Promise<void> {
    return this.#inTurn(async () => {
      const { inventory, heldNetworks } = this.#objects;
      if (!inventory.networks.has(name) && !heldNetworks.has(name)) throw unknownName("network", name);
      refuseOthers("network", name, this.#objects.networkOwner(name), by);
      const user = [...inventory.ports.values()].find((port) => networksOf(port).includes(name));
      if (user) throw networkInUse(name, `Port ${user.name}`, "ports");
      const service = [...inventory.services.values()].find(({ network }) => network === name);
      if (service) throw networkInUse(name, `Service ${service.name}`, "services");
      if (inventory.networks.has(name)) await this.#engine.removeNetwork(name);
      this.#objects.forgetNetwork(name);
      this.#objects.heldNetworks.delete(name);
      await this.#publisher.withdraw("network", name);
      await this.#updateHost();
      await this.#persist();
      this.#log.info({ network: name }, "network removed");
    });
  }

  /** @throws PortyardError `port-missing`, `port-kind`, `owned-by-file`, `owned-by-docker`. */
  removePort(name: string, by: Owner = "api"): Promise<void> {
    return this.#inTurn(async () => {
      const { inventory, heldPorts } = this.#objects;
      if (inventory.hostPorts.has(name)) throw ofNetwork(inventory.hostPorts.get(name)!);
      if (!inventory.ports.has(name) && !heldPorts.has(name)) throw unknownName("port", name);
      refuseOthers("port", name, this.#objects.portOwner(name), by);
      if (inventory.ports.has(name)) await this.#engine.removePort(name);
      else await removeHandedDevice(heldPorts.get(name)!.config);
      this.#objects.forgetPort(name);
      this.#objects.heldPorts.delete(name);
      await this.#publisher.withdraw("port", name);
      await this.#persist();
      this.#log.info({ port: name }, "port removed");
    });
  }

  /** The host has its rules before anything comes by the network. */
  async #makeNetwork(network: NetworkConfig, forget: () => void): Promise<NetworkInfo> {
    if (network.gateways.length === 0) return this.#engine.addNetwork(network);
    await this.#updateHost();
    try {
      return await this.#engine.addNetwork(network);
    } catch (error) {
      forget();
      await this.#updateHost().catch((fault) => this.#log.error({ err: fault }, "rules of a network that was not made stay for now"));
      throw error;
    }
  }

  #updateHost(): Promise<void> {
    return this.#host.update(this.#objects.inventory.networks.values());
  }

  #publishing(kind: "network" | "port", name: string, take: () => Promise<void>): Publishing {
    return { take, publish: () => this.#publisher.publish(kind, name), withdraw: () => this.#publisher.withdraw(kind, name) };
  }

  /** The host's ports are taken and lead to it before it is there: after that nothing but the engine can refuse. */
  async #make<Info>(
    create: () => Promise<Info>,
    forget: () => void,
    publishing: Publishing,
    ports: readonly PortConfig[] = [],
  ): Promise<Info> {
    try {
      await this.#objects.noteInterfaces(ports);
      await publishing.take();
      await this.#persist();
      await publishing.publish();
      return await create();
    } catch (error) {
      forget();
      await publishing.withdraw();
      await this.#persist().catch((fault) => this.#log.error({ err: fault }, "the state could not be written"));
      throw error;
    }
  }

  #persist(): Promise<void> {
    return this.#save(this.#objects.toState());
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => {
      if (this.#closed) throw new PortyardError("stopping", "The agent is stopping.", { remedy: "Start it again." });
      return change();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Null of a port whose device no runtime moves. */
function handedTapOf({ name, mac = "", tap }: PortInput): HandedTap | null {
  return tap?.handover ? { name, tap, mac } : null;
}

/** A TAP that a runtime moves outlives the agent, and so may stand though its port could not be made again. */
async function removeHandedDevice(config: PortInput): Promise<void> {
  const handed = handedTapOf(config);
  if (handed !== null) await removeHandedTap(handed);
}

function interfaceGone({ name, tap }: PortInput): PortyardError {
  return new PortyardError("interface-missing", `The interface of port ${name} is gone with its container.`, {
    path: tap?.namespace ?? "",
    value: name,
    remedy: "Start the container again.",
  });
}

function ofNetwork({ name, network }: PortConfig): PortyardError {
  return new PortyardError("port-kind", `Port ${name} is the way of network ${network} to its host.`, {
    path: "name",
    value: name,
    remedy: "It goes with its network: remove that.",
  });
}

function networkInUse(name: string, user: string, users: string): PortyardError {
  const remedy = `Remove its ${users} first.`;
  return new PortyardError("network-in-use", `${user} is in network ${name}.`, { path: "name", value: name, remedy });
}
