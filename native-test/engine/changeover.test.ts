/** An engine takes over from one whose tables are of another layout, here of other sizes: the predecessor's forwarder goes on
 *  until the new one has everything. The predecessor lets go or is killed, with its forwarder or without it.
 *
 *      c1 eth0 ── TAP p1 ──┐
 *      c2 eth0 ── TAP p2 ──┤ forwarder over `tables`    ──>   forwarder over `tables.new`, then `tables`
 *      c3 eth0 ── veth p3 ─┘                                  c3 is learned, nothing of it is bound                    */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import type { PortyardError } from "../../bindings/error.ts";
import { scale } from "../../test/scale.ts";
import { startChild } from "../support/child.ts";
import { onEnd } from "../support/cleanup.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { devicesIn, filesOf, isAlive, letGo, other, type Scene, stations, withEngine, withPredecessor } from "./predecessor.ts";
import { lawHolds, until } from "./topology.ts";
import { printOutcomes } from "./outcomes.ts";
import { Datagrams, type Outcome, Streams } from "./traffic.ts";

const test = suite("changeover");
const NEEDS = ["root", "iproute2", "tun"] as const;
/** A folder of this name keeps the new forwarder from listening. */
const OBSTACLE = "forwarder.new.sock";

/** Creates the engine that it hears of, and does not settle. */
const UNSETTLED = `
const { Engine } = await bindings("engine.js");
const engine = await Engine.create(JSON.parse(await heard()), { settle: false });
console.log(engine.forwarderPid());
await heard();
`;

const absent = { ...tapConfig("p9"), tap: { namespace: "absent", interface: "eth0", addresses: [], offload: true } };

function tapConfig(name: string): EngineConfig["ports"][number] {
  return { name, network: "blue", mac: "02:00:00:00:00:99", addresses: [], staticMacs: [], macLimit: 8, sourceCheck: false };
}

/** A tmpfs that has room for the tables of one engine, and what unmounts it. */
function smallFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync("/run/pyt-small-");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=100m", "tmpfs", path]);
  const remove = onEnd(`tmpfs ${path}`, () => {
    execFileSync("umount", ["--lazy", path]); // what an engine mapped is let go of when its memory is collected
    rmdirSync(path);
  });
  return { path, remove };
}

for (const [how, end] of [
  ["lets go", letGo],
  ["is killed", ({ predecessor }: Scene) => predecessor.kill("SIGKILL")],
] as const)
  test(
    ...needing(
      [...NEEDS],
      `an engine whose process ${how} is taken over into larger tables and two workers, ${scale.layoutSuccessions} times`,
      async () => {
        const outcomes: Outcome[] = [];
        for (let round = 0; round < scale.layoutSuccessions; round++) {
          await withPredecessor(async (scene) => {
            const [first, second, third] = scene.containers;
            const streams = await Streams.open(second, third, third.ipv4, scale.livingStreams);
            const load = await Datagrams.start(first, second, second.ipv4);
            await end(scene);
            await withEngine(other(scene.config), async (engine) => {
              assert.is.not(engine.forwarderPid(), scene.forwarder);
              await until(() => !isAlive(scene.forwarder));
              assert.equal(
                engine.ports().map(({ name, state, pinned }) => [name, state, pinned]),
                ["p1", "p2", "p3"].map((name) => [name, "up", false]),
              );
              assert.equal(new Set(engine.ports().map(({ worker }) => worker)).size, 2);
              assert.ok(
                stations(engine).some((station) => station.endsWith("p3 learned")),
                "what was learned is known",
              );
              assert.equal(filesOf(scene), ["forwarder.log", "forwarder.sock", "tables"]);
              await streams.goOn();
              await streams.close();
              const outcome = await load.stop();
              outcomes.push(outcome);
              assert.is(
                outcome.received,
                outcome.sent,
                `longest gap ${outcome.longestGapMs} ms, dropped: ${JSON.stringify(engine.drops())}`,
              );
              assert.ok(engine.ports().find(({ name }) => name === "p2")!.sentFrames > outcome.sent / 2, "counts go on");
              await lawHolds(engine);
            });
            assert.equal(scene.containers.map(devicesIn), [["lo"], ["lo"], ["lo", "eth0"]]);
          });
        }
        printOutcomes(`to other sizes, when the predecessor ${how}`, outcomes);
      },
    ),
  );

test(
  ...needing(
    [...NEEDS],
    "when the forwarder is dead too, stations and counts come from the file alone, and the most recent ones fit",
    async () => {
      await withPredecessor(async (scene) => {
        const [first, second, third] = scene.containers;
        const { sent } = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
        await Datagrams.send(third, second, second.ipv4, 1);
        await scene.predecessor.kill("SIGKILL");
        process.kill(scene.forwarder, "SIGKILL");
        await withEngine({ ...scene.config, tables: { macs: 4, flows: 64 } }, async (engine) => {
          assert.ok(engine.ports().every(({ state, kind, pinned }) => state === "up" && pinned === (kind === "tap")));
          assert.ok(stations(engine).some((station) => station.endsWith("p3 learned")));
          assert.ok(engine.ports().find(({ name }) => name === "p2")!.sentFrames >= sent);
          const after = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
          assert.is(after.received, after.sent);
          await lawHolds(engine);
        });
      });
    },
  ),
);

/** A takeover that fails with `code`, and what became of the predecessor's forwarder. */
async function failedTakeover(code: string, wanted: (scene: Scene) => EngineConfig, folder?: string): Promise<void> {
  await withPredecessor(async (scene) => {
    const [first, second] = scene.containers;
    const { runDirectory } = scene;
    const load = await Datagrams.start(first, second, second.ipv4);
    await letGo(scene);
    const config = wanted(scene);
    const before = filesOf(scene);
    await createEngine(config, { runDirectory }).then(
      () => assert.unreachable("it came up"),
      (error: PortyardError) => assert.is(error.code, code, error.message),
    );
    assert.equal(filesOf(scene), before);
    rmSync(join(runDirectory, OBSTACLE), { recursive: true, force: true });
    assert.ok(isAlive(scene.forwarder));
    const outlives = async (engine: Engine) => {
      assert.is(engine.forwarderPid(), scene.forwarder, "and can be taken over as it is");
      const outcome = await load.stop();
      assert.is(outcome.received, outcome.sent);
      await lawHolds(engine);
    };
    await withEngine(scene.config, outlives, { runDirectory });
    assert.equal(scene.containers.map(devicesIn), [["lo"], ["lo"], ["lo", "eth0"]]);
  }, folder);
}

test(
  ...needing([...NEEDS], "where a port cannot be made, the predecessor's forwarder goes on without a lost frame", () =>
    failedTakeover("namespace-missing", ({ config }) => ({ ...other(config), ports: [...config.ports, absent] })),
  ),
);

test(
  ...needing([...NEEDS], "where there is no room for the tables, the predecessor's forwarder goes on without a lost frame", async () => {
    const folder = smallFolder();
    try {
      await failedTakeover("tmpfs-full", ({ config }) => ({ ...config, tables: { macs: 262_144, flows: 64 } }), folder.path);
    } finally {
      folder.remove();
    }
  }),
);

test(
  ...needing([...NEEDS], "where the new forwarder does not start, the predecessor's goes on without a lost frame", () =>
    failedTakeover("file-failed", ({ config, runDirectory }) => {
      mkdirSync(join(runDirectory, OBSTACLE));
      return other(config);
    }),
  ),
);

test(
  ...needing([...NEEDS], "a port that was lent its address keeps it, and so do ports that are lent one afterwards", async () => {
    await withPredecessor(async (scene) => {
      const [first, second] = scene.containers;
      await letGo(scene);
      const lent = (name: string, { namespace }: Container): EngineConfig["ports"][number] => ({
        ...tapConfig(name),
        tap: { namespace: namespace.name, interface: name, addresses: [], offload: true },
      });
      const addressOf = ({ namespace }: Container, device: string): string[] =>
        ipJson(`-n ${namespace.name} address show dev ${device}`)[0].addr_info.map(({ local }: { local: string }) => local);
      const wanted = { ...scene.config, ports: [...scene.config.ports, lent("p4", first)] };
      const engine = await createEngine(wanted);
      const before = addressOf(first, "p4");
      await engine.leave();
      await withEngine(
        { ...other(wanted), ports: [...wanted.ports, { ...lent("p5", second), mac: "02:00:00:00:00:98" }] },
        async (next) => {
          assert.equal(addressOf(first, "p4"), before);
          assert.equal(
            before.slice(0, 2).sort(),
            next
              .ports()
              .find(({ name }) => name === "p4")!
              .addresses.slice()
              .sort(),
          );
          assert.not.ok(addressOf(second, "p5").some((address) => before.includes(address)));
        },
      );
    });
  }),
);

for (const [which, victim] of [
  ["new", (engine: Engine) => engine.forwarderPid() as number],
  ["old", (_engine: Engine, { forwarder }: Scene) => forwarder],
] as const)
  test(
    ...needing([...NEEDS], `a takeover in whose middle the ${which} forwarder is killed comes to its end`, async () => {
      await withPredecessor(async (scene) => {
        const [first, second] = scene.containers;
        await letGo(scene);
        await withEngine(
          other(scene.config),
          async (engine) => {
            process.kill(victim(engine, scene), "SIGKILL");
            await engine.settle();
            assert.ok(engine.ports().every(({ state }) => state === "up"));
            await until(() => engine.forwarderPid() !== null);
            assert.not.ok(filesOf(scene).some((name) => name.includes("new") || name.includes("old")));
            const { sent, received } = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
            assert.is(received, sent);
          },
          { settle: false },
        );
        assert.equal(scene.containers.map(devicesIn), [["lo"], ["lo"], ["lo", "eth0"]]);
      });
    }),
  );

test(
  ...needing(
    [...NEEDS],
    "a port that is configured differently is made anew, and one that nobody asks for ends after the switch",
    async () => {
      await withPredecessor(async (scene) => {
        const [first, second, third] = scene.containers;
        await scene.predecessor.kill("SIGKILL");
        const [p1, p2] = scene.config.ports as [EngineConfig["ports"][number], EngineConfig["ports"][number]];
        await withEngine({ ...other(scene.config), ports: [p1, { ...p2, macLimit: 7 }] }, async (engine) => {
          assert.equal(
            engine.ports().map(({ name, state }) => [name, state]),
            [
              ["p1", "up"],
              ["p2", "up"],
            ],
          );
          const { sent, received } = await Datagrams.send(first, second, second.ipv4, scale.countedDatagrams);
          assert.is(received, sent);
          assert.equal(devicesIn(third), ["lo", "eth0"], "the veth is not ours");
        });
      });
    },
  ),
);

test(
  ...needing([...NEEDS], "an engine that died in the middle of a takeover is forgotten by the next", async () => {
    await withPredecessor(async (scene) => {
      const [first, second] = scene.containers;
      const load = await Datagrams.start(first, second, second.ipv4);
      await letGo(scene);
      const unsettled = startChild(UNSETTLED);
      unsettled.say(JSON.stringify(other(scene.config)));
      const pid = Number(await unsettled.line());
      assert.ok(filesOf(scene).includes("tables.new"));
      await unsettled.kill("SIGKILL");
      await withEngine(scene.config, async (engine) => {
        await until(() => !isAlive(pid));
        assert.is(engine.forwarderPid(), scene.forwarder);
        assert.equal(filesOf(scene), ["forwarder.log", "forwarder.sock", "tables"]);
        const outcome = await load.stop();
        assert.is(outcome.received, outcome.sent);
      });
    });
  }),
);

test.run();
