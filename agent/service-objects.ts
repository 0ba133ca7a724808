/** The services of an agent, each with its owner, as they stand in its state. One of the API that could not be made after a restart is held,
 *  as networks and ports are (objects.ts). */
import { serviceInput } from "../bindings/config/as-input.ts";
import type { ServiceInput } from "../bindings/config/service-schema.ts";
import type { ServiceConfig } from "../bindings/config/types.ts";
import type { PortyardError } from "../bindings/error.ts";
import { type Held, hold, stillHeld } from "./state/stored.ts";
import type { Owner, StoredService } from "./state/types.ts";

export class ServiceObjects {
  readonly held = new Map<string, Held<ServiceInput>>();
  /** That there are: an inventory's. */
  readonly #made: ReadonlyMap<string, ServiceConfig>;
  readonly #owners = new Map<string, Owner>();

  /** Everything in `made` is the file's. */
  constructor(made: ReadonlyMap<string, ServiceConfig>) {
    this.#made = made;
    this.own([...made.values()], "file");
  }

  ownerOf(name: string): Owner {
    return this.#owners.get(name) ?? this.held.get(name)?.owner ?? "api";
  }

  own(services: readonly ServiceConfig[], owner: Owner): void {
    for (const { name } of services) this.#owners.set(name, owner);
  }

  of(owner?: Owner): ServiceConfig[] {
    return [...this.#made.values()].filter(({ name }) => owner === undefined || this.ownerOf(name) === owner);
  }

  /** Holds what others than the file made before the restart. @throws PortyardError `name-taken`. */
  hold(stored: readonly StoredService[]): void {
    for (const { owner, config } of stored) if (owner !== "file") hold("service", this.#made, this.held, owner, config, []);
  }

  /** One is not there any more, and could not be made again: the caller takes it out of the inventory. */
  holdLost(service: ServiceConfig, error: PortyardError): void {
    this.held.set(service.name, { owner: this.ownerOf(service.name), config: serviceInput(service), addresses: [], error });
  }

  /** They are made: nothing of their names is held. */
  release(services: readonly { name: string }[]): void {
    for (const { name } of services) this.held.delete(name);
  }

  /** Owners of what is there no more are forgotten. */
  settle(): void {
    for (const name of [...this.#owners.keys()]) if (!this.#made.has(name)) this.#owners.delete(name);
  }

  /** Virtual addresses of those that are held: they have them again when they can be made. */
  heldAddresses(): string[] {
    return [...this.held.values()].flatMap(({ config }) => config.address ?? []);
  }

  /** As they stand in the state. @param leaving what makes way for something of its own name. */
  stored(leaving: readonly ServiceConfig[]): StoredService[] {
    const made = [...leaving, ...this.#made.values()].map((service) => ({
      owner: this.ownerOf(service.name),
      config: serviceInput(service),
    }));
    return [...made, ...stillHeld(this.held, this.#made).map(({ owner, config }) => ({ owner, config }))];
  }
}
