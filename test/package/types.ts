/** What an embedding program writes, and what TypeScript must think of it: compiled where the package was installed, never run. */
import {
  BadConfiguration,
  type Comparison,
  type ConfigInput,
  type DropInfo,
  Engine,
  type EngineConfig,
  type EngineEvents,
  type ExplainedOutput,
  type ExplainedStep,
  type Explanation,
  type MacInfo,
  type MemoryPort,
  PortyardError,
  type ReplaySummary,
  compare,
  type configInput,
  explain,
  formatConfig,
  inMemory,
  openCapture,
  parseConfig,
  type readConfigFile,
  replay,
} from "portyard";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

export async function program(): Promise<void> {
  const config = parseConfig({ networks: [{ name: "blue" }] });
  same<typeof config, EngineConfig>(true);
  same<Awaited<ReturnType<typeof readConfigFile>>, EngineConfig>(true);
  const engine = await Engine.create(config, { isolation: "inline", io: "auto", hashSeed: 1n });
  const port = engine.memoryPort("a");
  same<typeof port, MemoryPort>(true);
  port.onFrame((frame) => {
    same<typeof frame, Uint8Array>(true);
    return frame.length > 60;
  });
  engine.on("macMoved", (network, mac, name) => same<[typeof network, typeof mac, typeof name], [string, string, string]>(true));
  engine.on("portDown", (name, error) => same<[typeof name, typeof error], [string, string | null]>(true));
  same<keyof EngineEvents & "portUp", "portUp">(true);
  same<ReturnType<typeof engine.macs>, MacInfo[]>(true);
  same<MacInfo["kind"], "learned" | "static">(true);
  for (const { reason, count } of engine.counters().drops) same<[typeof reason, typeof count], [string, number]>(true);
  same<ReturnType<typeof engine.drops>, DropInfo[]>(true);
  same<number | null, ReturnType<typeof engine.forwarderPid>>(true);
  const summary = await replay({ config, inputs: [{ port: null, capture: openCapture("one.pcap") }] });
  same<typeof summary, ReplaySummary>(true);
  const error: Error = new BadConfiguration([]);
  if (error instanceof PortyardError) same<[typeof error.code, typeof error.value], [string, unknown]>(true);
}

export async function answers(engine: Engine, config: EngineConfig, port: MemoryPort): Promise<void> {
  const frame = new Uint8Array(60);
  port.sendBurst([frame, frame]);
  port.sendCut(frame, 1514);
  port.onBurst((frames) => {
    same<typeof frames, readonly Uint8Array[]>(true);
    return frames.length < 64;
  });
  engine.onDrop((reason, name) => same<[typeof reason, typeof name], [string, string]>(true));
  engine.onDrop(null);
  same<ReturnType<typeof engine.explain>, Explanation>(true);
  const explanation = await explain(config, "a", frame, { originalBytes: 1514 });
  same<typeof explanation, Explanation>(true);
  same<[typeof explanation.steps, typeof explanation.outputs], [ExplainedStep[], ExplainedOutput[]]>(true);
  for (const step of explanation.steps)
    if (step.step === "egress") same<[typeof step.port, typeof step.segments], [string, number | null]>(true);
  const comparison = await compare({
    before: config,
    after: inMemory(config),
    inputs: [],
    onDifference: ({ number, timeNs, before }) =>
      same<[typeof number, typeof timeNs, typeof before.outputs], [number, bigint, string[]]>(true),
  });
  same<typeof comparison, Comparison>(true);
  same<ReturnType<typeof configInput>, ConfigInput>(true);
  const input: ConfigInput = {
    networks: [{ name: "blue", mtu: 9000 }],
    ports: [{ name: "a", network: "blue", memory: {} }],
    workers: "auto",
  };
  const text = formatConfig(input, { head: ["two lines", "at its head"] });
  same<typeof text, string>(true);
}

export async function mistakes(engine: Engine, port: MemoryPort): Promise<void> {
  // @ts-expect-error there is no such event
  engine.on("portLost", () => {});
  // @ts-expect-error a listener of it gets no number
  engine.on("portUp", (name: number) => name);
  // @ts-expect-error a listener answers now
  port.onFrame(async () => true);
  // @ts-expect-error a frame is bytes
  port.send("frame");
  // @ts-expect-error a burst is a list
  port.sendBurst(new Uint8Array(60));
  // @ts-expect-error there is no step of that name
  const name: ExplainedStep["step"] = "route";
  // @ts-expect-error an MTU is a number
  const input: ConfigInput = { networks: [{ name: "blue", mtu: "9000" }] };
  // @ts-expect-error whoever compares hears of differences
  await compare({ before: parseConfig(input), after: parseConfig({}), inputs: [], name });
  // @ts-expect-error isolation is one of three
  await Engine.create(parseConfig({}), { isolation: "somewhere" });
  // @ts-expect-error made by create alone
  new Engine();
  // @ts-expect-error nor is an option to be undefined under exactOptionalPropertyTypes
  await Engine.create(parseConfig({}), { isolation: undefined });
}
