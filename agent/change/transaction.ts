/** Several changes as one: checked as a whole, written to the state, made; or nothing, with the reason. */
import type { Key } from "../../bindings/config/problem.ts";
import type { NetworkConfig } from "../../bindings/config/types.ts";
import type { EngineLike } from "../../bindings/engine/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Objects } from "../objects.ts";
import type { Owner } from "../state/types.ts";
import { applySteps, type Failure, failed } from "./apply.ts";
import type { Exchange } from "./object-set.ts";
import type { Leases } from "./plan.ts";
import { type PublishingTools, publish, putBack, type Republished, republishedBy, take } from "./publishing.ts";
import { type Step, subjectOf } from "./step.ts";

export type KeysOf = (kind: "port" | "service", name: string) => Key[];

export interface Transaction {
  owner: Owner;
  exchange: Exchange;
  /** What the engine is asked for, once it is known what ports are lent. */
  plan: (leases: Leases) => Step[];
  /** Where a port or service that comes stands in what people wrote. */
  keysOf: KeysOf;
}

export interface TransactionTools extends PublishingTools {
  engine: EngineLike;
  /** Puts the state of `objects` on the disk. */
  persist: () => Promise<void>;
  /** Makes the host as these networks need it. */
  updateHost: (networks: NetworkConfig[]) => Promise<void>;
}

/** Checks everything that can be known before anything is touched: what comes against what stays, devices, namespaces.
 *  @throws BadConfiguration, or the PortyardError of the device, which names the port. */
export async function checkTransaction({ engine, objects }: TransactionTools, transaction: Transaction): Promise<void> {
  const { exchange, owner, keysOf, plan } = transaction;
  objects.exchange(exchange, owner, keysOf);
  const steps = plan(leasesOf(objects));
  objects.exchangeBack(exchange);
  await checkDevices(engine, steps);
}

/** Makes all of it. @throws as `checkTransaction`, or what the kernel says; everything is as it was before then, except what could not be
 *  made again, which is held. */
export async function carryOut(tools: TransactionTools, transaction: Transaction): Promise<void> {
  const { engine, objects, persist } = tools;
  const { exchange, owner, keysOf, plan } = transaction;
  objects.exchange(exchange, owner, keysOf);
  const steps = plan(leasesOf(objects));
  const republished = republishedBy(exchange, objects);
  try {
    await checkDevices(engine, steps);
    await objects.noteInterfaces(exchange.into.ports);
    await take(tools, republished);
    await persist();
    await prepareHost(tools, exchange);
    await publish(tools, republished);
  } catch (error) {
    await giveUp(tools, exchange, republished, []);
    throw error;
  }
  const failure = await applySteps(engine, steps);
  if (failure === null) return finish(tools, exchange);
  await giveUp(tools, exchange, republished, failure.lost);
  throw failure.lost.length === 0 ? failure.error : withLosses(failure);
}

const leasesOf = (objects: Objects): Leases => ({ before: (port) => objects.leavingLeaseOf(port), after: (port) => objects.leaseOf(port) });

const hasNetworks = ({ out, into }: Exchange): boolean => out.networks.length + into.networks.length > 0;

/** The host has the rules of what comes before it comes, and keeps those of what goes until it is gone. */
async function prepareHost({ objects, updateHost }: TransactionTools, exchange: Exchange): Promise<void> {
  if (!hasNetworks(exchange)) return;
  const { networks } = objects.inventory;
  await updateHost([...networks.values(), ...exchange.out.networks.filter(({ name }) => !networks.has(name))]);
}

/** The host as the networks that there are need it. What was made beyond that harms nothing, and goes with the next change. */
async function settleHost({ objects, updateHost, log }: TransactionTools, exchange: Exchange): Promise<void> {
  if (!hasNetworks(exchange)) return;
  await updateHost([...objects.inventory.networks.values()]).catch((err) => log.error({ err }, "rules of the host could not be changed"));
}

function withLosses({ error, lost }: Failure): PortyardError {
  const { code, message, path, value, remedy } = error;
  const words = `${message} All else is as it was, except ${lost.map(({ step }) => subjectOf(step)).join(", ")}: not to be made again.`;
  return new PortyardError(code, words, { path: path ?? "", value, cause: error, ...(remedy !== null && { remedy }) });
}

async function giveUp(
  tools: TransactionTools,
  exchange: Exchange,
  republished: readonly Republished[],
  lost: Failure["lost"],
): Promise<void> {
  const { objects, persist, log } = tools;
  objects.exchangeBack(exchange);
  for (const { step, error } of lost) {
    log.error({ err: error }, "what a failed change had removed could not be made again; it is held");
    if ("port" in step) objects.holdLost("port", step.port.name, error);
    if ("service" in step) objects.holdLost("service", step.service.name, error);
    if ("network" in step) objects.holdLost("network", step.network.name, error);
  }
  await settleHost(tools, exchange);
  await putBack(tools, republished);
  await persist().catch((fault) => log.error({ err: fault }, "the state could not be written"));
}

/** What is written before names all that may exist: that this is not written changes nothing until the next change writes it. */
async function finish(tools: TransactionTools, exchange: Exchange): Promise<void> {
  const { objects, persist, log } = tools;
  objects.finish(exchange);
  await settleHost(tools, exchange);
  await persist().catch((fault) => log.error({ err: fault }, "the state could not be written; the next change writes it"));
}

/** Those ports whose devices are to be made, when those whose devices go are gone. */
async function checkDevices(engine: EngineLike, steps: readonly Step[]): Promise<void> {
  const ports = (action: Step["action"]) => steps.flatMap((step) => (step.action === action && "port" in step ? [step.port] : []));
  try {
    await engine.checkPorts(ports("add-port"), ports("remove-port"));
  } catch (error) {
    if (!(error instanceof PortyardError)) throw error;
    throw failed(`port ${error.path}`, error);
  }
}
