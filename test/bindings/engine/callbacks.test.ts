/** What callbacks of an inline engine may do at a bad moment: throw, send, remove ports, close the engine. After each case the books
 *  are right and frames go on. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { conserved } from "../../support/conservation.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { TYPE_EXPERIMENT, ethernet } from "../../support/packet/ethernet.ts";
import { A, B, C, type World, codeOf, expectError, no, story as storyOf, toAll } from "./world.ts";

const test = suite("callbacks of an inline engine");
const story = (name: string, body: (world: World) => void | Promise<void>, options = {}): void => storyOf(test, name, body, options);

// ---------------------------------------------------------------- callbacks that throw
story("a listener that throws has refused its copy; the other ports get theirs, and then the error comes out", (world) => {
  world.engine.memoryPort("b").onFrame(no);
  expectError("Error: no", () => world.send("a"));
  assert.equal(world.take(), ["c 60"]);
  assert.equal(world.drops(), ["1 port-full at b"]);
});

story("of several errors the first comes out", (world) => {
  for (const name of ["b", "c"])
    world.engine.memoryPort(name).onFrame(() => {
      throw new Error(name);
    });
  expectError("Error: b", () => world.send("a"));
  assert.equal(world.drops(), ["1 port-full at b", "1 port-full at c"]);
});

story("an error that is undefined is an error too", (world) => {
  world.engine.memoryPort("b").onFrame(() => {
    throw undefined;
  });
  expectError("undefined", () => world.send("a"));
});

story("an error of a frame that a listener put in comes out of the outermost send", (world) => {
  world.engine.memoryPort("b").onFrame(() => {
    world.send("b", toAll(B, 100));
    world.take();
  });
  world.engine.memoryPort("a").onFrame(no);
  expectError("Error: no", () => world.send("a"));
  assert.equal(world.take(), ["c 60", "c 100"]);
});

story("a listener of drops that throws hears of the next ones all the same", (world) => {
  const told: string[] = [];
  world.engine.onDrop((reason, port) => {
    told.push(`${reason} at ${port}`);
    no();
  });
  for (const name of ["b", "c"]) world.engine.memoryPort(name).onFrame(() => false);
  expectError("Error: no", () => world.send("a"));
  assert.equal(told, ["port-full at b", "port-full at c"]);
  expectError("Error: no", () => world.send("a", toAll().subarray(0, 13)));
  assert.is(told.length, 3);
  world.engine.onDrop(null);
});

story("a listener of events that throws keeps none from hearing, and its error comes out of the tick", (world) => {
  const { engine } = world;
  const told: string[] = [];
  engine.on("macLearned", no);
  engine.on("macLearned", (_, mac) => void told.push(mac));
  world.send("a", toAll(A));
  world.send("b", toAll(B));
  expectError("Error: no", () => engine.tick(1000));
  assert.equal(told, [A, B]);
  engine.tick(1000);
  engine.off("macLearned", no);
});

// ---------------------------------------------------------------- callbacks that go on
story("a listener may send by its own port, and by others", (world) => {
  world.engine.memoryPort("b").onFrame(({ length }) => {
    if (length !== 60) return;
    world.send("b", toAll(B, 100));
    world.send("c", toAll(C, 101));
    assert.equal(world.take(), [], "they wait until it has returned");
  });
  world.send("a");
  assert.equal(world.take(), ["c 60", "a 100", "c 100", "a 101"]);
});

story("a listener may send what it got, whose bytes are the engine's", (world) => {
  const frame = ethernet(A, B, TYPE_EXPERIMENT, ramp(500));
  let got = new Uint8Array();
  world.engine.memoryPort("a").onFrame((bytes) => {
    got = bytes.slice();
  });
  world.engine.memoryPort("b").onFrame((bytes) => {
    bytes.set(frame.subarray(0, 12));
    world.engine.memoryPort("b").send(bytes);
  });
  world.send("a", toAll(A, frame.length));
  assert.equal(got, frame);
});

story("more frames than can wait are an error, and those that wait go their way", (world) => {
  let sent = 0;
  let code = "";
  world.engine.memoryPort("b").onFrame(({ length }) => {
    if (length !== 60) return;
    for (code = "no error"; code === "no error" && sent < 1000; ) {
      code = codeOf(() => world.send("b", toAll(B, 100)));
      if (code === "no error") sent++;
    }
  });
  world.send("a");
  assert.is(code, "no-slot");
  assert.ok(sent >= 256, `only ${sent} could wait`);
  const heard = world.take();
  assert.is(heard.filter((one) => one === "a 100").length, sent);
  assert.is(heard.length, 2 * sent + 1);
});

story("a listener of drops may send too", (world) => {
  world.engine.onDrop((reason) => {
    if (reason === "runt") world.send("b", toAll(B, 100));
  });
  world.send("a", new Uint8Array(13));
  assert.equal(world.take(), ["a 100", "c 100"]);
  world.engine.onDrop(null);
});

story("listeners are changed by a listener: the next frame goes to the new one", (world) => {
  world.engine.memoryPort("b").onFrame(() => world.listen("b"));
  world.send("a");
  world.send("a");
  assert.equal(world.take(), ["c 60", "b 60", "c 60"]);
});

story("time may be set in a listener, and frames sent in one of events", ({ engine }) => {
  engine.on("macLearned", (_, mac) => {
    if (mac === A) engine.memoryPort("b").send(toAll(B));
  });
  engine.memoryPort("c").onFrame(() => engine.tick(5000));
  engine.memoryPort("a").send(toAll(A));
  assert.equal(
    engine.macs().map(({ mac }) => mac),
    [A, B],
  );
});

// ---------------------------------------------------------------- ends inside a callback
story("a port that its listener removes goes when the send is over", async (world) => {
  let removed: Promise<void> | null = null;
  const b = world.engine.memoryPort("b");
  b.onFrame(() => {
    removed ??= world.engine.removePort("b");
    b.send(toAll(B, 100));
  });
  world.send("a");
  assert.equal(world.take(), ["c 60", "a 100", "c 100"]);
  await removed;
  expectError("port-missing", () => b.send(toAll(B)));
  expectError("port-missing", () => b.onFrame(() => {}));
  assert.equal(
    world.engine.ports().map(({ name }) => name),
    ["a", "c"],
  );
  world.send("a");
  assert.equal(world.take(), ["c 60"]);
});

story("every port is removed and made anew by a listener", async (world) => {
  const { engine } = world;
  let changed: Promise<unknown>[] = [];
  engine.memoryPort("b").onFrame(() => {
    const config = parseConfig({
      networks: [{ name: "blue" }],
      ports: ["a", "b", "c"].map((name) => ({ name, network: "blue", memory: {} })),
    });
    changed = ["a", "b", "c"].map((name) => engine.removePort(name));
    changed.push(...config.ports.map((port) => engine.addPort(port)));
  });
  world.send("a");
  await Promise.all(changed);
  assert.is(changed.length, 6);
  assert.equal(engine.macs(), []);
  assert.equal(world.take(), ["c 60"]);
});

story(
  "a listener closes the engine: what is under way is delivered, and nothing goes in any more",
  async (world) => {
    const { engine } = world;
    let closed: Promise<void> | null = null;
    let code = "";
    engine.memoryPort("b").onFrame(() => {
      world.send("b", toAll(B, 100));
      closed ??= engine.close();
      code = codeOf(() => world.send("b"));
    });
    world.send("a");
    assert.is(code, "port-missing");
    assert.equal(world.take(), ["c 60", "a 100", "c 100"]);
    await closed;
    conserved(engine.workers()[0]!);
  },
  { isClosed: true },
);

story(
  "after its end an engine is read, and everything else is an error",
  async ({ engine }) => {
    const port = engine.memoryPort("a");
    port.send(toAll());
    await engine.close();
    for (const action of [
      () => port.send(toAll()),
      () => port.sendBurst([toAll()]),
      () => port.sendCut(toAll(), 100),
      () => port.onFrame(() => {}),
      () => port.onBurst(() => {}),
    ])
      expectError("port-missing", action);
    expectError("port-missing", () => engine.memoryPort("a").send(toAll()));
    for (const action of [() => engine.tick(1e6), () => engine.explain("a", toAll())]) {
      assert.throws(action, ({ code, remedy }: PortyardError) => code === "engine-closed" && remedy === "Create another one.");
    }
    const { networks, ports } = parseConfig({ networks: [{ name: "blue" }], ports: [{ name: "d", network: "blue", memory: {} }] });
    const [network, late] = [networks[0]!, ports[0]!];
    const calls = [
      engine.addNetwork(network),
      engine.setNetwork(network),
      engine.removeNetwork("blue"),
      engine.addPort(late),
      engine.setPorts([late]),
      engine.removePort("a"),
      engine.settle(),
    ];
    for (const call of await Promise.allSettled<unknown>(calls)) assert.is(call.status === "rejected" && call.reason.code, "engine-closed");
    assert.is(engine.counters().ports[0]?.receivedFrames, 1);
    await engine.close();
    await engine.leave();
  },
  { isClosed: true },
);

test.run();
