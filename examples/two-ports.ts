/** Two ports in memory: a frame goes in at one and comes out at the other. Needs no privileges. */
import { Engine, parseConfig } from "portyard";

const config = parseConfig({
  networks: [{ name: "blue" }],
  ports: [
    { name: "a", network: "blue", memory: {} },
    { name: "b", network: "blue", memory: {} },
  ],
});
const engine = await Engine.create(config, { isolation: "inline" });
engine.memoryPort("b").onFrame((frame) => {
  console.log(`b got ${frame.length} bytes`);
});
const toAllFromA = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x0a];
engine.memoryPort("a").send(Uint8Array.from({ length: 60 }, (_, index) => toAllFromA[index] ?? 0));
for (const { mac, port } of engine.macs()) console.log(`${mac} is behind ${port}`);
await engine.close();
