/** An inline engine with three ports for cases about callbacks and odd arguments: what its ports heard, what it dropped, and whether it
 *  is intact afterwards. */
import * as assert from "uvu/assert";
import { MIN_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { Engine } from "../../../bindings/engine.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { conserved } from "../../support/conservation.ts";
import { BUILDS } from "../../support/engine.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../../support/packet/ethernet.ts";

export const [A, B, C] = [station(1), station(2), station(3)];
/** A frame that floods, of `bytes` bytes. */
export const toAll = (from = A, bytes = 60): Uint8Array => ethernet(BROADCAST, from, TYPE_EXPERIMENT, ramp(bytes - MIN_FRAME_BYTES));

export class World {
  readonly engine: Engine;
  /** Ports that frames left by, with their length, since the last look. */
  private heard: string[] = [];
  /** Ports that get a virtio-net header in front of each frame. */
  private readonly offloads: string[];

  constructor(engine: Engine, offloads: string[] = []) {
    this.engine = engine;
    this.offloads = offloads;
    for (const name of ["a", "b", "c"]) this.listen(name);
  }

  listen(name: string): void {
    this.engine.memoryPort(name).onFrame(({ length }) => void this.heard.push(`${name} ${length}`));
  }

  send(name: string, frame = toAll()): void {
    this.engine.memoryPort(name).send(frame);
  }

  /** What was heard since the last call. */
  take(): string[] {
    return this.heard.splice(0);
  }

  drops(): string[] {
    return this.engine.drops().map(({ reason, port, count }) => `${count} ${reason} at ${port}`);
  }

  /** Nothing is unaccounted for, and every port that is left hears what another one says. */
  isIntact(): void {
    conserved(this.engine.workers()[0]!);
    const names = this.engine.ports().map(({ name }) => name);
    for (const name of names) this.listen(name);
    for (const name of names) {
      this.take();
      this.send(name, toAll(C, 77));
      assert.equal(
        this.take(),
        names.filter((other) => other !== name).map((other) => `${other} ${this.offloads.includes(other) ? 87 : 77}`),
        `what ${name} says is heard`,
      );
    }
    conserved(this.engine.workers()[0]!);
  }
}

type Test = (name: string, body: () => Promise<void>) => void;

/** A case for each build: ports a, b and c on one network.
 *  @param offload port c takes super-frames. @param isClosed the case ends the engine itself. */
export function story(
  test: Test,
  name: string,
  body: (world: World) => void | Promise<void>,
  { offload = false, isClosed = false } = {},
): void {
  for (const build of BUILDS) {
    test(`${name} (${build})`, async () => {
      const ports = ["a", "b", "c"].map((port) => ({ name: port, network: "blue", memory: port === "c" ? { offload } : {} }));
      const config = parseConfig({ networks: [{ name: "blue", macAgeSeconds: 15 }], ports });
      const world = new World(await Engine.create(config, { isolation: "inline", build }), offload ? ["c"] : []);
      try {
        await body(world);
        if (!isClosed) world.isIntact();
      } finally {
        await world.engine.close();
      }
    });
  }
}

/** Code of the PortyardError that `action` throws, or the words of another error. */
export function codeOf(action: () => unknown): string {
  try {
    action();
    return "no error";
  } catch (error) {
    return error instanceof PortyardError ? error.code : String(error);
  }
}

/** `action` throws a PortyardError of this code, or another error of these words. */
export function expectError(code: string, action: () => unknown): void {
  assert.is(codeOf(action), code);
}

/** Path and remedy of the PortyardError that `action` throws. */
export function fieldsOf(action: () => unknown): [path: string | null, remedy: string | null] {
  try {
    action();
  } catch (error) {
    if (error instanceof PortyardError) return [error.path, error.remedy];
    throw error;
  }
  throw new Error("no error");
}

/** A callback that throws. */
export const no = (): never => {
  throw new Error("no");
};
