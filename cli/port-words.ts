/** From the options of `port add` and `port set` to the keys of a port. */
export interface PortWords {
  network?: string;
  trunk?: Record<string, number>;
  native?: string;
  tap?: string;
  packet?: string;
  address?: string[];
  mac?: string;
  staticMac?: string[];
  macLimit?: number;
  sourceCheck?: boolean;
  mtu?: number;
  publish?: string[];
}

const DEFAULT_INTERFACE = "eth0";

/** The keys that were said. Addresses are the interface's beside `--tap`, else they are bound to the port. */
export function portSaid(words: PortWords): Record<string, unknown> {
  const { network, trunk, native, tap, packet, address, mac, staticMac, macLimit, sourceCheck, mtu, publish } = words;
  const keys = {
    network,
    trunk,
    native,
    tap: tap === undefined ? undefined : { ...placeIn(tap), ...(address && { address }) },
    packet: packet === undefined ? undefined : { interface: packet },
    addresses: tap === undefined ? address : undefined,
    mac,
    staticMacs: staticMac,
    macLimit,
    sourceCheck,
    mtu,
    publish,
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

/** `NAMESPACE:INTERFACE`; a namespace's path may have colons. */
function placeIn(text: string): { namespace: string; interface: string } {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return { namespace: text, interface: DEFAULT_INTERFACE };
  return { namespace: text.slice(0, colon), interface: text.slice(colon + 1) };
}
