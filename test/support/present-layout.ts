/** The layout that assembly/abi describes, in the words of an exporter (bindings/tables/layouts/tables-layout.ts): what the
 *  newest known layout must say, and what an engine that was built with other numbers is read by. */
import { pathToFileURL } from "node:url";
import type { TablesLayout } from "../../bindings/tables/layouts/tables-layout.ts";

type Constants = Record<string, number>;

/** @param dist folder of a compiled Portyard.
 *  @param identity keys of configurations, which assembly/abi knows nothing of. */
export async function presentLayout(dist: string, identity: TablesLayout["identity"]): Promise<TablesLayout> {
  const load = async (name: string): Promise<Constants> => import(pathToFileURL(`${dist}/assembly/abi/${name}.js`).href);
  const [map, limits, port, network, mac, counter, address, flow, service, backend] = await Promise.all(
    ["memory-map", "limits", "port", "network", "mac", "counter", "address", "flow", "service", "backend"].map(load),
  );
  const flows = describeFlows(all(map), all(limits), all(flow), all(service), all(backend));
  return { ...describe(all(map), all(limits), all(port), all(network), all(mac), all(counter), all(address), identity), flows };
}

/** A constant that is not there is told, not taken for undefined. */
function all(constants: Constants | undefined): Constants {
  return new Proxy(constants ?? {}, {
    get(target, name: string) {
      if (!(name in target)) throw new Error(`there is no constant ${name}`);
      return target[name];
    },
  });
}

function describe(
  map: Constants,
  limits: Constants,
  port: Constants,
  network: Constants,
  mac: Constants,
  counter: Constants,
  address: Constants,
  identity: TablesLayout["identity"],
): Omit<TablesLayout, "flows"> {
  const n = (constants: Constants, name: string): number => constants[name] as number;
  const m = (name: string) => n(map, name);
  const p = (name: string) => n(port, name);
  const at = (name: string) => m(name) - m("TABLES");
  return {
    version: n(limits, "LAYOUT_VERSION"),
    base: m("TABLES"),
    head: {
      tablesBytes: at("HEAD_TABLES_BYTES"),
      macLimit: at("HEAD_MAC_LIMIT"),
      workers: at("HEAD_WORKER_COUNT"),
      counters: at("HEAD_COUNTERS"),
      macs: at("HEAD_MACS"),
      macBucketMask: at("HEAD_MAC_BUCKET_MASK"),
      macCount: at("HEAD_MAC_COUNT"),
    },
    nameBytes: n(limits, "NAME_BYTES"),
    networks: {
      at: at("NETWORKS"),
      bytes: m("NETWORK_BYTES"),
      count: n(limits, "MAX_NETWORKS"),
      state: n(network, "STATE"),
      present: 1,
      fingerprint: n(network, "FINGERPRINT"),
      name: n(network, "NAME"),
    },
    ports: {
      at: at("PORTS"),
      bytes: m("PORT_BYTES"),
      count: n(limits, "MAX_PORTS"),
      actual: p("ACTUAL"),
      errno: p("ERRNO"),
      generation: p("GENERATION"),
      kind: p("KIND"),
      flags: p("FLAGS"),
      restore: p("RESTORE"),
      linkLocalCount: p("LINK_LOCAL_COUNT"),
      linkLocals: p("LINK_LOCALS"),
      fingerprint: p("FINGERPRINT"),
      name: p("NAME"),
      states: { gone: p("GONE"), shut: p("SHUT") },
      kinds: { tap: p("KIND_TAP"), packet: p("KIND_PACKET"), host: p("KIND_HOST") },
      flagBits: { checksum: p("FLAG_CHECKSUM"), tso: p("FLAG_TSO"), uso: p("FLAG_USO") },
      restoreBits: { down: p("RESTORE_DOWN"), arp: p("RESTORE_ARP"), ipv6: p("RESTORE_IPV6"), lro: p("RESTORE_LRO") },
      shutReasons: { poison: p("SHUT_POISON") },
    },
    addresses: {
      at: at("ADDRESSES"),
      bytes: m("ADDRESS_BYTES"),
      count: m("ADDRESS_SLOTS") + n(limits, "ADDRESS_PROBES"),
      state: n(address, "STATE"),
      bound: n(address, "STATE_BOUND"),
      family: n(address, "FAMILY"),
      port: n(address, "PORT"),
      address: n(address, "ADDRESS"),
    },
    linkLocalBytes: 16,
    macs: {
      bytes: m("MAC_ENTRY_BYTES"),
      bucketSlots: n(limits, "MAC_BUCKET_SLOTS"),
      generationShift: n(mac, "GENERATION_SHIFT"),
      flagsShift: n(mac, "FLAGS_SHIFT"),
      staticFlag: n(mac, "FLAG_STATIC"),
    },
    counters: {
      bytes: m("COUNTER_BYTES"),
      workerBytes: m("WORKER_COUNTERS_BYTES"),
      counts: (n(counter, "DROPPED_FRAMES") - n(counter, "RECEIVED_FRAMES")) / 8 + 1,
      reasons: n(counter, "REASONS"),
      reasonCount: n(limits, "MAX_DROP_REASONS"),
    },
    identity,
  };
}

function describeFlows(
  map: Constants,
  limits: Constants,
  flow: Constants,
  service: Constants,
  backend: Constants,
): NonNullable<TablesLayout["flows"]> {
  const n = (constants: Constants, name: string): number => constants[name] as number;
  const head = (name: string) => n(map, name) - n(map, "TABLES");
  return {
    head: {
      limit: head("HEAD_FLOW_LIMIT"),
      entries: head("HEAD_FLOWS"),
      services: head("HEAD_SERVICES"),
      backends: head("HEAD_BACKENDS"),
    },
    bytes: n(map, "FLOW_BYTES"),
    word: n(flow, "WORD"),
    live: { first: n(flow, "STATE_FREE") + 1, last: n(flow, "STATE_CLAIMED") - 1 },
    network: n(flow, "NETWORK"),
    service: n(flow, "SERVICE"),
    backend: n(flow, "BACKEND"),
    lastSeen: n(flow, "LAST_SEEN"),
    services: {
      bytes: n(map, "SERVICE_BYTES"),
      count: n(limits, "MAX_SERVICES"),
      state: n(service, "STATE"),
      present: 1,
      network: n(service, "NETWORK"),
      family: n(service, "FAMILY"),
      address: n(service, "VIRTUAL_ADDRESS"),
      name: n(service, "NAME"),
    },
    backends: {
      bytes: n(map, "BACKEND_BYTES"),
      count: n(limits, "MAX_BACKENDS"),
      state: n(backend, "STATE"),
      absent: n(backend, "ABSENT"),
      service: n(backend, "SERVICE"),
      family: n(backend, "FAMILY"),
      address: n(backend, "ADDRESS"),
      fingerprint: n(backend, "NAME_FINGERPRINT"),
    },
  };
}
