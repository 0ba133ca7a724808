/** The ports of a service: none is said twice, rows stay among the ports that there are, and where connections go to is said once. */
import type { Inventory } from "./inventory.ts";
import type { Key } from "./problem.ts";
import { MAX_TRANSPORT_PORT } from "./service-schema.ts";
import type { ServiceConfig, ServicePort } from "./types.ts";

/** Reports to `inventory` what is wrong with the ports of `service`, whose keys begin with `keys`. */
export function checkServicePorts(inventory: Inventory, keys: Key[], service: ServiceConfig): void {
  const { addresses, ports } = service;
  if (addresses.length > 0 && ports.length === 0) {
    const remedy = "write `ports` such as [{ protocol: tcp, port: 80 }], or leave `address` out: it is found by name only then";
    inventory.problem([...keys, "ports"], [], "are missing: the service has an address", remedy);
  }
  if (addresses.length === 0 && ports.length > 0) {
    const remedy = "write `address`, an address of the network's subnet, or leave `ports` out";
    inventory.problem([...keys, "ports"], ports.map(formatServicePort), "stand without `address`", remedy);
  }
  ports.forEach((port, index) => {
    checkPort(inventory, [...keys, "ports", index], port, ports.slice(0, index));
  });
  checkOwnPorts(inventory, keys, service);
}

function checkPort(inventory: Inventory, keys: Key[], port: ServicePort, before: readonly ServicePort[]): void {
  const lastTarget = port.targetPort + port.lastPort - port.port;
  if (lastTarget > MAX_TRANSPORT_PORT) {
    const fault = `is ${port.targetPort}, and ${formatServicePort(port)} would lead to ports up to ${lastTarget}`;
    const most = MAX_TRANSPORT_PORT - (port.lastPort - port.port);
    inventory.problem([...keys, "targetPort"], port.targetPort, fault, `write at most ${most}`);
  }
  const other = before.find((one) => one.protocol === port.protocol && one.port <= port.lastPort && port.port <= one.lastPort);
  if (!other) return;
  const isRow = port.port !== port.lastPort;
  const fault = `is ${formatServicePort(port)}, which ${isRow ? "overlaps" : "is in"} ${formatServicePort(other)} before it`;
  inventory.problem([...keys, "port"], isRow ? `${port.port}-${port.lastPort}` : port.port, fault, "name each port of a protocol once");
}

/** One port of a backend stands for one of the service. */
function checkOwnPorts(inventory: Inventory, keys: Key[], { ports, backends }: ServiceConfig): void {
  const isOne = ports.length < 2 && ports.every(({ port, lastPort }) => port === lastPort);
  if (isOne) return;
  const has = ports.length > 1 ? `${ports.length} ports` : "ports in a row";
  backends.forEach(({ port }, index) => {
    if (port === null) return;
    const fault = `is ${port}, and the service has ${has}, which would all lead to it`;
    inventory.problem([...keys, "backends", index, "port"], port, fault, "leave it out, and say `targetPort` of each port of the service");
  });
}

/** `80/tcp`, or `8000-8010/udp`. */
export function formatServicePort({ protocol, port, lastPort }: ServicePort): string {
  return `${port === lastPort ? port : `${port}-${lastPort}`}/${protocol}`;
}
