/** Makes an entry now this flow, now that one, as fast as it can, the way its owner does: claimed as another instance, ends written, live. */
import { workerData } from "node:worker_threads";
import { CLIENT_ADDRESS, STATE_CLAIMED, STATE_ESTABLISHED, STATE_SHIFT, VIRTUAL_ADDRESS, WORD } from "../../../assembly/abi/flow.ts";

export interface BecomingData {
  memory: WebAssembly.Memory;
  entry: number;
  /** Client and virtual address of each of the two flows, as they lie in memory. */
  ends: readonly [client: bigint, virtual: bigint][];
  /** Word 0: how often it has become another; word 1: not 0 when it is to end. */
  control: SharedArrayBuffer;
}

const { memory, entry, ends, control } = workerData as BecomingData;
const words = new BigUint64Array(memory.buffer);
const told = new Int32Array(control);
const [word, client, virtual] = [WORD, CLIENT_ADDRESS, VIRTUAL_ADDRESS].map((offset) => (entry + offset) / 8) as [number, number, number];
const [claimed, live] = [STATE_CLAIMED, STATE_ESTABLISHED].map((state) => BigInt(state) << BigInt(STATE_SHIFT)) as [bigint, bigint];

for (let instance = 1n; Atomics.load(told, 1) === 0; instance++) {
  const own = BigInt.asUintN(32, instance);
  const [from, to] = ends[Number(own & 1n)] as [bigint, bigint];
  Atomics.store(words, word, own | claimed);
  words[client] = from;
  words[virtual] = to;
  Atomics.store(words, word, own | live);
  Atomics.add(told, 0, 1);
}
