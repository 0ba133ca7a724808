/** From the options of `service add` and `service set` to the keys of a service. */
import { InvalidArgumentError } from "commander";

export interface ServiceWords {
  network?: string;
  address?: string[];
  port?: object[];
  algorithm?: string;
  backend?: object[];
  affinity?: number;
  slowStart?: number;
  panicShare?: number;
  ejection?: boolean;
}

/** The keys that were said. */
export function serviceSaid(words: ServiceWords): Record<string, unknown> {
  const keys = {
    network: words.network,
    address: words.address,
    ports: words.port,
    algorithm: words.algorithm,
    backends: words.backend,
    affinitySeconds: words.affinity,
    slowStartSeconds: words.slowStart,
    panicShare: words.panicShare,
    ejection: words.ejection === false ? false : undefined,
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

const PORT = /^(\d+|\d+-\d+)(?::(\d+))?(?:\/(\w+))?$/;

/** `80`, `80:8080/tcp`, `8000-8010/udp`, added to those before it. */
export function portWord(text: string, before: object[] = []): object[] {
  const [, ports, target, protocol = "tcp"] = PORT.exec(text) ?? [];
  if (ports === undefined)
    throw new InvalidArgumentError("Ports, target and protocol are wanted, such as 80, 80:8080/tcp or 8000-8010/udp.");
  const port = ports.includes("-") ? ports : Number(ports);
  return [...before, { protocol, port, ...(target !== undefined && { targetPort: Number(target) }) }];
}

/** An address is one in brackets, one with more than one colon, or one without; a single colon stands before a port. */
const PLACE = /^(?:\[([^\]]+)\]|([^[\]:]*:[^[\]:]*:[^[\]]*)|([^[\]:]+))(?::(\d+))?$/;
const KEYS: Record<string, string> = { name: "name", weight: "weight", "max-flows": "maxFlows" };

/** `10.77.0.2`, `10.77.0.2:8080,weight=3`, `[fd77::2]:8080,name=web-1,max-flows=100`, added to those before it. */
export function backendWord(text: string, before: object[] = []): object[] {
  const [place = "", ...rest] = text.split(",");
  const [, bracketed, long, short, port] = PLACE.exec(place) ?? [];
  const address = bracketed ?? long ?? short;
  if (address === undefined)
    throw new InvalidArgumentError("An address is wanted first, such as 10.77.0.2, 10.77.0.2:8080 or [fd77::2]:8080.");
  const extra = Object.fromEntries(rest.map(backendKey));
  return [...before, { address, ...(port !== undefined && { port: Number(port) }), ...extra }];
}

function backendKey(text: string): [string, unknown] {
  const equals = text.indexOf("=");
  const [key, value] = [KEYS[text.slice(0, equals)], text.slice(equals + 1)];
  if (equals < 0 || key === undefined || value === "") {
    throw new InvalidArgumentError("Behind the address stand name=NAME, weight=NUMBER and max-flows=NUMBER, with commas between them.");
  }
  if (key === "name") return [key, value];
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError(`A whole number is wanted for ${text.slice(0, equals)}.`);
  return [key, Number(value)];
}

/** `web-1=3`, added to those before it. */
export function weightWord(text: string, before: Map<string, number> = new Map()): Map<string, number> {
  const [, name, weight] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("A backend's name and its weight are wanted, such as web-1=3.");
  return new Map([...before, [name, Number(weight)]]);
}
