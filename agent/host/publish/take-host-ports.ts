/** The published ports of a start: all are taken before anything is made. */
import type { Log } from "../../log.ts";
import type { Objects } from "../../objects.ts";
import type { OpenSocket } from "./host-socket.ts";
import { Publisher } from "./publisher.ts";

/** Takes what the configuration publishes, and what the API does: a fault of the API's is told when its port or network is made.
 *  @throws PortyardError of what the configuration publishes; then nothing is taken. */
export async function takeHostPorts(objects: Objects, log: Log, openSocket?: OpenSocket): Promise<Publisher> {
  const publisher = new Publisher({
    networks: () => objects.networksToBe(),
    kept: objects.hostPorts,
    log,
    ...(openSocket && { openSocket }),
  });
  const { networks, ports } = objects.inventory;
  const take = async (isHeld: boolean, taking: Promise<void>) => {
    await taking.catch((fault) => {
      if (!isHeld) throw fault;
    });
  };
  try {
    for (const network of objects.networksToBe()) await take(!networks.has(network.name), publisher.takeNetwork(network));
    for (const port of objects.portsToBe()) await take(!ports.has(port.name), publisher.takePort(port));
    return publisher;
  } catch (fault) {
    await publisher.close();
    throw fault;
  }
}
