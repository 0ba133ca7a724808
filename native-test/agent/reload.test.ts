/** A reload of many changes under load. One of them is impossible: nothing changes, and the message names it. When it is mended
 *  only what differs is touched, and no frame between two ports that stay is lost.
 *
 *      c1 eth0 ==== 1,000 numbered datagrams a second ====> eth0 c2         p1, p2: the same in both files
 *      c3 e0, e1, e2, ...                                                   a quarter each goes, changes, is made anew, comes  */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortView } from "../../agent/api/schema.ts";
import { openTap } from "../../bindings/native/tap.ts";
import { closeDescriptor } from "../../bindings/native/io.ts";
import { temporaryName } from "../../bindings/ports/tap.ts";
import { scale } from "../../test/scale.ts";
import { Container } from "../engine/container.ts";
import { Datagrams } from "../engine/traffic.ts";
import { tapPort } from "../engine/topology.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { INSTANCE, type OwnAgent, startAgent } from "./support/own-agent.ts";

const test = suite("reload");
type Port = Record<string, unknown> & { name: string };

class Bench {
  readonly containers = [1, 2, 3].map((number) => new Container(number));
  readonly #networks = [{ name: "blue", subnet: ["10.77.0.0/16", "fd77::/64"] }];
  readonly #stay: object[];

  constructor() {
    const [c1, c2] = this.containers as [Container, Container];
    this.#stay = [tapPort(c1, "p1"), tapPort(c2, "p2")];
  }

  /** Port number `index` of those that change. */
  port(index: number, extra: object = {}, tap: object = {}): Port {
    const address = `10.77.${100 + Math.floor(index / 200)}.${(index % 200) + 1}/16`;
    const namespace = this.containers[2]?.namespace.name;
    return { name: `q${index}`, network: "blue", ...extra, tap: { namespace, interface: `e${index}`, address, ...tap } } as Port;
  }

  config(ports: object[]): object {
    return { networks: this.#networks, ports: [...this.#stay, ...ports] };
  }

  /** The first file, and the second one with `wrong` in the place of one of its new ports. */
  files(count: number, wrong?: object): [before: Port[], after: object[]] {
    const quarter = count / 4;
    const numbers = (from: number) => Array.from({ length: quarter }, (_, index) => from * quarter + index);
    const before = [0, 1, 2].flatMap(numbers).map((index) => this.port(index));
    const changed = numbers(1).map((index) => this.port(index, { macLimit: 7, addresses: [`10.77.200.${(index % 250) + 1}`] }));
    const anew = numbers(2).map((index) => this.port(index, {}, { offload: false }));
    const added: object[] = numbers(3).map((index) => this.port(index));
    if (wrong) added.splice(Math.floor(quarter / 2), 1, { ...added[Math.floor(quarter / 2)], ...wrong });
    return [before, [...changed, ...anew, ...added]];
  }

  /** Name and number of every device in c3. */
  devices(): string[] {
    const links = ipJson(`-n ${this.containers[2]?.namespace.name} link`) as { ifname: string; ifindex: number }[];
    return links.map(({ ifname, ifindex }) => `${ifname} ${ifindex}`).sort();
  }

  async close(): Promise<void> {
    for (const container of this.containers) await container.remove();
  }
}

const portsOf = async ({ call }: OwnAgent): Promise<PortView[]> => (await call("GET", "/v1/ports")).body;

/** What must stay of ports that are not touched: all but their counters, which only grow. */
function untouched(before: PortView[], after: PortView[]): void {
  const fixed = ({ receivedFrames: _a, receivedBytes: _b, sentFrames: _c, sentBytes: _d, droppedFrames: _e, ...rest }: PortView) => rest;
  assert.equal(after.map(fixed), before.map(fixed));
  before.forEach((port, index) => {
    const now = after[index]!;
    assert.ok(now.receivedFrames >= port.receivedFrames && now.sentFrames >= port.sentFrames, `counters of ${port.name} go on`);
  });
}

const named = (ports: PortView[], names: (name: string) => boolean) =>
  ports.filter(({ name }) => names(name)).sort((a, b) => (a.name < b.name ? -1 : 1));

async function onBench(body: (bench: Bench, agent: OwnAgent, traffic: Datagrams) => Promise<void>): Promise<void> {
  const bench = new Bench();
  const [before] = bench.files(scale.reloadedPorts);
  const agent = await startAgent(bench.config(before));
  const [c1, c2] = bench.containers as [Container, Container];
  const traffic = await Datagrams.start(c1, c2, c2.ipv4);
  await body(bench, agent, traffic);
  await agent.close();
  await bench.close();
}

test(
  ...needing(["root", "iproute2", "tun"], "one impossible change of many: nothing is changed; without it, only what differs", () =>
    onBench(async (bench, agent, traffic) => {
      const count = scale.reloadedPorts;
      const [ports, devices] = [await portsOf(agent), bench.devices()];
      const [, wrong] = bench.files(count, { tap: { namespace: "absent", interface: "x0", address: "10.77.250.1/16" } });
      const wrongName = (wrong.find((port) => JSON.stringify(port).includes("absent")) as Port).name;
      agent.write(bench.config(wrong));
      for (const dryRun of [true, false]) {
        const { status, body } = await agent.call("POST", "/v1/reload", { dryRun });
        assert.equal([status, body.error.code, body.error.path], [422, "namespace-missing", `port ${wrongName}`]);
        assert.match(body.error.message, `port ${wrongName}`);
        untouched(ports, await portsOf(agent));
        assert.equal(bench.devices(), devices);
      }

      const [, right] = bench.files(count);
      agent.write(bench.config(right));
      const began = performance.now();
      const { status, body } = await agent.call("POST", "/v1/reload", {});
      console.log(`# ${body.changes.length} changes in ${Math.round(performance.now() - began)} ms`);
      assert.equal([status, body.changes.length], [200, count]);
      const after = await portsOf(agent);
      assert.is(after.length, 2 + (count / 4) * 3);
      assert.ok(after.every(({ state }) => state === "up"));
      const quarter = count / 4;
      const isIn = (from: number, to: number) => (name: string) =>
        name[0] === "q" && Number(name.slice(1)) >= from * quarter && Number(name.slice(1)) < to * quarter;
      const stays = (name: string) => name[0] === "p";
      untouched(named(ports, stays), named(after, stays));
      // what changed while it forwarded has its device, its counters and its generation
      const living = (list: PortView[]) => named(list, isIn(1, 2)).map((port) => ({ ...port, addresses: [] }));
      untouched(living(ports), living(after));
      assert.ok(named(after, isIn(1, 2)).every(({ addresses }) => addresses.length === 2));
      assert.ok(named(after, isIn(0, 1)).length === 0);
      assert.is((await agent.call("POST", "/v1/reload", {})).body.changes.length, 0);

      const { sent, received, longestGapMs } = await traffic.stop();
      console.log(`# ${sent} datagrams, ${sent - received} lost, longest gap ${longestGapMs.toFixed(1)} ms`);
      assert.ok(sent > 0);
      assert.is(received, sent);
    }),
  ),
);

test(
  ...needing(["root", "iproute2", "tun"], "what only the kernel knows: all that was done is taken back", () =>
    onBench(async (bench, agent, traffic) => {
      const count = scale.reloadedPorts;
      const [, right] = bench.files(count);
      agent.write(bench.config(right));
      const quarter = count / 4;
      const before = await portsOf(agent);
      // the last of those that come, and the last of those that are made anew after others have gone
      for (const index of [quarter * 4 - 1, quarter * 3 - 1]) {
        const held = openTap(temporaryName(INSTANCE, `q${index}`), { offload: false });
        const { status, body } = await agent.call("POST", "/v1/reload", {});
        closeDescriptor(held.descriptor);
        assert.equal([status, body.error.code, body.error.path], [422, "device-busy", `port q${index}`], JSON.stringify(body));
        const after = await portsOf(agent);
        const isAnew = index < quarter * 3;
        const isChanged = (name: string) => name[0] === "q" && Math.floor(Number(name.slice(1)) / quarter) === 1;
        const isSame = isAnew ? (name: string) => name[0] === "p" || isChanged(name) : () => true;
        untouched(named(before, isSame), named(after, isSame));
        // what stands in the way of the new port stands in the way of the old one as well: it is held, and told of
        const states = named(before, () => true).map(({ name }) => [name, isAnew && name === `q${index}` ? "failed" : "up"]);
        assert.equal(
          named(after, () => true).map(({ name, state }) => [name, state]),
          states,
        );
        if (isAnew) assert.match(body.error.message, `except port q${index}`);
      }
      assert.is((await agent.call("POST", "/v1/reload", {})).status, 200);
      const { sent, received } = await traffic.stop();
      assert.is(received, sent);
    }),
  ),
);

test.run();
