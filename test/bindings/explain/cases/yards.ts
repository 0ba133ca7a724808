/** The switches that the cases are told of. All ports are in memory; A to D are the stations of a to d. */
import type { ConfigInput } from "../../../../bindings/config/schema.ts";
import { station } from "../../../support/packet/ethernet.ts";

export const [A, B, C, D, X] = [1, 2, 3, 4, 99].map(station) as [string, string, string, string, string];
/** A static station of port a in `pinned`. */
export const S = station(50);

type PortInput = NonNullable<ConfigInput["ports"]>[number];

const port = (name: string, extra: Partial<PortInput> = {}): PortInput => ({ name, network: "blue", memory: {}, ...extra });
type ServiceInput = NonNullable<ConfigInput["services"]>[number];
type BackendInput = ServiceInput["backends"];

const service = (
  name: string,
  address: ServiceInput["address"],
  backends: BackendInput,
  extra: Partial<ServiceInput> = {},
): ServiceInput => ({
  name,
  network: "blue",
  address,
  ports: [{ protocol: "tcp", port: 80, targetPort: 8080 }],
  backends,
  ejection: false,
  ...extra,
});

const blue = { name: "blue" };
const tables = { macs: 1024, flows: 1024 };
const both = ["10.77.0.0/24", "fd77::/64"];

export const YARDS = {
  /** Nothing is bound: a, b, c in blue; r alone in red. */
  open: { tables, networks: [blue, { name: "red" }], ports: [port("a"), port("b"), port("c"), port("r", { network: "red" })] },
  /** a and b are checked, c is not, nor is d, whose addresses are bound. */
  bound: {
    tables,
    networks: [{ name: "blue", subnet: both }],
    ports: [
      port("a", { mac: A, addresses: ["10.77.0.2", "fd77::2"] }),
      port("b", { mac: B, addresses: ["10.77.0.3", "fd77::3"] }),
      port("c"),
      port("d", { mac: D, addresses: ["10.77.0.5"], sourceCheck: false }),
    ],
  },
  /** A trunk of blue (10) and green (20), one of blue (10) with green untagged, and an access port in each. */
  trunks: {
    tables,
    networks: [blue, { name: "green" }],
    ports: [
      port("b"),
      port("g", { network: "green" }),
      { name: "t", trunk: { blue: 10, green: 20 }, memory: {} },
      { name: "n", trunk: { blue: 10 }, native: "green", memory: {} },
    ],
  },
  /** s takes packets of 1,000 bytes, a and b of 1,500. */
  small: { tables, networks: [blue], ports: [port("a"), port("s", { mtu: 1000 }), port("b")] },
  /** Like `small`, and s is checked. */
  smallBound: { tables, networks: [blue], ports: [port("a"), port("s", { mtu: 1000, mac: B, addresses: ["10.77.0.3"] })] },
  /** blue does not learn. */
  deaf: { tables, networks: [{ name: "blue", learning: false }], ports: [port("a"), port("b", { staticMacs: [B] }), port("c")] },
  /** S is a static station of a; b learns one station. */
  pinned: { tables, networks: [blue], ports: [port("a", { staticMacs: [S] }), port("b", { macLimit: 1 }), port("c")] },
  /** o and p take super-frames and partial checksums, x and t do not. */
  offload: {
    tables,
    networks: [blue],
    ports: [
      port("o", { memory: { offload: true } }),
      port("p", { memory: { offload: true } }),
      port("x"),
      { name: "t", trunk: { blue: 10 }, memory: {} },
    ],
  },
  /** o takes super-frames, s takes none, and packets of 1,000 bytes. */
  offloadSmall: { tables, networks: [blue], ports: [port("o", { memory: { offload: true } }), port("s", { mtu: 1000 })] },
  /** Five ports that take no super-frames. */
  offloadMany: {
    tables,
    networks: [blue],
    ports: [port("o", { memory: { offload: true } }), ...["v", "w", "x", "y", "z"].map((name) => port(name))],
  },
  /** a is the client, b and d are backends, X is one behind c, where nothing is bound. */
  served: {
    tables,
    networks: [{ name: "blue", subnet: both }],
    ports: [
      port("a", { mac: A, addresses: ["10.77.0.2", "fd77::2"] }),
      port("b", { mac: B, addresses: ["10.77.0.3", "fd77::3"] }),
      port("c"),
      port("d", { mac: D, addresses: ["10.77.0.5"] }),
    ],
    services: [
      {
        ...service(
          "web",
          ["10.77.0.100", "fd77::100"],
          [
            { address: "10.77.0.3", name: "b" },
            { address: "10.77.0.5", name: "d", maxFlows: 1 },
            { address: "10.77.0.6", name: "old", weight: 0 },
            { address: "fd77::3", name: "b6" },
          ],
        ),
        ports: [
          { protocol: "tcp", port: 80, targetPort: 8080 },
          { protocol: "udp", port: "5000-5009" },
        ],
      },
      service(
        "busy",
        "10.77.0.101",
        [
          { address: "10.77.0.3", name: "b", port: 9000, weight: 2 },
          { address: "10.77.0.5", name: "d" },
        ],
        {
          algorithm: "least-load",
        },
      ),
      service("far", "10.77.0.102", [{ address: "10.77.0.9", name: "x" }]),
      service("empty", "10.77.0.103", []),
      service(
        "kept",
        "10.77.0.104",
        [
          { address: "10.77.0.3", name: "b" },
          { address: "10.77.0.5", name: "d" },
        ],
        { affinitySeconds: 60 },
      ),
    ],
  },
} satisfies Record<string, ConfigInput>;

export type YardName = keyof typeof YARDS;
