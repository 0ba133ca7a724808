/** Tuples that share tag and bucket, as chance has it once in a while: the flow table tells them apart by all that a tuple is. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLOW_CHUNK } from "../../../assembly/abi/limits.ts";
import { BUILDS } from "../../support/engine.ts";
import { FlowHash, type Half, type Tuple } from "../../support/flow-hash.ts";
import { checkFlows, directFlow, FlowYard, references } from "../../support/flow-yard.ts";

const SIX: Tuple = { from: { address: "fd00::2", port: 40_000 }, to: { address: "fd00:1::3", port: 80 } };
const FOUR: Tuple = { from: { address: "10.0.0.2", port: 40_000 }, to: { address: "10.0.0.3", port: 80 } };
const HALVES: Half[] = (["from", "to"] as const).flatMap((end) => (["low", "high"] as const).map((half) => ({ end, half })));

let twins: [Tuple, Tuple] | null = null;

/** Flows of both tuples side by side, whichever came first. */
function expectApart(yard: FlowYard, tuples: readonly [Tuple, Tuple]): void {
  const hash = new FlowHash(yard.tables);
  const [here, there] = tuples.map((tuple) => hash.place(hash.of(tuple)));
  assert.is(here, there, "they share tag and bucket");
  const [first, second] = tuples.map(({ from, to }) => directFlow(from, to)) as [
    ReturnType<typeof directFlow>,
    ReturnType<typeof directFlow>,
  ];
  const entry = yard.insert(first);
  assert.is(yard.find(first)?.entry, entry);
  assert.is(yard.find(second), null, "the other has no flow");
  const another = yard.insert(second);
  assert.is(yard.find(first)?.entry, entry);
  assert.is(yard.find(second)?.entry, another);
  checkFlows(yard.tables);
  assert.ok(yard.remove(entry));
  assert.is(yard.find(first), null);
  assert.is(yard.find(second)?.entry, another);
  checkFlows(yard.tables);
}

for (const build of BUILDS) {
  const make = (): FlowYard => {
    const yard = new FlowYard(build, FLOW_CHUNK);
    yard.setTime(100);
    return yard;
  };

  test(`the hash is the one that the index goes by (${build})`, () => {
    const yard = make();
    const hash = new FlowHash(yard.tables);
    for (const tuple of [FOUR, SIX]) yard.insert(directFlow(tuple.from, tuple.to));
    const tags = references(yard.tables).map(({ tag }) => BigInt(tag));
    assert.equal(
      [FOUR, SIX].filter((tuple) => tags.includes(hash.of(tuple) >> 32n)),
      [FOUR, SIX],
    );
  });

  for (const { end, half } of HALVES) {
    test(`IPv6 flows are told apart that differ in the ${half} half of where they go ${end} alone (${build})`, () => {
      const hash = new FlowHash(make().tables);
      for (const distance of [1n, 2n, 1000n]) expectApart(make(), [SIX, hash.twin(SIX, { end, half }, distance)]);
    });
  }

  test(`flows are told apart that differ in ports alone (${build})`, () => {
    const yard = make();
    twins ??= new FlowHash(yard.tables).twinsOfPorts(FOUR);
    expectApart(yard, twins);
  });
}

test.run();
