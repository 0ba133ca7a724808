/** Memories for engines under test, used again by the next test: formatted, but not wiped. What an earlier test left in a
 *  slot must never matter.                                                                                               */
import { type Layout, layOut, memoryPages } from "../../bindings/tables/layout.ts";
import { Tables, createMemory } from "../../bindings/tables/tables.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../../bindings/wasm/module.ts";

const HASH_SEED = 0x243f6a8885a308d3n;
/** Worker 0, worker 1 or the agent. */
const REGIONS = 2;

export interface EngineMemory {
  key: string;
  layout: Layout;
  tables: Tables;
  wasm: EngineExports;
}

const idle: EngineMemory[] = [];

/** A memory with empty tables, whose MAC table may hold `macLimit` entries, and room for two regions.
 *  @param flows that the flow table may hold; 0: no services either. */
export function takeMemory(build: Build, macLimit: number, flows = 0): EngineMemory {
  const key = `${build} ${macLimit} ${flows}`;
  const layout = layOut({ macs: macLimit, flows, workers: 2 });
  const found = idle.findIndex((memory) => memory.key === key);
  const memory = found < 0 ? create() : (idle.splice(found, 1)[0] as EngineMemory);
  memory.tables.format(layout, HASH_SEED);
  memory.tables.configure(0n, layout.workersBase);
  return memory;

  function create(): EngineMemory {
    const pages = createMemory(memoryPages(layout, REGIONS), build !== "single");
    return { key, layout, tables: new Tables(pages), wasm: instantiateEngine(loadModule(build), pages) };
  }
}

/** Leaves a memory to the next test. */
export function giveMemory(memory: EngineMemory): void {
  idle.push(memory);
}
