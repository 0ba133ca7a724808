/** Captures of both sides: by which port a frame enters. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostPortOf } from "../../../bindings/config/host-port.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import { station } from "../../support/packet/ethernet.ts";
import { A, B, blue, capture, from, memory, tell } from "./told.ts";

const test = suite("replay: both sides");

test("a capture of both sides: each frame enters by the port that has its source", async () => {
  const config = blue([memory("a", { mac: A }), memory("b", { staticMacs: [B] })]);
  const frames = [from(A), from(B, A), from(station(3)), from(station(4))];
  const { summary } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal(summary.ports, { a: { received: 1, sent: 3 }, b: { received: 3, sent: 1 } });
  const closed = blue([memory("a", { mac: A }), memory("b", { mac: B })]);
  assert.is((await replay({ config: closed, inputs: [{ port: null, capture: capture(frames) }] })).strangers, 2);
});

test("of a capture of both sides a frame without a source enters nowhere", async () => {
  const config = blue([memory("a", { mac: A }), memory("b")]);
  const frames = [from(A).subarray(0, 13), from(B).subarray(0, 13), from(A).subarray(0, 14)];
  const { summary, drops } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal([summary.strangers, summary.frames, drops], [2, 1, []]);
});

test("of a capture of both sides what the host sent enters nowhere: its port only records", async () => {
  const config = parseConfig({
    networks: [{ name: "blue", subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
    ports: [memory("a", { mac: A })],
  });
  const host = hostPortOf(config.name, config.networks[0]!)!;
  const { summary } = await tell({ config, inputs: [{ port: null, capture: capture([from(host.mac!), from(A)]) }] });
  assert.equal([summary.strangers, summary.ports], [1, { a: { received: 1, sent: 0 }, [host.name]: { received: 0, sent: 1 } }]);
});

test("stations that are behind no port of their own take none from the next, and groups are nobody's", async () => {
  const config = blue([memory("a"), memory("b"), memory("c")]);
  const frames = [
    from("01:00:00:00:00:01"),
    from("00:00:00:00:00:00"),
    from(A),
    from(B),
    from(station(3)),
    from(station(4)),
    from(A),
    from(B),
  ];
  const { summary, drops } = await tell({ config, inputs: [{ port: null, capture: capture(frames) }] });
  assert.equal(
    Object.values(summary.ports).map(({ received }) => received),
    [2, 2, 4],
  );
  assert.equal(drops, ["0 from c: multicast-source at c", "1 from c: zero-source at c"]);
});

test.run();
