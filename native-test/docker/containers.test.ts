/** Docker's containers on networks of Portyard, as people use them (support/docker-host.ts draws the host). */
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { answering, asks, HOST, isSilent, pings, settled, until, WORLD } from "../cli/support/world.ts";
import { dockerStory } from "./support/docker-host.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("Docker containers");
const DRIVER = ["-d", "portyard", "--ipam-driver", "portyard"];
const NETWORKS = 4;
const COMPOSE_FILE = fileURLToPath(new URL("../../../examples/docker-compose/compose.yaml", import.meta.url));

test(
  ...dockerStory("the example: two containers find each other by name", async (host) => {
    const before = await host.listing();
    await host.docker("network", "create", ...DRIVER, "my-network");
    for (const name of ["container1", "container2"])
      await host.docker("run", "-d", "--net", "my-network", "--name", name, "busybox", "sleep", "infinity");
    assert.match(await host.docker("exec", "container1", "ping", "-c", "5", "container2"), "5 packets received, 0% packet loss");
    const [{ IPAM, Containers }] = JSON.parse(await host.docker("network", "inspect", "my-network"));
    assert.is(IPAM.Driver, "portyard");
    assert.is(Object.keys(Containers).length, 2);
    const refused = await host.docker("network", "rm", "my-network").catch((error) => error.message);
    assert.match(refused, "has active endpoints");
    await host.docker("rm", "-f", "container1", "container2");
    await host.docker("network", "rm", "my-network");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test(
  ...dockerStory(
    "Compose starts containers on a network of ours",
    async (host) => {
      const before = await host.listing();
      await host.compose(COMPOSE_FILE, "up", "-d");
      const pinged = await host.compose(COMPOSE_FILE, "exec", "-T", "container1", "ping", "-c", "3", "container2");
      assert.match(pinged, "3 packets received, 0% packet loss");
      const [{ mtu }] = await host.yard.json("show", "networks");
      assert.is(mtu, 9000, "driver_opts");
      await host.compose(COMPOSE_FILE, "down");
      assert.equal(await host.listing(), before, "nothing is left");
    },
    ["compose"],
  ),
);

test(
  ...dockerStory(`${scale.dockerContainers} containers on ${NETWORKS} networks reach those of their own, and no others`, async (host) => {
    const { machine } = host;
    const before = await host.listing();
    const networks = Array.from({ length: NETWORKS }, (_, index) => `net${index}`);
    for (const [index, network] of networks.entries()) {
      const six = ["--ipv6", "--subnet", `10.99.${index}.0/24`, "--subnet", `fd99:${index}::/64`];
      await host.docker("network", "create", ...DRIVER, ...(index % 2 === 0 ? six : []), network);
    }
    const containers = Array.from({ length: scale.dockerContainers }, (_, index) => ({
      name: `c${index}`,
      network: networks[index % NETWORKS]!,
    }));
    await Promise.all(containers.map(({ name, network }) => host.run(name, network)));
    const addresses = new Map<string, string>();
    for (const { name, network } of containers) addresses.set(name, await host.address(name, network));
    assert.is(new Set(addresses.values()).size, containers.length, "everybody has an address of its own");
    const peers = (name: string, isOwn: boolean) => {
      const { network } = containers.find((one) => one.name === name)!;
      return containers.filter((one) => one.name !== name && (one.network === network) === isOwn);
    };
    for (const { name } of containers) {
      for (const peer of peers(name, true))
        assert.is(await pings(machine, name, addresses.get(peer.name)!, 1), 1, `${name} to ${peer.name}`);
    }
    const strangers = containers.map(async ({ name }, index) => {
      const others = peers(name, false);
      return isSilent(machine, name, addresses.get(others[index % others.length]!.name)!);
    });
    assert.ok((await Promise.all(strangers)).every(Boolean), "networks are isolated");
    const [first, second] = containers.filter(({ network }) => network === "net0");
    await settled(machine, first!.name, second!.name);
    const six = await host.address(second!.name, "net0", "GlobalIPv6Address");
    assert.is(await pings(machine, first!.name, six), 3, "IPv6");
    await host.docker("rm", "-f", ...containers.map(({ name }) => name));
    await host.docker("network", "rm", ...networks);
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test(
  ...dockerStory("what is published is reached from everywhere, and the server sees the client's address", async (host) => {
    const { machine } = host;
    const before = await host.listing();
    const subnets = ["--ipv6", "--subnet", "10.99.0.0/24", "--subnet", "fd99::/64"];
    await host.docker("network", "create", ...DRIVER, ...subnets, "web");
    // 7008 is where the answerer of the tests listens, and where its clients ask
    await host.run("server", "web", "-p", "7008:7008", "-p", "7008:7008/udp", "-p", "127.0.0.1:9000-9002:9000-9002", "-p", "5353/udp");
    await host.run("client", "web");
    await settled(machine, "server", "client");
    const answerer = await answering(machine, "server");
    for (const family of [4, 6] as const) {
      for (const protocol of ["tcp", "udp"] as const)
        assert.is(
          await asks(machine, "world", protocol, HOST[family]),
          `${WORLD[family]} 100`,
          `${protocol} over IPv${family} from the world`,
        );
    }
    const ask = (namespace: string, address: string) => asks(machine, namespace, "tcp", address);
    assert.is(await ask("client", HOST[4]), "10.99.0.1 100", "a container of the network comes as the gateway");
    assert.is(await ask("server", HOST[4]), "10.99.0.1 100", "and so does the server itself");
    assert.match(await machineAsks(host, "127.0.0.1"), / 100$/);
    assert.match(await machineAsks(host, "::1"), / 100$/);
    const published = await host.yard.json("show", "published");
    const places = published.map(({ protocol, hostAddress, hostPort, targetPort }: Record<string, unknown>) =>
      [protocol, hostAddress, targetPort === 5353 ? "any" : hostPort, targetPort].join(" "),
    );
    for (const place of [
      "tcp 0.0.0.0 7008 7008",
      "tcp :: 7008 7008",
      "udp 0.0.0.0 7008 7008",
      "tcp 127.0.0.1 9001 9001",
      "udp 0.0.0.0 any 5353",
    ])
      assert.ok(places.includes(place), `${place} in ${places.join(", ")}`);
    const taken = await host.docker("run", "--rm", "--network", "web", "-p", "7008:80", "busybox", "true").catch((error) => error.message);
    assert.match(taken, "7008");
    await answerer.kill();
    await host.docker("rm", "-f", "server", "client");
    assert.equal(await host.yard.json("show", "published"), []);
    await host.docker("network", "rm", "web");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

/** From the host's own namespace. */
const machineAsks = ({ machine }: { machine: Parameters<typeof asks>[0] }, address: string) => {
  machine.tool("sh", "-c", "[ -e /run/netns/host ] || { touch /run/netns/host; mount --bind /proc/self/ns/net /run/netns/host; }");
  return asks(machine, "host", "tcp", address);
};

test(
  ...dockerStory("networks come and go under running containers, and containers are restarted", async (host) => {
    const { machine } = host;
    const before = await host.listing();
    await host.docker("network", "create", ...DRIVER, "one");
    await host.docker("network", "create", ...DRIVER, "--subnet", "10.99.0.0/24", "two");
    await host.run("c1", "one");
    await host.run("c2", "two");
    await host.docker("network", "connect", "--ip", (await host.address("c2", "two")).replace(/\d+$/, "77"), "two", "c1");
    assert.match(await host.address("c1", "two"), /\.77$/);
    assert.is(await pings(machine, "c1", await host.address("c2", "two")), 3);
    await host.docker("network", "disconnect", "two", "c1");
    assert.ok(await isSilent(machine, "c1", await host.address("c2", "two")));
    await host.docker("network", "connect", "two", "c1");
    assert.is(await pings(machine, "c1", await host.address("c2", "two")), 3);
    await host.docker("restart", "-t", "0", "c2");
    assert.is(await pings(machine, "c1", await host.address("c2", "two")), 3);
    await host.docker("stop", "-t", "0", "c2");
    await until(
      "the port is gone",
      async () => (await host.yard.json("show", "ports")).filter(({ kind }: { kind: string }) => kind === "tap").length === 2,
    );
    await host.docker("start", "c2");
    assert.is(await pings(machine, "c1", await host.address("c2", "two")), 3);
    await host.docker("rm", "-f", "c1", "c2");
    await host.docker("network", "rm", "one", "two");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test(
  ...dockerStory("internal networks, an MTU, a range, a gateway and a MAC of Docker's choice, and Docker's own addresses", async (host) => {
    const { machine } = host;
    const before = await host.listing();
    const inside = ["--internal", "--subnet", "10.99.0.0/24", "--ip-range", "10.99.0.128/28", "--gateway", "10.99.0.254"];
    await host.docker("network", "create", ...DRIVER, ...inside, "-o", "portyard.mtu=1400", "-o", "portyard.name=closed", "closed");
    await host.run("c1", "closed", "--mac-address", "02:00:00:00:00:0a");
    await host.run("c2", "closed", "--ip", "10.99.0.5");
    assert.match(await host.address("c1", "closed"), /^10\.99\.0\.1(2[89]|3\d|4[0-3])$/);
    assert.is(await host.address("c2", "closed"), "10.99.0.5");
    const [link] = JSON.parse(machine.tool("ip", "-n", "c1", "-json", "link", "show", "eth0"));
    assert.equal([link.address, link.mtu], ["02:00:00:00:00:0a", 1400]);
    assert.is(await pings(machine, "c1", "10.99.0.5"), 3);
    assert.is(await pings(machine, "c1", "10.99.0.254"), 3, "the host is reached");
    assert.is(machine.tool("ip", "-n", "c1", "route", "show", "default"), "", "the world is not");
    assert.is((await host.yard.json("show", "networks"))[0].name, "closed");
    await host.docker("network", "create", "-d", "portyard", "plain");
    await host.run("c3", "plain");
    await host.run("c4", "plain");
    assert.is(await pings(machine, "c3", await host.address("c4", "plain")), 3);
    const world = await answering(machine, "world");
    assert.is(await asks(machine, "c3", "tcp", WORLD[4]), `${HOST[4]} 100`, "out, by the host's address");
    await world.kill();
    const refused = await host.docker("network", "create", ...DRIVER, "-o", "portyard.colour=blue", "odd").catch((error) => error.message);
    assert.match(refused, "There is no network option portyard.colour");
    await host.docker("rm", "-f", "c1", "c2", "c3", "c4");
    await host.docker("network", "rm", "closed", "plain");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test.run();
