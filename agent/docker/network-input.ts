/** From Docker's words for a network, and the options of `docker network create`, to ours. */
import { z } from "zod";
import { readAddress } from "../../bindings/config/ip-address.ts";
import type { NetworkInput } from "../../bindings/config/network-schema.ts";
import { PortyardError } from "../../bindings/error.ts";
import { type CreateNetwork, type IpamData, KEY } from "./protocol.ts";

/** Of an id, in names of ours: as many as Docker shows itself. */
const ID_CHARACTERS = 12;
/** Others of Docker's own are for other drivers. */
const DOCKERS_OPTIONS = "com.docker.";

const bad = (key: string, value: unknown, must: string, remedy: string): PortyardError =>
  new PortyardError("bad-option", `The network option ${key} is ${JSON.stringify(value)}; it must be ${must}.`, {
    path: key,
    value,
    remedy,
  });

function wholeNumber(key: string, value: string): number {
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw bad(key, value, "a whole number", "write digits alone");
}

function trueOrFalse(key: string, value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw bad(key, value, "true or false", "write true or false");
}

/** Options of `docker network create -o KEY=VALUE`: what each says of the network. */
export const NETWORK_OPTIONS: Record<string, { description: string; read: (key: string, value: string) => Partial<NetworkInput> }> = {
  "portyard.name": {
    description: "name of the network in this instance, a label (RFC 1123); by default docker- and the first 12 digits of its id",
    read: (_key, value) => ({ name: value }),
  },
  "portyard.mtu": {
    description: "largest IP packet in bytes, 576-65521",
    read: (key, value) => ({ mtu: wholeNumber(key, value) }),
  },
  [KEY.mtu]: {
    description: "the same, as other drivers call it",
    read: (key, value) => ({ mtu: wholeNumber(key, value) }),
  },
  "portyard.learning": {
    description: "learn where stations are from the frames that they send: true or false",
    read: (key, value) => ({ learning: trueOrFalse(key, value) }),
  },
  "portyard.mac-age": {
    description: "seconds after which a silent station is forgotten, 15-3600",
    read: (key, value) => ({ macAgeSeconds: wholeNumber(key, value) }),
  },
};

/** @throws PortyardError `bad-option`, `bad-request`. What the configuration's schema says about it is checked when it is made. */
export function networkInputOf({ NetworkID, Options, IPv4Data, IPv6Data }: CreateNetwork): NetworkInput {
  const data = [only(IPv4Data, "IPv4"), only(IPv6Data, "IPv6")].flatMap((one) => one ?? []);
  const subnets = data.map(({ Pool }) => Pool).filter((pool) => pool !== "");
  const gateways = data.flatMap(({ Gateway }) => readAddress(Gateway)?.text ?? []);
  return {
    name: `docker-${NetworkID.slice(0, ID_CHARACTERS)}`,
    ...(subnets.length > 0 && { subnet: subnets }),
    ...(gateways.length > 0 && { gateway: gateways }),
    ...(Options[KEY.internal] === true && { internal: true }),
    ...readOptions(Options[KEY.generic]),
  };
}

/** Name of the port of an endpoint. */
export function portNameOf(endpointId: string): string {
  return `docker-${endpointId.slice(0, ID_CHARACTERS)}`;
}

/** Name of the interface that Docker is handed: "py", then ten digits of the endpoint's id. */
export function interfaceNameOf(endpointId: string): string {
  return `py${endpointId.slice(0, 10)}`;
}

function only(data: readonly IpamData[], family: string): IpamData | null {
  if (data.length <= 1) return data[0] ?? null;
  throw new PortyardError(
    "bad-request",
    `The network has ${data.length} ${family} subnets; a network of this driver has one of each family.`,
    {
      path: `${family}Data`,
      value: data.map(({ Pool }) => Pool),
      remedy: "Give one --subnet of each family, or make a second network.",
    },
  );
}

function readOptions(generic: unknown): Partial<NetworkInput> {
  const texts = z.record(z.string(), z.string()).safeParse(generic ?? {});
  if (!texts.success) throw bad(KEY.generic, generic, "an object of texts", "write options as -o KEY=VALUE");
  const known = Object.keys(NETWORK_OPTIONS);
  const read = Object.entries(texts.data).map(([key, value]) => {
    const option = NETWORK_OPTIONS[key];
    if (option !== undefined) return option.read(key, value);
    if (key.startsWith(DOCKERS_OPTIONS)) return {};
    throw new PortyardError("bad-option", `There is no network option ${key}.`, {
      path: key,
      value,
      remedy: `Known are: ${known.join(", ")}.`,
    });
  });
  return Object.assign({}, ...read);
}
