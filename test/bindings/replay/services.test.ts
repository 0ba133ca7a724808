/** Captures through services: which backend new flows get, by the clock of the capture, and what another configuration would have done. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { ConfigInput } from "../../../bindings/config/schema.ts";
import type { EngineConfig } from "../../../bindings/config/types.ts";
import { compare, type Comparison, type Difference } from "../../../bindings/replay/compare.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { ethernet, station, TYPE_IPV4, TYPE_IPV6 } from "../../support/packet/ethernet.ts";
import { ipv4, ipv6, TCP, UDP } from "../../support/packet/ip.ts";
import { ACK, SYN, tcp, udp } from "../../support/packet/transport.ts";
import { BUILDS } from "../../support/wasm.ts";
import { capture, SECOND, tell } from "./told.ts";

type Service = NonNullable<ConfigInput["services"]>[number];
type Backends = Service["backends"];

const [CLIENT, B1, B2] = [1, 2, 3].map(station) as [string, string, string];
const VIRTUAL_MAC = station(99);
const WEIGHTS: Backends = [
  { name: "b1", address: "10.77.0.2", weight: 2 },
  { name: "b2", address: "10.77.0.3" },
];

function config(service: Partial<Service> = {}): EngineConfig {
  const station = (name: string, address: string, mac: string) => ({
    name,
    network: "blue",
    addresses: [address, address.replace("10.77.0.", "fd77::")],
    memory: {},
    mac,
  });
  return parseConfig({
    tables: { flows: 1024 },
    networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }],
    ports: [station("client", "10.77.0.1", CLIENT), station("one", "10.77.0.2", B1), station("two", "10.77.0.3", B2)],
    services: [
      {
        name: "web",
        network: "blue",
        address: "10.77.0.100",
        ports: [
          { protocol: "tcp", port: 80, targetPort: 8080 },
          { protocol: "udp", port: 53 },
        ],
        algorithm: "weighted-round-robin",
        backends: WEIGHTS,
        ...service,
      },
    ],
  });
}

const ends = { source: "10.77.0.1", destination: "10.77.0.100" };
const segment = (sourcePort: number, flags = SYN, targetPort = 80, to = ends): Uint8Array =>
  to.source.includes(":")
    ? ethernet(VIRTUAL_MAC, CLIENT, TYPE_IPV6, ipv6({ ...to, next: TCP }, tcp(to, { sourcePort, targetPort, sequence: 1, flags })))
    : ethernet(VIRTUAL_MAC, CLIENT, TYPE_IPV4, ipv4({ ...to, protocol: TCP }, tcp(to, { sourcePort, targetPort, sequence: 1, flags })));
const datagram = (sourcePort: number): Uint8Array =>
  ethernet(VIRTUAL_MAC, CLIENT, TYPE_IPV4, ipv4({ ...ends, protocol: UDP }, udp(ends, { sourcePort, targetPort: 53 })));

const syns = Array.from({ length: 9 }, (_, index) => segment(40_000 + index));
const entering = (frames: Parameters<typeof capture>[0]) => [{ port: "client", capture: capture(frames) }];

for (const build of [...BUILDS, "single"] as Build[]) {
  test(`new flows are counted by service and backend, whatever follows in them (${build})`, async () => {
    const frames = [...syns, ...syns.map((_, index) => segment(40_000 + index, ACK)), segment(50_000, SYN, 81)];
    const { summary, drops } = await tell({ config: config(), inputs: entering(frames), build });
    assert.equal(summary.services, { web: { b1: 6, b2: 3 } });
    assert.equal(summary.ports, { client: { received: 19, sent: 1 }, one: { received: 0, sent: 12 }, two: { received: 0, sent: 6 } });
    assert.equal(drops, ["18 from client: no-service at client"]);
  });
}

test("without a service there is none in the summary", async () => {
  const { services, ...rest } = config();
  assert.is(services.length, 1);
  const { summary } = await tell({ config: { ...rest, services: [] }, inputs: entering(syns) });
  assert.equal(summary.services, {});
});

test("a flow ends by the clock of the capture", async () => {
  const at = (seconds: number) => ({ bytes: datagram(5000), timeNs: BigInt(seconds) * SECOND });
  const run = async (flowTimeouts: object, ...seconds: number[]) => {
    const timed = { ...config(), flowTimeouts: { ...config().flowTimeouts, ...flowTimeouts } };
    return (await tell({ config: timed, inputs: entering(seconds.map(at)) })).summary.services;
  };
  assert.equal(await run({}, 0, 20, 40), { web: { b1: 1, b2: 0 } });
  assert.equal(await run({}, 0, 20, 60), { web: { b1: 1, b2: 1 } });
  assert.equal(await run({ udpUnanswered: 90 }, 0, 20, 60), { web: { b1: 1, b2: 0 } });
});

test("the same capture has the same backends every time, those of chance too", async () => {
  for (const algorithm of ["random", "power-of-two", "maglev", "source-hash", "least-response-time"] as const) {
    const run = () => tell({ config: config({ algorithm }), inputs: entering(syns) });
    assert.equal((await run()).left, (await run()).left, algorithm);
  }
});

test("a backend whose port has no MAC yet is known from its first frame on", async () => {
  const speaks = ethernet(CLIENT, B1, TYPE_IPV4, ipv4({ source: "10.77.0.2", destination: "10.77.0.1", protocol: UDP }, new Uint8Array(8)));
  const frames = [segment(40_000), segment(40_001)].map((bytes, index) => ({ bytes, timeNs: BigInt(index * 2) * SECOND }));
  const inputs = [...entering(frames), { port: "one", capture: capture([{ bytes: speaks, timeNs: SECOND }]) }];
  const service = { backends: [{ name: "b1", address: "10.77.0.2" }] };
  const known = config(service);
  const ports = known.ports.map(({ mac, ...port }) => (port.name === "one" || mac === undefined ? port : { ...port, mac }));
  const { summary, drops } = await tell({ config: { ...known, ports }, inputs });
  assert.equal(drops, ["0 from client: backend-unresolved at client"]);
  assert.equal([summary.services, summary.adopted], [{ web: { b1: 1 } }, { one: B1 }]);
});

async function compared(before: EngineConfig, after: EngineConfig, frames = syns): Promise<Comparison & { told: Difference[] }> {
  const told: Difference[] = [];
  const options = { before, after, inputs: entering(frames), onDifference: (difference: Difference) => void told.push(difference) };
  return { ...(await compare(options)), told };
}

test("what is the same has the same backends", async () => {
  const { differences, before, after } = await compared(config(), config());
  assert.is(differences, 0);
  assert.equal([before.services, after.services], [{ web: { b1: 6, b2: 3 } }, { web: { b1: 6, b2: 3 } }]);
});

test("frames that get another backend are told, with both of them", async () => {
  const drained = config({ backends: WEIGHTS.map((backend) => (backend.name === "b2" ? { ...backend, weight: 0 } : backend)) });
  const { differences, told, before, after } = await compared(config(), drained);
  assert.is(differences, 3);
  for (const { before: was, after: is, isBytesAlone } of told) {
    assert.equal([was.served, was.outputs], [{ service: "web", backend: "b2" }, ["two"]]);
    assert.equal([is.served, is.outputs], [{ service: "web", backend: "b1" }, ["one"]]);
    assert.not(isBytesAlone);
  }
  assert.equal([before.services, after.services], [{ web: { b1: 6, b2: 3 } }, { web: { b1: 9, b2: 0 } }]);
});

test("another port of the same backend is other bytes alone", async () => {
  const ports: Service["ports"] = [{ protocol: "tcp", port: 80, targetPort: 8081 }];
  const { differences, told } = await compared(config(), config({ ports }));
  assert.is(differences, 9);
  assert.ok(told.every(({ isBytesAlone }) => isBytesAlone));
  assert.equal(told[0]?.before.served, told[0]?.after.served);
});

test("of a backend with one address and two ports the port says which it was", async () => {
  const backends = [8080, 9090].map((port) => ({ name: `b-${port}`, address: "10.77.0.2", port }));
  const ports: Service["ports"] = [{ protocol: "tcp", port: 80 }];
  const reversed = config({ ports, backends: [...backends].reverse() });
  const { told } = await compared(config({ ports, backends }), reversed, syns.slice(0, 1));
  assert.equal(
    told.map(({ before, after }) => [before.served?.backend, after.served?.backend]),
    [["b-8080", "b-9090"]],
  );
});

test("where a service comes or goes its frames have one only there; of IPv6 too", async () => {
  const to = { source: "fd77::1", destination: "fd77::100" };
  const frames = [segment(40_000), segment(40_000, SYN, 80, to)];
  const without = { ...config(), services: [] };
  const both = config({ address: ["10.77.0.100", "fd77::100"], backends: [...WEIGHTS, { name: "b6", address: "fd77::2" }] });
  const { told } = await compared(without, both, frames);
  assert.equal(
    told.map(({ before, after }) => [before.served, after.served]),
    [
      [null, { service: "web", backend: "b1" }],
      [null, { service: "web", backend: "b6" }],
    ],
  );
  const empty = await compared(both, config({ address: "fd77::100", backends: [] }), [segment(40_000, SYN, 80, to)]);
  assert.equal(
    empty.told.map(({ after }) => [after.served, after.drops]),
    [[{ service: "web", backend: null }, [{ reason: "no-backend", port: "client" }]]],
  );
});

test("nothing of a service is missing where nobody listens", async () => {
  const { services } = await replay({ config: config(), inputs: entering(syns) });
  assert.equal(services, { web: { b1: 6, b2: 3 } });
});

test.run();
