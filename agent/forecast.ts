/** What an agent would take over with its start, those objects among it that the API made. */
import type { EngineConfig } from "../bindings/config/types.ts";
import { readService } from "../bindings/config/parse.ts";
import { type Forecast, foresee } from "../bindings/engine/forecast.ts";
import type { Place } from "./place.ts";
import { takeUpObjects } from "./state/take-up.ts";

/** Touches nothing. @throws PortyardError `state-unreadable`, `name-taken`. */
export async function foreseeStart(config: EngineConfig, place: Place): Promise<Forecast> {
  const { objects } = await takeUpObjects(place, config);
  for (const { config: network } of objects.heldNetworks.values()) ignoringFaults(() => objects.enterNetwork(network, "api"));
  for (const { config: port } of objects.heldPorts.values()) ignoringFaults(() => objects.enterPort(port, "api"));
  const { networks, ports } = objects.inventory;
  const services = [...objects.inventory.services.values()];
  for (const { config: service } of objects.services.held.values()) ignoringFaults(() => services.push(readService(service)));
  const all = { networks: [...networks.values()], ports: [...ports.values()], services };
  return foresee({ ...config, ...all }, place.runDirectory);
}

/** What cannot be made is not taken over: the start says why. */
function ignoringFaults(enter: () => unknown): void {
  try {
    enter();
  } catch {
    // it is held
  }
}
