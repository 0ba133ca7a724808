/** The flow table: found from either side, under both tuples or not at all; time-outs, what goes when it is full, and what a worker
 *  that dies leaves behind. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { BUILDS } from "../../support/engine.ts";
import { checkFlows, directFlow, FlowYard, serviceFlow, TIMEOUTS } from "../../support/flow-yard.ts";

interface Options {
  /** References that the dead leave behind. */
  left?: number;
  flows?: number;
  workers?: number;
}

function tell(sentence: string, story: (yard: FlowYard) => void, { flows = 2 * FLOW_CHUNK, workers = 1, left = 0 }: Options = {}): void {
  for (const build of BUILDS) {
    test(`${sentence} (${build})`, () => {
      const yard = new FlowYard(build, flows, workers);
      yard.setTime(100);
      story(yard);
      checkFlows(yard.tables, left);
    });
  }
}

const LIVE = [1, 2, 3, 4, 5, 6, 7];

// ---------------------------------------------------------------- both sides
tell("a flow is found by what its client sends and by what its backend sends, and by nothing else", (yard) => {
  const flow = serviceFlow(5);
  assert.is(yard.find(flow), null);
  const entry = yard.insert(flow);
  assert.equal(yard.find(flow), { entry, direction: field.ORIGINAL });
  assert.equal(yard.find(flow, field.REPLY), { entry, direction: field.REPLY });
  const { client, virtual, backend } = flow;
  for (const other of [
    directFlow(virtual, client),
    directFlow(client, backend),
    directFlow({ ...client, port: 6 }, virtual),
    directFlow(client, { ...virtual, port: 81 }),
    directFlow({ ...client, address: "10.0.0.2" }, virtual),
    directFlow(client, virtual, 17),
    directFlow(client, virtual, 6, 2),
  ])
    assert.is(yard.find(other), null);
});

tell("what is not translated is found from either side", (yard) => {
  const flow = directFlow({ address: "10.0.0.2", port: 40_000 }, { address: "10.0.0.3", port: 53 }, 17);
  const entry = yard.insert(flow, field.STATE_UDP_UNANSWERED);
  assert.equal(yard.find(flow), { entry, direction: field.ORIGINAL });
  assert.equal(yard.find(directFlow(flow.virtual, flow.client, 17)), { entry, direction: field.REPLY });
});

tell("IPv6 addresses count as a whole, and are no IPv4 addresses", (yard) => {
  const server = { address: "fd00::1", port: 80 };
  const addresses = ["fd00::2", "fd00:0:0:1::2", "fd01::2", "fd00::1:0:0:2", "a00:2::"];
  const flows = addresses.map((address) => directFlow({ address, port: 4000 }, server));
  const entries = flows.map((flow) => yard.insert(flow));
  for (const [index, flow] of flows.entries()) {
    assert.is(yard.find(flow)?.entry, entries[index]);
    assert.is(yard.find(flow, field.REPLY)?.entry, entries[index]);
  }
  assert.is(new Set(entries).size, addresses.length);
  assert.is(yard.find(directFlow({ address: "10.0.0.2", port: 4000 }, { address: "253.0.0.0", port: 80 })), null);
});

tell("an entry says its ends, its state and when it was last seen", (yard) => {
  const flow = serviceFlow(7);
  yard.insert(flow, field.STATE_UDP);
  assert.equal(yard.flows(), [{ ...flow, state: field.STATE_UDP, lastSeen: 100 }]);
});

tell("a flow one of whose tuples is taken is not inserted at all", (yard) => {
  const flow = serviceFlow(5);
  const entry = yard.insert(flow);
  const direct = directFlow(flow.client, flow.backend);
  assert.is(yard.insert(direct), field.TAKEN, "its reply is that of the other");
  assert.is(yard.find(direct), null);
  assert.is(yard.find(direct, field.REPLY)?.entry, entry);
  assert.is(yard.insert(serviceFlow(5, 3)), field.TAKEN, "its request is");
  assert.is(yard.insert(flow), field.TAKEN);
  assert.is(yard.flows().length, 1);
  const translated = { ...direct, source: { address: "10.0.0.254", port: 1024 } };
  assert.ok(yard.insert(translated) >= field.REFUSED_END, "with another source it can be told apart");
});

tell("what sends to itself is no flow", (yard) => {
  const end = { address: "10.0.0.2", port: 80 };
  assert.is(yard.insert(directFlow(end, end)), field.TAKEN);
  assert.is(yard.flows().length, 0);
});

tell(
  "a flow that was claimed by another worker and not published yet is a rival",
  (yard) => {
    const flow = serviceFlow(5);
    const entry = yard.insert(flow, field.STATE_HALF_OPEN, 1);
    const word = yard.tables.load64(entry);
    yard.tables.store64(entry, (word & 0xffffffffn) | (BigInt(field.STATE_CLAIMED) << 32n));
    assert.is(yard.find(flow), null, "nobody sees a claim");
    assert.is(yard.insert(flow), field.RIVAL);
    assert.is(yard.count(record.FLOWS_RIVAL), 1);
    yard.tables.store64(entry, word);
    assert.is(yard.find(flow)?.entry, entry);
  },
  { workers: 2 },
);

// ---------------------------------------------------------------- time
for (const state of LIVE) {
  const seconds = TIMEOUTS[state]!;
  tell(`a flow in state ${state} ends ${seconds} s after it was last seen`, (yard) => {
    const entry = yard.insert(serviceFlow(1), state);
    yard.setTime(102);
    yard.touch(entry);
    yard.setTime(102 + seconds - 1);
    yard.sweep();
    assert.is(yard.find(serviceFlow(1))?.entry, entry);
    yard.setTime(102 + seconds);
    yard.sweep();
    assert.is(yard.find(serviceFlow(1)), null);
    assert.is(yard.expired(state), 1);
  });
}

tell("a time that runs backwards ends nothing", (yard) => {
  yard.insert(serviceFlow(1));
  yard.setTime(1);
  yard.sweep();
  assert.is(yard.flows().length, 1);
});

tell("the sweep goes on with the time, over the whole table in four seconds", (yard) => {
  for (let client = 0; client < 2 * FLOW_CHUNK; client++) yard.insert(serviceFlow(client));
  for (let ms = 0; ms <= 4000 + TIMEOUTS[field.STATE_HALF_OPEN]! * 1000; ms += 100) yard.wasm.setTime(yard.workers[0]!, 100_000 + ms);
  assert.is(yard.flows().length, 0);
  assert.is(yard.expired(field.STATE_HALF_OPEN), 2 * FLOW_CHUNK);
});

// ---------------------------------------------------------------- states and ends
tell("a flow that has come into another state has its time-out", (yard) => {
  const entry = yard.insert(serviceFlow(1));
  assert.ok(yard.change(entry, field.STATE_ESTABLISHED));
  yard.setTime(100 + TIMEOUTS[field.STATE_ESTABLISHED]! - 1);
  yard.sweep();
  assert.equal(
    yard.flows().map(({ state }) => state),
    [field.STATE_ESTABLISHED],
  );
});

tell("a flow that has ended is found no more, and its entry serves another", (yard) => {
  const entry = yard.insert(serviceFlow(1));
  assert.ok(yard.remove(entry));
  assert.not(yard.remove(entry), "only once");
  assert.is(yard.find(serviceFlow(1)), null);
  assert.is(yard.find(serviceFlow(1), field.REPLY), null);
  assert.is(yard.count(record.FLOWS_ENDED), 1);
  for (let client = 0; client < 2 * FLOW_CHUNK; client++) yard.insert(serviceFlow(client));
  assert.is(yard.flows().length, 2 * FLOW_CHUNK);
  assert.is(
    LIVE.reduce((sum, state) => sum + yard.evicted(state), 0),
    0,
  );
});

tell(
  "a flow that another worker ends or changes is found in its list by its owner's sweep",
  (yard) => {
    const [ended, changed] = [yard.insert(serviceFlow(1)), yard.insert(serviceFlow(2))];
    assert.ok(yard.remove(ended, 1));
    assert.ok(yard.change(changed, field.STATE_UDP, 1));
    yard.setTime(100 + TIMEOUTS[field.STATE_HALF_OPEN]!);
    yard.sweep();
    assert.equal(
      yard.flows().map(({ client }) => client.port),
      [2],
    );
    yard.setTime(100 + TIMEOUTS[field.STATE_UDP]!);
    yard.sweep();
    assert.is(yard.expired(field.STATE_UDP), 1);
    assert.is(yard.expired(field.STATE_UDP, 1), 0);
  },
  { workers: 2 },
);

tell("what is no flow does not become one by a change of its state", (yard) => {
  const entry = yard.insert(serviceFlow(1));
  const word = yard.tables.load64(entry);
  for (const state of [field.STATE_FREE, field.STATE_CLAIMED, field.STATE_ENDING, field.STATE_DEAD]) {
    yard.tables.store64(entry, (word & 0xffffffffn) | (BigInt(state) << 32n));
    assert.not(yard.change(entry, field.STATE_ESTABLISHED), `state ${state}`);
  }
  yard.tables.store64(entry, word);
  assert.ok(yard.change(entry, field.STATE_ESTABLISHED));
});

// ---------------------------------------------------------------- a full table
tell("when the table is full the state goes first that can best be spared, and of that the flow last seen longest ago", (yard) => {
  const states = [...LIVE].reverse();
  const each = Math.floor((2 * FLOW_CHUNK) / states.length);
  let client = 0;
  for (const state of states) for (let i = 0; i < each; i++) yard.insert(serviceFlow(client++), state);
  while (client < 2 * FLOW_CHUNK) yard.insert(serviceFlow(client++), field.STATE_ESTABLISHED);
  yard.setTime(101);
  const spared = yard.find(serviceFlow((states.length - 1) * each))!;
  yard.touch(spared.entry);
  for (const state of LIVE) {
    const first = states.indexOf(state) * each;
    const isTouched = state === field.STATE_TIME_WAIT;
    const expected = Array.from({ length: each }, (_, i) => first + i).concat(
      state === field.STATE_ESTABLISHED ? [7 * each, 7 * each + 1] : [],
    );
    const order = isTouched ? [...expected.slice(1), first] : expected;
    for (const [i, gone] of order.entries()) {
      assert.ok(yard.find(serviceFlow(gone)) !== null, `${gone} is there`);
      assert.ok(yard.insert(serviceFlow(1000 + client++), field.STATE_ESTABLISHED) >= field.REFUSED_END);
      assert.is(yard.find(serviceFlow(gone)), null, `${gone} has gone`);
      assert.is(yard.evicted(state), i + 1);
      if (state === field.STATE_ESTABLISHED && i === order.length - 1) return;
    }
  }
});

tell(
  "a table of many chunks holds as many flows as it says",
  (yard) => {
    for (let client = 0; client < 5 * FLOW_CHUNK; client++) assert.ok(yard.insert(serviceFlow(client)) >= field.REFUSED_END);
    assert.is(yard.flows().length, 5 * FLOW_CHUNK);
    assert.is(yard.evicted(field.STATE_HALF_OPEN), 0);
    yard.insert(serviceFlow(99_999));
    assert.is(yard.evicted(field.STATE_HALF_OPEN), 1);
    assert.is(yard.flows().length, 5 * FLOW_CHUNK);
  },
  { flows: 5 * FLOW_CHUNK },
);

tell(
  "one worker takes what no other has taken, and leaves to each what is its own",
  (yard) => {
    for (let client = 0; client < 8 * FLOW_CHUNK; client++) yard.insert(serviceFlow(client));
    const held = yard.flows().length;
    assert.is(held, 6 * FLOW_CHUNK, "half, and a quarter of its own");
    for (let client = 0; client < 3 * FLOW_CHUNK; client++) yard.insert(serviceFlow(10_000 + client), field.STATE_HALF_OPEN, 1);
    assert.is(yard.flows().length, 8 * FLOW_CHUNK);
    assert.is(yard.evicted(field.STATE_HALF_OPEN, 1), FLOW_CHUNK);
  },
  { flows: 8 * FLOW_CHUNK, workers: 2 },
);

// ---------------------------------------------------------------- deaths
tell("flows live on when their worker dies, and its successor ages, spares and evicts them", (yard) => {
  for (let client = 0; client < FLOW_CHUNK + 8; client++)
    yard.insert(serviceFlow(client), client === 3 ? field.STATE_ESTABLISHED : field.STATE_UDP);
  yard.restart(0);
  yard.setTime(101);
  assert.is(yard.flows().length, FLOW_CHUNK + 8);
  for (let client = 1000; client < 1000 + 2 * FLOW_CHUNK - 1; client++)
    assert.ok(yard.insert(serviceFlow(client), field.STATE_UDP) >= field.REFUSED_END);
  assert.ok(yard.find(serviceFlow(3)) !== null, "the established one is spared");
  assert.is(yard.flows().length, 2 * FLOW_CHUNK);
  yard.setTime(101 + TIMEOUTS[field.STATE_UDP]!);
  yard.sweep();
  assert.is(yard.flows().length, 1);
});

tell("the sweep of a successor finds the flows of the dead", (yard) => {
  for (let client = 0; client < FLOW_CHUNK + 8; client++) yard.insert(serviceFlow(client));
  yard.restart(0);
  yard.setTime(100 + TIMEOUTS[field.STATE_HALF_OPEN]!);
  yard.sweep();
  assert.is(yard.flows().length, 0);
});

tell(
  "what a dead worker had claimed is free for its successor",
  (yard) => {
    const claimed = yard.insert(serviceFlow(1));
    yard.tables.store64(claimed, (yard.tables.load64(claimed) & 0xffffffffn) | (BigInt(field.STATE_CLAIMED) << 32n));
    yard.tables.add32(map.HEAD_FLOW_COUNT, -1);
    yard.restart(0);
    for (let client = 100; client < 100 + 2 * FLOW_CHUNK; client++) assert.ok(yard.insert(serviceFlow(client)) >= field.REFUSED_END);
    assert.is(yard.evicted(field.STATE_HALF_OPEN), 0, "its entry is used");
    assert.is(yard.find(serviceFlow(1)), null);
    const again = yard.insert(serviceFlow(1));
    assert.is(yard.find(serviceFlow(1))?.entry, again);
  },
  { left: 2 },
);

tell(
  "references that the dead left behind are cleared where their place is wanted",
  (yard) => {
    const [at, places] = [yard.tables.load32(map.HEAD_FLOW_INDEX), 8 * (yard.tables.load32(map.HEAD_FLOW_BUCKET_MASK) + 1)];
    for (let client = 0; client < FLOW_CHUNK; client++) yard.insert(serviceFlow(client));
    for (let place = 0; place < places; place++) {
      const reference = at + place * field.REFERENCE_BYTES;
      if (yard.tables.load64(reference) === 0n) yard.tables.store64(reference, (0xdeadn << 32n) | BigInt(1 + (place % (2 * FLOW_CHUNK))));
    }
    for (let client = 100; client < 100 + FLOW_CHUNK; client++)
      assert.ok(yard.insert(serviceFlow(client)) >= field.REFUSED_END, `${client}`);
  },
  { left: 1000 },
);

tell(
  "a flow whose end another worker began and did not finish becomes free after a while",
  (yard) => {
    const entry = yard.insert(serviceFlow(1));
    yard.tables.store64(entry, (yard.tables.load64(entry) & 0xffffffffn) | (BigInt(field.STATE_ENDING) << 32n));
    yard.tables.add32(map.HEAD_FLOW_COUNT, -1);
    yard.setTime(129);
    yard.sweep();
    yard.setTime(130);
    yard.sweep();
    for (let client = 1000; client < 1000 + 2 * FLOW_CHUNK; client++) assert.ok(yard.insert(serviceFlow(client)) >= field.REFUSED_END);
    assert.is(yard.flows().length, 2 * FLOW_CHUNK);
  },
  { left: 2 },
);

test.run();
