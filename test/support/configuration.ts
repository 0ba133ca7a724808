/** Random valid configurations that use every key that there is: for what must hold of all of them. */
import fc from "fast-check";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";

const MOST_NETWORKS = 3;
const MOST_PORTS = 6;
const MOST_SERVICES = 3;
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

const network = fc.record({
  families: fc.constantFrom<number[]>([], [4], [6], [4, 6], [6, 4]),
  hasGateway: fc.boolean(),
  mtu: optional(fc.integer({ min: 1280, max: 65521 })),
  learning: optional(fc.boolean()),
  macAgeSeconds: optional(fc.integer({ min: 15, max: 3600 })),
  internal: optional(fc.boolean()),
});

const port = fc.record({
  kind: fc.constantFrom("tap", "handed", "packet", "memory"),
  home: fc.nat(MOST_NETWORKS - 1),
  isTrunk: fc.boolean(),
  isNative: fc.boolean(),
  isAddressed: fc.boolean(),
  mac: fc.uint8Array({ minLength: 5, maxLength: 5 }),
  mtu: optional(fc.integer({ min: 1280, max: 1500 })),
  staticMacs: fc.nat(2),
  macLimit: optional(fc.integer({ min: 1, max: 1024 })),
  sourceCheck: optional(fc.boolean()),
  isShared: optional(fc.boolean()),
  offload: optional(fc.boolean()),
  publish: optional(fc.constantFrom("80", "8000-8002:80-82/udp", "127.0.0.1:9000:90")),
});

const service = fc.record({
  home: fc.nat(MOST_NETWORKS - 1),
  isAddressed: fc.boolean(),
  ports: fc.constantFrom<object[]>(
    [{ protocol: "tcp", port: 80, targetPort: 8080 }],
    [
      { protocol: "udp", port: 53 },
      { protocol: "tcp", port: "8000-8010", targetPort: 9000 },
    ],
  ),
  algorithm: optional(fc.constantFrom("maglev", "least-load", "weighted-round-robin")),
  backends: fc.array(
    fc.record({ isNamed: fc.boolean(), weight: optional(fc.nat(9)), maxFlows: optional(fc.integer({ min: 1, max: 99 })) }),
    {
      maxLength: 3,
    },
  ),
  affinitySeconds: optional(fc.nat(600)),
  slowStartSeconds: optional(fc.nat(600)),
  ejection: optional(fc.constantFrom(false, {}, { failures: 3, share: 0.5 })),
  panicShare: optional(fc.constantFrom(0, 0.25, 1)),
});

type ServiceDraft = typeof service extends fc.Arbitrary<infer Value> ? Value : never;
type NetworkDraft = typeof network extends fc.Arbitrary<infer Value> ? Value : never;
type PortDraft = typeof port extends fc.Arbitrary<infer Value> ? Value : never;

const prefix = (family: number, index: number): string => (family === 4 ? `10.${77 + index}.0` : `fd${77 + index}:`);
const subnetOf = (family: number, index: number): string => (family === 4 ? `${prefix(4, index)}.0/24` : `${prefix(6, index)}:/64`);
const addressOf = (family: number, index: number, host: number): string =>
  family === 4 ? `${prefix(4, index)}.${host}` : `${prefix(6, index)}:${host}`;

function networkInput({ families, hasGateway, ...rest }: NetworkDraft, index: number): object {
  const subnet = families.map((family) => subnetOf(family, index));
  const gateway = families.map((family) => addressOf(family, index, 1));
  return { name: `n${index}`, ...(families.length > 0 && { subnet, ...(hasGateway && { gateway }) }), ...rest };
}

function portInput(draft: PortDraft, index: number, networks: readonly NetworkDraft[]): object {
  const { kind, isAddressed, mac, staticMacs, isShared, offload, mtu, macLimit, sourceCheck } = draft;
  const home = draft.home % networks.length;
  const { families = [], hasGateway, internal } = networks[home] ?? {};
  const macOf = (last: number) =>
    `02:${Buffer.from([...mac.subarray(0, 4), last])
      .toString("hex")
      .match(/../g)
      ?.join(":")}`;
  const trunk = Object.fromEntries(networks.map((_, each) => [`n${each}`, 10 + each]));
  const place = draft.isTrunk ? { trunk, ...(draft.isNative && { native: `n${home}` }) } : { network: `n${home}` };
  const own = isAddressed && (!draft.isTrunk || draft.isNative) ? families.map((family) => addressOf(family, home, 10 + index)) : [];
  const address = own.length > 0 ? { address: own } : {};
  const devices = {
    tap: { tap: { namespace: `space-${index}`, interface: "eth0", ...address, offload } },
    handed: { tap: { namespace: `/run/docker/netns/${index}`, interface: `py${index}`, ...address, handover: true } },
    packet: { packet: { interface: `veth${index}`, shared: isShared }, addresses: own },
    memory: { memory: { offload }, addresses: own },
  };
  const canPublish = own.length > 0 && hasGateway && !internal && index === 0 && families.includes(4);
  return {
    name: `p${index}`,
    ...place,
    ...devices[kind as keyof typeof devices],
    mac: macOf(index * 8),
    ...(mtu !== undefined && { mtu }),
    staticMacs: Array.from({ length: staticMacs }, (_, each) => macOf(index * 8 + each + 1)),
    macLimit,
    ...(sourceCheck !== undefined && { sourceCheck }),
    ...(canPublish && draft.publish !== undefined && { publish: [draft.publish] }),
  };
}

function serviceInput(
  { home, isAddressed, ports, backends, ...rest }: ServiceDraft,
  index: number,
  networks: readonly NetworkDraft[],
): object {
  const at = home % networks.length;
  const { families = [] } = networks[at] ?? {};
  const isServed = isAddressed && families.length > 0;
  const backendInput = ({ isNamed, ...draft }: ServiceDraft["backends"][number], each: number) => ({
    address: addressOf(isServed ? families[each % families.length]! : 4, at, 200 + each),
    ...(isNamed && { name: `backend ${each}` }),
    ...(!isServed && { port: 1 + each }),
    ...draft,
  });
  return {
    name: `s${index}`,
    network: `n${at}`,
    ...(isServed && { address: families.map((family) => addressOf(family, at, 100 + index)), ports }),
    backends: backends.map(backendInput),
    ...rest,
  };
}

/** What `parseConfig` made of a random valid configuration; invalid ones are left out. */
export const anyConfig: fc.Arbitrary<EngineConfig> = fc
  .record({
    name: fc.constantFrom("default", "lab", "lab-1", "0x1", "1e3", "null", "yes", "12"),
    workers: fc.integer({ min: 1, max: 16 }),
    macs: fc.constantFrom(1024, 65536),
    networks: fc.array(network, { minLength: 1, maxLength: MOST_NETWORKS }),
    ports: fc.array(port, { maxLength: MOST_PORTS }),
    services: fc.array(service, { maxLength: MOST_SERVICES }),
    flows: optional(fc.constantFrom(1024, 1048576)),
    flowTimeouts: optional(
      fc.record({ halfOpen: optional(fc.integer({ min: 1, max: 3600 })), udp: optional(fc.integer({ min: 1, max: 86400 })) }),
    ),
    docker: optional(fc.constantFrom({}, { socket: "/run/x.sock", pools: [{ base: "10.210.0.0/20", size: 24 }] })),
  })
  .map(({ macs, flows, networks, ports, services, docker, ...rest }) => {
    const objects = {
      networks: networks.map(networkInput),
      ports: ports.map((each, index) => portInput(each, index, networks)),
      services: services.map((each, index) => serviceInput(each, index, networks)),
    };
    return parsed({ ...rest, tables: { macs, flows }, ...objects, ...(docker && { docker }) });
  })
  .filter((config) => config !== null);

function parsed(input: object): EngineConfig | null {
  try {
    return parseConfig(JSON.parse(JSON.stringify(input)));
  } catch {
    return null;
  }
}
