/** An entry becomes another flow while somebody looks at it, all the time: what is found and what is read is one of its flows, never the client of
 *  one with the server of the other.
 *
 *  Processors: two, for the same moment is what it is about. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../../assembly/abi/limits.ts";
import { type FlowEnds, read } from "../../../bindings/tables/flow-table.ts";
import { scale } from "../../scale.ts";
import { FlowHash, words } from "../../support/flow-hash.ts";
import { directFlow, FlowYard } from "../../support/flow-yard.ts";
import type { BecomingData } from "./flow-becoming-thread.ts";

const LOOKS_AT_ONCE = 1000;
const [PORT, SERVICE] = [40_000, 80];
const flow = (client: number, server: number): FlowEnds =>
  directFlow({ address: `10.0.0.${client}`, port: PORT }, { address: `10.0.1.${server}`, port: SERVICE });
/** The two that it becomes, and what would be half of each. */
const [ONE, OTHER, MIXTURES] = [flow(1, 1), flow(2, 2), [flow(1, 2), flow(2, 1)]];

for (const build of ["debug", "release"] as const) {
  test(`an entry that becomes another flow is taken for no third one (${build})`, async () => {
    const yard = new FlowYard(build, FLOW_CHUNK);
    yard.setTime(100);
    const entry = yard.insert(ONE, field.STATE_ESTABLISHED);
    const hash = new FlowHash(yard.tables);
    for (const each of [OTHER, ...MIXTURES]) hash.refer(yard.tables, { from: each.client, to: each.virtual }, entry);
    assert.is(yard.find(ONE)?.entry, entry);

    const control = new Int32Array(new SharedArrayBuffer(8));
    const ends = [ONE, OTHER].map(({ client, virtual }) => [words(client.address).low, words(virtual.address).low] as [bigint, bigint]);
    const data: BecomingData = { memory: yard.tables.memory, entry, ends, control: control.buffer as SharedArrayBuffer };
    const thread = new Worker(new URL("./flow-becoming-thread.js", import.meta.url), { workerData: data });
    const exit = once(thread, "exit");
    const found = new Map<string, number>();
    const see = (what: string, times: number): void => {
      if (times > 0) found.set(what, (found.get(what) ?? 0) + times);
    };
    const look = (): void => {
      for (const each of [ONE, OTHER, ...MIXTURES]) see(`found: ${nameOf(each)}`, yard.findOften(each, LOOKS_AT_ONCE));
      for (let looks = 0; looks < LOOKS_AT_ONCE; looks++) {
        const seen = read(yard.tables, entry);
        if (seen !== null) see(`read: ${nameOf(seen)}`, 1);
      }
    };
    const late = Date.now() + scale.patienceMilliseconds;
    for (let rounds = 0; rounds < scale.becomingRounds || (found.size < 4 && Date.now() < late); rounds++) look();
    Atomics.store(control, 1, 1);
    await exit;
    console.log(`# became another ${control[0]} times: ${[...found].map(([what, count]) => `${what} ${count}`).join(", ")}`);
    assert.equal([...found.keys()].sort(), ["found: one", "found: other", "read: one", "read: other"]);
  });
}

function nameOf({ client, virtual }: FlowEnds): string {
  const ends = JSON.stringify([client, virtual]);
  const isOf = (each: FlowEnds): boolean => JSON.stringify([each.client, each.virtual]) === ends;
  return isOf(ONE) ? "one" : isOf(OTHER) ? "other" : "a mixture";
}

test.run();
