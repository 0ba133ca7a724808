/** Docker's side of many conversations, played at random: networks, endpoints and containers come and go, calls are repeated, go to ids that
 *  never were, and the agent dies at any write in the middle of a call, whose answer is then lost and which Docker repeats. What Docker was
 *  told in the end is the model: engine, records and state must say the same. */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STALE_MS } from "../../../agent/docker/ipam/pool-book.ts";
import { scale } from "../../scale.ts";
import { CrashingAgent, Death, type Fuse } from "./support/crashing-agent.ts";

const test = suite("Docker conversations");

const NETWORKS = 3;
const ENDPOINTS = 5;
const HOST_PORTS = 3;
const GATEWAY = { RequestAddressType: "com.docker.network.gateway" };
const MAC = "com.docker.network.endpoint.macaddress";

interface Action {
  kind: "create" | "remove" | "connect" | "disconnect" | "join" | "leave" | "publish" | "revoke" | "stranger" | "restart";
  /** Which network or endpoint, sandbox or host port. */
  which: number;
  other: number;
  /** Docker names the subnet. */
  isNamed: boolean;
  /** Each call is made twice. */
  isRepeated: boolean;
  /** Which call of the action dies, and where; null for none. */
  fuse: (Fuse & { call: number }) | null;
}

interface Network {
  id: string;
  pool: string;
  subnet: string;
  gateway: string;
}

interface Endpoint {
  id: string;
  network: Network;
  address: string;
  mac: string;
  sandbox: string | null;
  hostPort: number | null;
}

/** Docker, as far as it talks to the driver. */
class Docker {
  readonly agent = new CrashingAgent();
  readonly networks = new Map<number, Network>();
  readonly endpoints = new Map<number, Endpoint>();
  #ids = 0;
  #action: Action | null = null;
  #calls = 0;

  async play(action: Action): Promise<void> {
    this.#action = action;
    this.#calls = 0;
    await this[action.kind](action);
    this.#action = null;
    await this.holds();
  }

  /** One call, repeated as often as it takes to get an answer; repeated once more, it is answered the same. */
  async call(method: string, body: object): Promise<Record<string, unknown>> {
    const { fuse, isRepeated } = this.#action ?? { fuse: null, isRepeated: false };
    if (fuse !== null && fuse.call === this.#calls++) this.agent.arm({ ...fuse });
    const answer = await this.#answer(method, body);
    // a pool that Docker names none for is another one each time
    const isChoice = method === "IpamDriver.RequestPool" && (body as { Pool: string }).Pool === "";
    if (isRepeated && !isChoice) assert.equal(plain(await this.#answer(method, body)), plain(answer), `${method} repeated`);
    if (answer instanceof Error) throw answer;
    return answer as Record<string, unknown>;
  }

  async #answer(method: string, body: object): Promise<object | Error> {
    for (;;) {
      try {
        return await this.agent.call(method, body);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        await this.agent.start();
      }
    }
  }

  #id(): string {
    return (++this.#ids).toString(16).padStart(8, "0").padEnd(64, "f");
  }

  async create({ which, isNamed }: Action): Promise<void> {
    if (this.networks.has(which)) return;
    const wanted = isNamed ? `10.${220 + which}.0.0/24` : "";
    const { PoolID: pool, Pool: subnet } = await this.call("IpamDriver.RequestPool", {
      AddressSpace: "portyard-local",
      Pool: wanted,
      SubPool: "",
      V6: false,
    });
    const { Address: gateway } = await this.call("IpamDriver.RequestAddress", { PoolID: pool, Address: "", Options: GATEWAY });
    const network = { id: this.#id(), pool: String(pool), subnet: String(subnet), gateway: String(gateway) };
    const data = [{ AddressSpace: "portyard-local", Pool: subnet, Gateway: gateway, AuxAddresses: {} }];
    await this.call("NetworkDriver.CreateNetwork", { NetworkID: network.id, Options: {}, IPv4Data: data, IPv6Data: null });
    this.networks.set(which, network);
  }

  async remove({ which }: Action): Promise<void> {
    const network = this.networks.get(which);
    if (network === undefined) return;
    const isUsed = [...this.endpoints.values()].some((endpoint) => endpoint.network === network);
    // while there are endpoints it is another network's end, which could not be made in the same subnet
    await this.call("IpamDriver.ReleaseAddress", { PoolID: network.pool, Address: bare(network.gateway) });
    await this.call("IpamDriver.ReleasePool", { PoolID: network.pool });
    const deletion = this.call("NetworkDriver.DeleteNetwork", { NetworkID: network.id });
    if (isUsed) return void assert.match(String(await deletion.catch((error) => error)), /has endpoint/);
    await deletion;
    this.networks.delete(which);
  }

  async connect({ which, other }: Action): Promise<void> {
    const network = this.networks.get(other % NETWORKS);
    if (network === undefined || this.endpoints.has(which)) return;
    const id = this.#id();
    const mac = `02:42:00:00:00:${this.#ids.toString(16).padStart(2, "0").slice(-2)}`;
    const { Address: address } = await this.call("IpamDriver.RequestAddress", {
      PoolID: network.pool,
      Address: "",
      Options: { [MAC]: mac },
    });
    const wanted = { Address: address, AddressIPv6: "", MacAddress: mac };
    const { Interface } = await this.call("NetworkDriver.CreateEndpoint", {
      NetworkID: network.id,
      EndpointID: id,
      Interface: wanted,
      Options: {},
    });
    assert.equal(Interface, {}, "nothing that Docker chose is chosen again");
    this.endpoints.set(which, { id, network, address: String(address), mac, sandbox: null, hostPort: null });
  }

  async join({ which, other }: Action): Promise<void> {
    const endpoint = this.endpoints.get(which);
    if (endpoint === undefined) return;
    const sandbox = `/var/run/docker/netns/sandbox-${other % 2}`;
    const answer = await this.call("NetworkDriver.Join", { ...this.#idsOf(endpoint), SandboxKey: sandbox, Options: {} });
    assert.is(answer.Gateway, bare(endpoint.network.gateway));
    endpoint.hostPort = endpoint.sandbox === sandbox ? endpoint.hostPort : null;
    endpoint.sandbox = sandbox;
  }

  async publish({ which, other }: Action): Promise<void> {
    const endpoint = this.endpoints.get(which);
    if (endpoint === undefined || endpoint.sandbox === null) return;
    const hostPort = 8000 + (other % HOST_PORTS);
    const map = [{ Proto: 6, IP: "", Port: 80, HostIP: "", HostPort: hostPort, HostPortEnd: hostPort }];
    const options = { "com.docker.network.portmap": map };
    const isTaken = [...this.endpoints.values()].some((one) => one !== endpoint && one.hostPort === hostPort);
    const programming = this.call("NetworkDriver.ProgramExternalConnectivity", { ...this.#idsOf(endpoint), Options: options });
    if (isTaken) return void assert.instance(await programming.catch((error) => error), Error);
    await programming;
    endpoint.hostPort = hostPort;
  }

  async revoke({ which }: Action): Promise<void> {
    const endpoint = this.endpoints.get(which);
    if (endpoint === undefined) return;
    await this.call("NetworkDriver.RevokeExternalConnectivity", this.#idsOf(endpoint));
    endpoint.hostPort = null;
  }

  async leave({ which }: Action): Promise<void> {
    const endpoint = this.endpoints.get(which);
    if (endpoint === undefined) return;
    await this.call("NetworkDriver.Leave", this.#idsOf(endpoint));
    endpoint.hostPort = null;
    endpoint.sandbox = null;
  }

  async disconnect({ which }: Action): Promise<void> {
    const endpoint = this.endpoints.get(which);
    if (endpoint === undefined) return;
    await this.call("NetworkDriver.DeleteEndpoint", this.#idsOf(endpoint));
    await this.call("IpamDriver.ReleaseAddress", { PoolID: endpoint.network.pool, Address: bare(endpoint.address) });
    this.endpoints.delete(which);
  }

  /** Ids that never were: an end is no error, anything else is. */
  async stranger(): Promise<void> {
    const ids = { NetworkID: "no-such-network", EndpointID: "no-such-endpoint" };
    for (const method of ["DeleteEndpoint", "Leave", "DeleteNetwork", "RevokeExternalConnectivity"])
      assert.equal(await this.call(`NetworkDriver.${method}`, ids), {});
    for (const method of ["Join", "CreateEndpoint", "EndpointOperInfo", "ProgramExternalConnectivity"])
      assert.match(
        String(await this.call(`NetworkDriver.${method}`, { ...ids, SandboxKey: "/x" }).catch((error) => error)),
        /does not know/,
      );
    for (const method of ["ReleasePool", "ReleaseAddress"])
      await this.call(`IpamDriver.${method}`, { PoolID: "no-such-pool", Address: "10.0.0.1" });
  }

  async restart(): Promise<void> {
    await this.agent.start();
  }

  #idsOf({ id, network }: Endpoint): { NetworkID: string; EndpointID: string } {
    return { NetworkID: network.id, EndpointID: id };
  }

  /** Engine and records say what Docker was told. */
  async holds(): Promise<void> {
    const { engine, disk } = this.agent;
    const endpoints = [...this.endpoints.values()];
    const held = endpoints.map(({ network, address }) => `${network.id} ${address}`);
    assert.is(new Set(held).size, held.length, "no address has two holders");
    const subnets = [...this.networks.values()].map(({ subnet }) => subnet);
    assert.is(new Set(subnets).size, subnets.length, "no subnet is two networks'");
    assert.equal(
      engine
        .networks()
        .map(({ subnets: all }) => all.join())
        .sort(),
      subnets.sort(),
    );
    const ports = engine.ports().map(({ mac, addresses }) => `${mac} ${addresses.join()}`);
    const joined = endpoints.filter(({ sandbox }) => sandbox !== null).map(({ mac, address }) => `${mac} ${bare(address)}`);
    for (const port of joined) assert.ok(ports.includes(port), `a port ${port}`);
    const known = endpoints.map(({ mac, address }) => `${mac} ${bare(address)}`);
    for (const port of ports) assert.ok(known.includes(port), `port ${port} is an endpoint's`);
    assert.is(disk.records?.endpoints.length ?? 0, endpoints.length);
    assert.is(disk.records?.networks.length ?? 0, subnets.length);
    const published = (disk.state?.ports ?? []).flatMap(({ config }) => config.publish ?? []).sort();
    assert.equal(published, endpoints.flatMap(({ hostPort }) => (hostPort === null ? [] : [`${hostPort}:80/tcp`])).sort());
  }

  /** All goes, and nothing is left: pools whose answer was lost after their time. */
  async end(): Promise<void> {
    const common = { other: 0, isNamed: true, isRepeated: false, fuse: null };
    for (const which of [...this.endpoints.keys()]) await this.play({ kind: "disconnect", which, ...common });
    for (const which of [...this.networks.keys()]) await this.play({ kind: "remove", which, ...common });
    this.agent.nowMs += STALE_MS + 1;
    const { PoolID } = await this.call("IpamDriver.RequestPool", { AddressSpace: "portyard-local", Pool: "", SubPool: "", V6: false });
    await this.call("IpamDriver.ReleasePool", { PoolID });
    const { state, records } = this.agent.disk;
    assert.is(records, null);
    assert.equal([state?.networks ?? [], state?.ports ?? []], [[], []]);
    assert.equal([this.agent.engine.networks(), this.agent.engine.ports()], [[], []]);
  }
}

const bare = (address: string): string => address.replace(/\/.*/, "");
const plain = (answer: object | Error): unknown => (answer instanceof Error ? answer.message : answer);

const fuse = fc.record({ call: fc.nat(2), writes: fc.integer({ min: 1, max: 3 }), isWritten: fc.boolean() });
const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom(
    ...(["create", "create", "remove", "connect", "connect", "connect", "disconnect", "join", "join", "leave"] as const),
    ...(["publish", "publish", "revoke", "stranger", "restart"] as const),
  ),
  which: fc.nat(ENDPOINTS - 1),
  other: fc.nat(11),
  isNamed: fc.boolean(),
  isRepeated: fc.boolean(),
  fuse: fc.option(fuse, { freq: 2 }),
});

test(`${scale.dockerConversations} conversations, with repeats, wrong ids, lost answers and deaths: engine and records are what Docker was told`, async () => {
  const conversation = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
    const docker = new Docker();
    await docker.agent.start();
    for (const one of actions)
      await docker.play(one.kind === "create" || one.kind === "remove" ? { ...one, which: one.which % NETWORKS } : one);
    await docker.end();
  });
  await fc.assert(conversation, { numRuns: scale.dockerConversations });
});

test.run();
