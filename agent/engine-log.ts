/** What the engine reports by itself, as lines of the agent's log. Stations come and go, and frames are dropped, too often for any level but debug. */
import type { EngineLike } from "../bindings/engine/types.ts";
import type { Log } from "./log.ts";

/** From now on, until the engine is gone. */
export function logEvents(engine: EngineLike, log: Log): void {
  engine.on("portUp", (port) => log.info({ port }, "port up"));
  engine.on("portDown", (port, error) => log.warn({ port, error }, "port down"));
  engine.on("forwarderDown", (reason, delayMs) => log.error({ reason, delayMs }, "forwarder died, it is started again"));
  engine.on("forwarderUp", (forwarder) => log.info({ forwarder }, "forwarder up"));
  engine.on("workerDown", (worker, reason, port, file) => log.error({ worker, reason, port, file }, "worker died"));
  engine.on("workerUp", (worker, incarnation) => log.info({ worker, incarnation }, "worker up"));
  if (!log.isLevelEnabled("debug")) return;
  engine.on("macLearned", (network, mac, port) => log.debug({ network, mac, port }, "station learned"));
  engine.on("macMoved", (network, mac, port) => log.debug({ network, mac, port }, "station moved"));
  engine.on("macAged", (network, mac, port) => log.debug({ network, mac, port }, "station forgotten"));
  engine.on("macEvicted", (network, mac, port) => log.debug({ network, mac, port }, "station forgotten for another one"));
  engine.on("dropSampled", (reason, port, count) => log.debug({ reason, port, count }, "frames dropped"));
}
