/** Host ports of an embedding program's engine, and the default routes of containers. The test's own process enters a network
 *  namespace of its own first, which plays the host:
 *
 *   pyt-PID-c eth0 10.77.0.2 ── TAP ── engine (threads of this process) ── TAP ── py-blue 10.77.0.1, in pyt-PID-host          */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withNamespace } from "../../../bindings/native/namespace.ts";
import { startChild } from "../../support/child.ts";
import { ipJson } from "../../support/ip.ts";
import { makeNamespace, type TestNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";

const test = suite("host port");
const NEEDS = ["root", "tun", "iproute2"] as const;

/** A program that plays the host: it makes an engine of the configuration that it hears, and does what it is told. */
const HOST = `
const { Engine } = await bindings("engine.js");
const { parseConfig } = await bindings("config/parse.js");
let engine = null;
const commands = {
  create: async (config) => { engine = await Engine.create(parseConfig(config), { isolation: "thread" }); return engine.ports(); },
  ports: () => engine.ports(),
  networks: () => engine.networks(),
  removePort: (name) => engine.removePort(name),
  removeNetwork: (name) => engine.removeNetwork(name),
  addNetwork: (input) => engine.addNetwork(parseConfig({ networks: [input] }).networks[0]),
  close: () => engine.close(),
};
for (let line = await heard(); line !== undefined; line = await heard()) {
  const [name, argument] = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: (await commands[name](argument)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.code ?? String(error) }));
  }
}
`;

interface PlayedHost {
  namespace: TestNamespace;
  // biome-ignore lint/suspicious/noExplicitAny: what a test asks for, it knows
  ask(name: string, argument?: unknown): Promise<any>;
  devices(): string[];
}

async function withHost(body: (host: PlayedHost, container: TestNamespace) => Promise<void>): Promise<void> {
  const [namespace, container] = [makeNamespace("host"), makeNamespace("c")];
  const child = startChild(HOST, { through: ["ip", "netns", "exec", namespace.name] });
  const ask = async (name: string, argument?: unknown) => {
    child.say(JSON.stringify([name, argument]));
    const { answer, error } = JSON.parse(await child.line());
    return error === undefined ? answer : `error ${error}`;
  };
  const devices = () => ipJson(`-n ${namespace.name} link show`).map(({ ifname }) => ifname as string);
  await body({ namespace, ask, devices }, container);
  await ask("close");
  assert.equal(devices(), ["lo"]);
  assert.is(await child.finish(), 0);
  for (const one of [namespace, container]) one.remove();
}

const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"], gateway: ["10.77.0.1", "fd77::1"], mtu: 9000 };
const portOf = ({ path }: TestNamespace, address: string | string[] = ["10.77.0.2", "fd77::2"]) => ({
  name: "c",
  network: "blue",
  tap: { namespace: path, interface: "eth0", address },
});

test(
  ...needing([...NEEDS], "stands in the namespace of its engine with gateway addresses, MAC and MTU", () =>
    withHost(async ({ namespace, ask }, container) => {
      const ports = await ask("create", { name: "lab", networks: [blue], ports: [portOf(container)] });
      const [port] = ports;
      assert.equal([port.name, port.kind, port.state, port.addresses], ["py-blue", "host", "up", ["10.77.0.1", "fd77::1"]]);
      const [link] = ipJson(`-n ${namespace.name} address show dev py-blue`);
      assert.equal(
        [link.address, link.mtu, link.flags.includes("LOWER_UP"), link.linkinfo.info_data.persist],
        [port.mac, 9000, true, true],
      );
      const addresses = link.addr_info.filter(({ scope }: { scope: string }) => scope === "global");
      assert.equal(
        addresses.map(({ local, prefixlen, tentative }: never) => [local, prefixlen, tentative]),
        [
          ["10.77.0.1", 24, undefined],
          ["fd77::1", 64, undefined],
        ],
      );
      const [network] = await ask("networks");
      assert.equal([network.gateway, network.gateways, network.ports], ["10.77.0.1", ["10.77.0.1", "fd77::1"], ["py-blue", "c"]]);
    }),
  ),
);

test(
  ...needing([...NEEDS], "does not turn forwarding on: that is the agent's", () =>
    withHost(async ({ namespace, ask }, container) => {
      await ask("create", { networks: [blue], ports: [portOf(container)] });
      for (const setting of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) {
        const value = withNamespace(namespace.path, () => readFileSync(`/proc/sys/net/${setting}`, "utf8"));
        assert.is(value.trim(), "0", setting);
      }
    }),
  ),
);

test(
  ...needing([...NEEDS], "is the container's default route, of the families that the container has addresses of", () =>
    withHost(async ({ ask }, container) => {
      await ask("create", { networks: [blue], ports: [portOf(container, "10.77.0.2")] });
      const routes = (family: string) => ipJson(`-n ${container.name} ${family} route show default`).map(({ gateway }) => gateway);
      assert.equal([routes("-4"), routes("-6")], [["10.77.0.1"], []]);
    }),
  ),
);

test(
  ...needing([...NEEDS], "comes and goes with its network, and cannot be removed alone", () =>
    withHost(async ({ ask, devices }) => {
      await ask("create", {});
      await ask("addNetwork", blue);
      assert.equal(devices(), ["lo", "py-blue"]);
      assert.is(await ask("removePort", "py-blue"), "error port-kind");
      assert.is(await ask("removeNetwork", "blue"), null);
      assert.equal(devices(), ["lo"]);
      await ask("addNetwork", blue);
      assert.equal(devices(), ["lo", "py-blue"]);
    }),
  ),
);

test(
  ...needing([...NEEDS], "that cannot be made leaves no network", () =>
    withHost(async ({ namespace, ask, devices }) => {
      await ask("create", {});
      ipJson(`-n ${namespace.name} link add py-blue type veth peer name far`);
      assert.is(await ask("addNetwork", blue), "error interface-taken");
      assert.equal(await ask("networks"), []);
      ipJson(`-n ${namespace.name} link del py-blue`);
      ipJson(`-n ${namespace.name} address add 10.77.0.200/25 dev lo`);
      assert.is(await ask("addNetwork", blue), "error subnet-in-use");
      assert.equal([await ask("networks"), await ask("ports"), devices()], [[], [], ["lo"]]);
    }),
  ),
);

test(
  ...needing([...NEEDS], "that somebody removes is gone, and the engine goes on", () =>
    withHost(async ({ namespace, ask }, container) => {
      await ask("create", { networks: [blue], ports: [portOf(container)] });
      ipJson(`-n ${namespace.name} link del py-blue`);
      const end = performance.now() + 5000;
      let states: [string, string][] = [];
      do states = (await ask("ports")).map(({ name, state }: { name: string; state: string }) => [name, state]);
      while (states[0]?.[1] === "up" && performance.now() < end);
      assert.equal(states, [
        ["py-blue", "gone"],
        ["c", "up"],
      ]);
    }),
  ),
);

test.run();
