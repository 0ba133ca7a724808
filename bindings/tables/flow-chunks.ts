/** Whose each chunk of the flow table is (assembly/tables/flow-lists.ts), for whoever fills tables that no worker has used yet: each worker gets as
 *  many chunks as the others, or one less, those first that are its own from the beginning. */
import { FLOW_CHUNK } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { FLOW_CHUNK_END } from "../../assembly/abi/worker.ts";
import type { Layout } from "./layout.ts";
import type { Tables } from "./tables.ts";
import { recordOf } from "./worker-table.ts";

export interface GivenChunks {
  /** Number of the entry for what is entered at `position`, from 0: one worker after the other. */
  numberOf(position: number): number;
  /** Lets the workers have what was entered. */
  hand(): void;
}

/** @param count of chunks. */
export function giveChunks(tables: Tables, { flows, workers }: Layout, count: number): GivenChunks {
  const own = Math.floor(flows / FLOW_CHUNK / 2 / workers);
  let taken = 0;
  const chunks = Array.from({ length: count }, (_, position) => {
    const [worker, turn] = [position % workers, Math.floor(position / workers)];
    return { worker, chunk: turn < own ? worker * own + turn : own * workers + taken++ };
  });
  return {
    numberOf(position) {
      const lap = Math.floor(position / (workers * FLOW_CHUNK));
      const inLap = Math.min(workers, count - lap * workers);
      const within = position - lap * workers * FLOW_CHUNK;
      const { chunk } = chunks[lap * workers + (within % inLap)] as { chunk: number };
      return chunk * FLOW_CHUNK + Math.floor(within / inLap);
    },
    hand() {
      tables.store32(map.HEAD_FLOW_CHUNKS_TAKEN, taken);
      for (const { worker, chunk } of chunks) {
        if (chunk >= own * workers) tables.store32(tables.load32(map.HEAD_FLOW_CHUNKS) + chunk * 4, worker + 1);
        const end = recordOf(worker) + FLOW_CHUNK_END;
        tables.store32(end, Math.max(tables.load32(end), chunk + 1));
      }
    },
  };
}
