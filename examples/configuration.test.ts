/** A unit test of a network's configuration, before anything is made of it: no kernel, no rights, no container. With node:test; any other will
 *  do. From the project's root:
 *
 *      node --test dist/examples/configuration.test.js              # NETWORK=other.yaml in front tests another one            */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine, explain, inMemory, readConfigFile } from "portyard";

const config = await readConfigFile(process.env.NETWORK ?? "examples/two-containers.yaml");
const [ONE, TWO, ALL] = ["02000a4d0002", "02000a4d0003", "ffffffffffff"];

/** An Ethernet frame of `bytes` bytes, of the EtherType that is set aside for experiments (IEEE 802, 9.2.3). */
function frame(destination: string, source: string, bytes = 60): Uint8Array {
  return Buffer.concat([Buffer.from(`${destination}${source}88b5`, "hex"), Buffer.alloc(bytes - 14)]);
}

test("container1 cannot send as container2", async () => {
  const { verdict, reason } = await explain(config, "container1", frame(ALL, TWO));
  assert.deepEqual([verdict, reason], ["dropped", "spoofed-source"]);
});

test("a frame goes to the container that it is for", async () => {
  const { verdict, outputs } = await explain(config, "container1", frame(TWO, ONE));
  assert.deepEqual([verdict, outputs.map(({ port }) => port)], ["forwarded", ["container2"]]);
});

test("one that is longer than container2 takes does not", async () => {
  const { reason } = await explain(config, "container1", frame(TWO, ONE, 1419));
  assert.equal(reason, "too-big");
});

test("over a day of silence nobody takes container2's place", async () => {
  const engine = await Engine.create(inMemory(config), { isolation: "inline" });
  const heard: string[] = [];
  for (const { name } of engine.ports()) engine.memoryPort(name).onFrame(({ length }) => void heard.push(`${name} got ${length} bytes`));
  engine.tick(86_400_000);
  engine.memoryPort("container1").send(frame(ALL, TWO));
  engine.memoryPort("container1").send(frame(TWO, ONE));
  assert.deepEqual(heard, ["container2 got 60 bytes"]);
  assert.deepEqual(engine.drops(), [{ reason: "spoofed-source", port: "container1", count: 1 }]);
  await engine.close();
});
