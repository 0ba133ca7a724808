/** From what a person or a program wrote to what the engine takes. Nothing behind this file checks again. */

import type { z } from "zod";
import { explain } from "./explain.ts";
import { Inventory } from "./inventory.ts";
import { networkSchema } from "./network-schema.ts";
import { normaliseConfig, normaliseNetwork, normalisePort, normaliseService } from "./normalise.ts";
import { portSchema } from "./port-schema.ts";
import { BadConfiguration, type Problem, type Source } from "./problem.ts";
import { configSchema } from "./schema.ts";
import { serviceSchema } from "./service-schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig, ServiceConfig } from "./types.ts";

/** What is said of an input, and instead of it. */
export interface ParseOptions {
  /** What the messages call the input (a file's name), and where its keys stand. */
  source?: string | Source;
  /** Name of the instance, instead of the input's. */
  name?: string;
  /** Worker threads (1-16 or "auto"), instead of the input's. */
  workers?: number | "auto";
  /** Serve Docker, also where the input says nothing of that. */
  docker?: boolean;
}

function shape<Schema extends z.ZodType>(schema: Schema, input: unknown, source?: Source): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input);
  if (!success) throw new BadConfiguration(explain(error.issues, schema, input), source);
  return data;
}

function refuse(problems: readonly Problem[], source?: Source): void {
  if (problems.length > 0) throw new BadConfiguration(problems, source);
}

/** The inventory of a configuration that `parseConfig` made or would take.
 *  @throws BadConfiguration with every problem found. */
export function inventoryOf(
  { name, networks, ports, services }: Pick<EngineConfig, "name" | "networks" | "ports" | "services">,
  source?: Source,
): Inventory {
  const inventory = new Inventory(name);
  networks.forEach((network, index) => {
    inventory.addNetwork(["networks", index], network);
  });
  ports.forEach((port, index) => {
    inventory.addPort(["ports", index], port);
  });
  services.forEach((service, index) => {
    inventory.addService(["services", index], service);
  });
  refuse(inventory.settle(), source);
  return inventory;
}

const isObject = (input: unknown): input is object => typeof input === "object" && input !== null && !Array.isArray(input);

function overridden(input: unknown, { name, workers, docker = false }: ParseOptions): unknown {
  if (!isObject(input)) return input;
  const driver = docker && !("docker" in input) ? { docker: {} } : {};
  return { ...input, ...(name !== undefined && { name }), ...(workers !== undefined && { workers }), ...driver };
}

/** Checks a whole configuration and fills in its defaults.
 *  @param input an object as design section 8 draws it, from YAML, JSON or a program.
 *  @throws BadConfiguration (`bad-configuration`) with every problem found, its path, value and remedy. */
export function parseConfig(input: unknown, options: ParseOptions = {}): EngineConfig {
  const source = typeof options.source === "string" ? { name: options.source } : options.source;
  const config = normaliseConfig(shape(configSchema, overridden(input, options), source));
  inventoryOf(config, source);
  return config;
}

/** Checks one more network against `inventory` and enters it there; a bad one is not entered.
 *  @throws BadConfiguration with paths that begin at the network (`subnet`). */
export function parseNetwork(input: unknown, inventory: Inventory): NetworkConfig {
  const network = normaliseNetwork(shape(networkSchema, input));
  const taken = inventory.networks.has(network.name);
  inventory.addNetwork([], network);
  const problems = inventory.settle();
  if (problems.length > 0 && !taken) inventory.removeNetwork(network.name);
  refuse(problems);
  return network;
}

/** A port by itself: its keys and values are checked, not yet what it has to do with others.
 *  @throws BadConfiguration with paths that begin at the port (`tap.namespace`). */
export function readPort(input: unknown, { instance, networks }: Pick<Inventory, "instance" | "networks">): PortConfig {
  return normalisePort(shape(portSchema, input), instance, networks);
}

/** Checks one more port against `inventory` and enters it there; a bad one is not entered.
 *  @throws BadConfiguration with paths that begin at the port (`tap.namespace`). */
export function parsePort(input: unknown, inventory: Inventory): PortConfig {
  const port = readPort(input, inventory);
  const taken = inventory.ports.has(port.name);
  inventory.addPort([], port);
  const problems = inventory.settle();
  if (problems.length > 0 && !taken) inventory.removePort(port.name);
  refuse(problems);
  return port;
}

/** A service by itself: its keys and values are checked, not yet what it has to do with others.
 *  @throws BadConfiguration with paths that begin at the service (`backends[0].address`). */
export function readService(input: unknown): ServiceConfig {
  return normaliseService(shape(serviceSchema, input));
}

/** Checks one more service against `inventory` and enters it there; a bad one is not entered.
 *  @throws BadConfiguration with paths that begin at the service (`backends[0].address`). */
export function parseService(input: unknown, inventory: Inventory): ServiceConfig {
  const service = readService(input);
  const taken = inventory.services.has(service.name);
  inventory.addService([], service);
  const problems = inventory.settle();
  if (problems.length > 0 && !taken) inventory.removeService(service.name);
  refuse(problems);
  return service;
}
