/** What can be done to the services of a running agent. Each is one change among the others, checked and written to the state before it is
 *  made (operations.ts). */
import { serviceInput } from "../bindings/config/as-input.ts";
import { readService } from "../bindings/config/parse.ts";
import type { ServiceConfig } from "../bindings/config/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { type DrainedView, drainInput } from "./api/service-schema.ts";
import { patched } from "./change/port-patch.ts";
import { serviceTransaction } from "./change/service-patch.ts";
import { carryOut, type TransactionTools } from "./change/transaction.ts";
import { makerOf, refuseOthers, refuseTaken } from "./state/stored.ts";
import type { Owner } from "./state/types.ts";
import { unknownName } from "./unknown-name.ts";

export interface ServiceParts {
  tools: TransactionTools;
  /** Runs a change when those before it are done. */
  inTurn: <Result>(change: () => Promise<Result>) => Promise<Result>;
}

export class ServiceOperations {
  readonly #tools: TransactionTools;
  readonly #inTurn: ServiceParts["inTurn"];

  constructor({ tools, inTurn }: ServiceParts) {
    this.#tools = tools;
    this.#inTurn = inTurn;
  }

  /** Makes the services of the configuration, which the state has already. */
  async makeFile(): Promise<void> {
    const { engine, objects } = this.#tools;
    for (const service of objects.of("file").services) await this.#inTurn(() => engine.addService(service));
  }

  /** Makes what others than the file made before the restart. What cannot be made stays held, and is logged. */
  async makeHeld(): Promise<void> {
    const { objects, log } = this.#tools;
    for (const [name, held] of [...objects.services.held]) {
      await this.add(held.config, held.owner).catch((fault: Error) => {
        held.error = fault instanceof PortyardError ? fault : new PortyardError("internal", fault.message, { cause: fault });
        const words = `a service of ${makerOf(held.owner)} could not be made again; it is kept for the next start`;
        log.error({ service: name, err: fault }, words);
      });
    }
  }

  /** @throws PortyardError `name-taken`, `bad-configuration`, `disk-full`, or what the engine says. */
  add(input: unknown, owner: Owner = "api"): Promise<{ name: string }> {
    return this.#inTurn(async () => {
      const { objects, log } = this.#tools;
      refuseTaken("service", objects.inventory.services, input);
      const service = readService(input);
      await carryOut(this.#tools, serviceTransaction(null, service, { owner }));
      log.info({ service: service.name, owner }, "service added");
      return service;
    });
  }

  /** Changes a service of owner `by`: `patch` is merged into its configuration (RFC 7396). On an error it is served as before.
   *  @param recreate make it anew where a living one cannot take the change.
   *  @throws PortyardError `service-missing`, `owned-by-file`, `recreate-needed`, `bad-configuration`, `disk-full`, or what the engine says. */
  set(name: string, patch: unknown, recreate = false, by: Owner = "api"): Promise<void> {
    return this.#inTurn(async () => {
      const { objects, log } = this.#tools;
      const [from, held] = [objects.inventory.services.get(name), objects.services.held.get(name)];
      if (!from && !held) throw unknownName("service", name);
      refuseOthers("service", name, objects.services.ownerOf(name), by);
      const to = readService(patched(from ? serviceInput(from) : held?.config, patch, name, "service"));
      await carryOut(this.#tools, serviceTransaction(from ?? null, to, { recreate, owner: by }));
      log.info({ service: name }, "service changed");
    });
  }

  /** @throws PortyardError `service-missing`, `owned-by-file`, `disk-full`, or what the engine says. */
  remove(name: string, by: Owner = "api"): Promise<void> {
    return this.#inTurn(async () => {
      const { objects, log, persist } = this.#tools;
      const [service, held] = [objects.inventory.services.get(name), objects.services.held.get(name)];
      if (!service && !held) throw unknownName("service", name);
      refuseOthers("service", name, objects.services.ownerOf(name), by);
      objects.services.release([{ name }]);
      if (service) await carryOut(this.#tools, serviceTransaction(service, null, { owner: by }));
      else await persist();
      log.info({ service: name }, "service removed");
    });
  }

  /** Gives a backend nothing new: its weight becomes 0. `hard` ends the flows that it has as well, which whoever owns the service may ask
   *  for of a backend whose weight is 0 already.
   *  @param input null or an object as `drainInput`.
   *  @throws PortyardError `bad-request`, `service-missing`, `backend-missing`, `owned-by-file`, `disk-full`, or what the engine says. */
  drain(name: string, backend: string, input: unknown, by: Owner = "api"): Promise<DrainedView> {
    return this.#inTurn(async () => {
      const { engine, objects, log } = this.#tools;
      const hard = parseDrain(input);
      const from = objects.inventory.services.get(name);
      if (!from) throw unknownName("service", name);
      const found = from.backends.find((each) => each.name === backend);
      if (!found) throw unknownBackend(name, backend);
      if (found.weight !== 0) {
        const remedy = "Write `weight: 0` of this backend in the file, then say `portyard reload`; a hard drain ends its flows then.";
        const owner = objects.services.ownerOf(name);
        refuseOthers("service", name, owner, by, owner === "file" ? remedy : undefined);
        await carryOut(this.#tools, serviceTransaction(from, drained(from, backend), { owner: by }));
      }
      const endedFlows = hard ? await engine.endFlows(name, backend) : 0;
      log.info({ service: name, backend, endedFlows }, "backend drained");
      const info = engine
        .services()
        .find((each) => each.name === name)
        ?.backends.find((each) => each.name === backend);
      return { service: name, backend, weight: 0, active: info?.active ?? 0, endedFlows };
    });
  }
}

function drained(service: ServiceConfig, backend: string): ServiceConfig {
  return { ...service, backends: service.backends.map((each) => (each.name === backend ? { ...each, weight: 0 } : each)) };
}

function parseDrain(input: unknown): boolean {
  const { success, data } = drainInput.safeParse(input ?? {});
  if (success) return data.hard ?? false;
  throw new PortyardError("bad-request", "The drain that is asked for is not understood.", {
    path: "body",
    value: input,
    remedy: "Write an object such as { hard: true }; it may be left out.",
  });
}

function unknownBackend(service: string, backend: string): PortyardError {
  return new PortyardError("backend-missing", `Service ${service} has no backend named ${backend}.`, {
    path: "backend",
    value: backend,
    remedy: `List them with \`portyard show backends --service ${service}\`.`,
  });
}
