/** Pieces of packets find the flow of their first one: in any order, never beyond their packet, never twice; what overlaps goes no further. By hand, and
 *  any traffic against a slow model. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FRAGMENT_SECONDS, MAX_FRAGMENTED, MAX_FRAGMENT_PIECES } from "../../../../assembly/abi/limits.ts";
import type { FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { scale } from "../../../scale.ts";
import { ramp } from "../../../support/packet/bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet, station } from "../../../support/packet/ethernet.ts";
import { DESTINATION_OPTIONS, FRAGMENT, TCP, UDP, extension, ipv4, ipv6 } from "../../../support/packet/ip.ts";
import { fragmentHeader } from "../../../support/packet/neighbour.ts";
import { type Random, random } from "../../../support/packet/random.ts";
import { NETWORK, OTHER_NETWORK, ServiceYard } from "../../../support/service-yard.ts";
import { BUILDS } from "../../../support/wasm.ts";
import { FragmentModel, OVERLAP, type Piece, UNKNOWN } from "./fragment-model.ts";

interface Fragment {
  source: string;
  destination: string;
  id: number;
  protocol: number;
  network: number;
  /** In units of 8 bytes. */
  offset: number;
  bytes: number;
  more: boolean;
  /** The fragment header of IPv6 stands behind options. */
  behindOptions?: boolean;
}

const BASE4 = { source: "10.0.0.1", destination: "10.0.0.100", id: 7, protocol: UDP, network: NETWORK };
const BASE6 = { ...BASE4, source: "fd00::1", destination: "fd00::100" };
type Base = typeof BASE4;

const isIpv6 = ({ source }: Base): boolean => source.includes(":");
const piece = (base: Base, offset: number, units: number, more = true): Fragment => ({ ...base, offset, bytes: units * 8, more });

function frameOf({ source, destination, id, protocol, offset, bytes, more, behindOptions = false }: Fragment): Uint8Array {
  const [to, from, payload] = [station(2), station(1), ramp(bytes)];
  if (!source.includes(":")) {
    return ethernet(to, from, TYPE_IPV4, ipv4({ source, destination, protocol, id, fragment: offset, more }, payload));
  }
  const head = fragmentHeader(protocol, offset, more, id);
  const next = behindOptions ? DESTINATION_OPTIONS : FRAGMENT;
  const options = behindOptions ? extension(FRAGMENT, 1, 4, 0, 0, 0, 0) : [];
  return ethernet(to, from, TYPE_IPV6, ipv6({ source, destination, next }, options, head, payload));
}

const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

/** What happened to every piece, by its frame. */
class Pieces {
  readonly yard: ServiceYard;
  #seconds: number;

  constructor(yard: ServiceYard, seconds: number) {
    this.yard = yard;
    this.#seconds = seconds;
    this.pass(0);
  }

  get nowSeconds(): number {
    return this.#seconds;
  }

  /** Lets time go on. */
  pass(seconds: number): void {
    this.#seconds += seconds;
    this.yard.setTime(this.#seconds);
  }
  remember(fragment: Fragment, flow: number): boolean {
    return Boolean(this.yard.wasm.rememberFragment(this.yard.worker, this.#receive(fragment), flow));
  }
  follow(fragment: Fragment): number {
    return this.yard.wasm.followFragment(this.yard.worker, this.#receive(fragment));
  }
  #receive(fragment: Fragment): number {
    const descriptor = this.yard.receive(0, frameOf(fragment), undefined, fragment.network);
    assert.ok(descriptor !== 0);
    return descriptor;
  }
}

let era = 1000;
let clients = 1;

/** Each story has flows of its own, and a time at which nothing of the others is known. */
function tell(sentence: string, story: (pieces: Pieces) => void): void {
  for (const yard of yards) {
    test(`${sentence} (${yard.build})`, () => {
      const pieces = new Pieces(yard, era + 10_000);
      story(pieces);
      era = Math.max(era, pieces.nowSeconds);
    });
  }
}

function flowOf({ yard }: Pieces, state?: number): number {
  const client = { address: "10.0.0.1", port: clients++ };
  const server = { address: "10.0.0.2", port: 53 };
  const ends: FlowEnds = {
    network: NETWORK,
    protocol: UDP,
    client,
    virtual: { ...server, address: "10.0.0.100" },
    backend: server,
    source: client,
  };
  return yard.insert(ends, {}, state);
}

for (const base of [BASE4, BASE6]) {
  const family = isIpv6(base) ? "IPv6" : "IPv4";

  tell(`${family}: pieces follow the first one in any order, with its direction`, (pieces) => {
    const flow = flowOf(pieces);
    for (const [id, found] of [flow, flow | 1].entries()) {
      const own = { ...base, id };
      assert.ok(pieces.remember(piece(own, 0, 10), found));
      assert.is(pieces.follow(piece(own, 30, 2, false)), found, "the last one");
      assert.is(pieces.follow(piece(own, 20, 10)), found);
      assert.is(pieces.follow(piece(own, 10, 10)), found, "the one in between");
      assert.is(pieces.follow(piece(own, 10, 10)), UNKNOWN, "the packet is whole: nothing more is known of it");
    }
  });

  tell(`${family}: what comes before the first one, or without it, is not known`, (pieces) => {
    const flow = flowOf(pieces);
    assert.is(pieces.follow(piece(base, 10, 10)), UNKNOWN);
    assert.ok(pieces.remember(piece(base, 0, 10), flow));
    assert.is(pieces.follow(piece(base, 10, 10)), flow);
  });

  tell(`${family}: a packet is another one by each part of its key`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 1), flow));
    const last = isIpv6(base) ? "fd00::" : "10.0.0.";
    const others = { network: OTHER_NETWORK, source: `${last}9`, destination: `${last}9`, id: isIpv6(base) ? 0x10007 : 0x107 };
    for (const [part, value] of Object.entries(others)) assert.is(pieces.follow(piece({ ...base, [part]: value }, 1, 1)), UNKNOWN, part);
    const otherProtocol = pieces.follow(piece({ ...base, protocol: TCP }, 1, 1));
    assert.is(otherProtocol, isIpv6(base) ? flow : UNKNOWN, "the protocol, of IPv4 only");
    assert.is(pieces.follow(piece(base, 2, 1)), flow);
  });

  tell(`${family}: the same piece once more is dropped alone`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 10), flow));
    assert.not(pieces.remember(piece(base, 0, 10), flow), "the first one");
    assert.is(pieces.follow(piece(base, 10, 5)), flow);
    assert.is(pieces.follow(piece(base, 10, 5)), OVERLAP);
    assert.is(pieces.follow(piece(base, 15, 5, false)), flow, "the others go on");
  });

  tell(`${family}: an overlap ends the packet: of all that come later too, until it is forgotten`, (pieces) => {
    const flow = flowOf(pieces);
    for (const [id, [offset, units, more]] of (
      [
        [9, 1, true],
        [0, 1, true],
        [5, 10, true],
        [11, 1, true],
        [19, 5, true],
        [9, 30, false],
        [0, 100, true],
        [15, 1, false],
      ] as const
    ).entries()) {
      const own = { ...base, id };
      assert.ok(pieces.remember(piece(own, 0, 10), flow));
      assert.is(pieces.follow(piece(own, 10, 10)), flow);
      assert.is(pieces.follow(piece(own, offset, units, more)), OVERLAP, `${offset}, ${units} units`);
      assert.is(pieces.follow(piece(own, 40, 1)), OVERLAP, "a piece that was not there before");
      assert.not(pieces.remember(piece(own, 0, 10), flow), "nor does it begin anew");
    }
    pieces.pass(FRAGMENT_SECONDS);
    assert.is(pieces.follow(piece({ ...base, id: 0 }, 50, 1)), UNKNOWN);
    assert.ok(pieces.remember(piece({ ...base, id: 0 }, 0, 10), flow));
  });

  tell(`${family}: nothing lies behind the last piece, and there is one last piece`, (pieces) => {
    const flow = flowOf(pieces);
    for (const [id, beyond] of [piece(base, 30, 1), piece(base, 29, 2), piece(base, 20, 1, false), piece(base, 40, 1, false)].entries()) {
      assert.ok(pieces.remember(piece({ ...base, id }, 0, 10), flow));
      assert.is(pieces.follow({ ...piece(base, 29, 1, false), id, bytes: 3 }), flow, "a last piece may be of any length");
      assert.is(pieces.follow({ ...beyond, id }), OVERLAP);
    }
  });

  tell(`${family}: a piece that cannot be right ends the packet`, (pieces) => {
    const flow = flowOf(pieces);
    for (const [id, wrong] of [
      { offset: 20, bytes: 0, more: true },
      { offset: 20, bytes: 0, more: false },
      { offset: 20, bytes: 12, more: true },
      { offset: 8191, bytes: 16, more: false },
    ].entries()) {
      const own = { ...base, id };
      assert.ok(pieces.remember(piece(own, 0, 10), flow));
      assert.is(pieces.follow({ ...own, ...wrong }), OVERLAP, JSON.stringify(wrong));
      assert.is(pieces.follow(piece(own, 10, 10)), OVERLAP);
    }
    assert.not(pieces.remember({ ...base, id: 99, offset: 0, bytes: 20, more: true }, flow), "nor does it begin one");
    assert.ok(pieces.remember(piece({ ...base, id: 100 }, 0, 10), flow));
    assert.is(pieces.follow({ ...base, id: 100, offset: 8191, bytes: 7, more: false }), flow, "65,535 bytes are a packet");
  });

  tell(`${family}: ${MAX_FRAGMENT_PIECES} pieces are told apart; one more ends the packet`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 1), flow));
    for (let index = 1; index < MAX_FRAGMENT_PIECES; index++) assert.is(pieces.follow(piece(base, index * 2, 1)), flow);
    assert.is(pieces.follow(piece(base, 1, 1)), OVERLAP);
    assert.is(pieces.follow(piece(base, 3, 1)), OVERLAP);
  });

  tell(`${family}: ${MAX_FRAGMENTED} packets are followed; one more takes the place of the oldest`, (pieces) => {
    const flow = flowOf(pieces);
    const packet = (id: number): Base => ({ ...base, id });
    for (let id = 0; id < MAX_FRAGMENTED; id++) assert.ok(pieces.remember(piece(packet(id), 0, 1), flow));
    assert.is(pieces.follow(piece(packet(0), 1, 1)), flow, "all are there");
    assert.is(pieces.follow(piece(packet(40), 1, 1, false)), flow, "this one is whole, and leaves room");
    assert.ok(pieces.remember(piece(packet(100), 0, 1), flow));
    assert.is(pieces.follow(piece(packet(0), 2, 1)), flow);
    assert.ok(pieces.remember(piece(packet(101), 0, 1), flow));
    assert.is(pieces.follow(piece(packet(0), 3, 1)), UNKNOWN, "the oldest has gone");
    for (const id of [1, 39, 41, 63, 100, 101]) assert.is(pieces.follow(piece(packet(id), 9, 1)), flow, `packet ${id}`);
  });

  tell(`${family}: a packet is known for ${FRAGMENT_SECONDS} seconds from its first piece on`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 1), flow));
    pieces.pass(FRAGMENT_SECONDS - 1);
    assert.is(pieces.follow(piece(base, 1, 1)), flow);
    pieces.pass(1);
    assert.is(pieces.follow(piece(base, 2, 1)), UNKNOWN);
  });

  tell(`${family}: nothing follows a flow that has ended, nor the one that has its entry next`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 1), flow));
    pieces.yard.remove(flow);
    assert.is(pieces.follow(piece(base, 1, 1)), UNKNOWN);
    let next = flowOf(pieces);
    while (next !== flow) {
      pieces.yard.remove(next);
      next = flowOf(pieces);
    }
    assert.is(pieces.follow(piece(base, 1, 1)), UNKNOWN);
    assert.ok(pieces.remember(piece(base, 0, 1), next), "but a new first piece");
    assert.is(pieces.follow(piece(base, 1, 1)), next);
  });

  tell(`${family}: a packet that is whole in spite of its fragment header begins nothing and disturbs nothing`, (pieces) => {
    const flow = flowOf(pieces);
    assert.ok(pieces.remember(piece(base, 0, 10), flow));
    if (isIpv6(base)) assert.ok(pieces.remember(piece(base, 0, 20, false), flow));
    assert.is(pieces.follow(piece(base, 10, 1)), flow);
  });
}

tell("a fragment header behind options", (pieces) => {
  const flow = flowOf(pieces);
  assert.ok(pieces.remember({ ...piece(BASE6, 0, 10), behindOptions: true }, flow));
  assert.is(pieces.follow({ ...piece(BASE6, 10, 5), behindOptions: true }), flow);
  assert.is(pieces.follow({ ...piece(BASE6, 10, 6), behindOptions: true }), OVERLAP, "its length counts from behind the header");
});

// ---------------------------------------------------------------- against the model
const keyOf = ({ source, destination, id, protocol, network }: Base): string =>
  `${network} ${source} ${destination} ${id} ${source.includes(":") ? "" : protocol}`;

function anyPiece(from: Random): Fragment {
  const base = from.pick([BASE4, BASE6]);
  const offset = from.below(3) === 0 ? 0 : from.below(12);
  const units = 1 + from.below(4);
  const isLast = from.below(4) === 0;
  const bytes = units * 8 - (isLast || from.below(40) === 0 ? from.below(8) : 0);
  const own = {
    ...base,
    id: from.below(from.pick([8, 100])),
    protocol: from.pick([UDP, UDP, TCP]),
    network: from.pick([NETWORK, NETWORK, OTHER_NETWORK]),
  };
  const isWhole = offset === 0 && isLast && !isIpv6(own);
  return {
    ...own,
    offset: isWhole ? 1 : offset,
    bytes: from.below(60) === 0 ? 0 : bytes,
    more: !isLast,
    behindOptions: from.below(5) === 0,
  };
}

tell("any pieces, against the model", (pieces) => {
  const from = random(13);
  const model = new FragmentModel();
  const flows = Array.from({ length: 8 }, () => flowOf(pieces));
  const seen = { first: 0, followed: 0, overlap: 0, unknown: 0 };
  for (let step = 0; step < scale.fragmentSteps; step++) {
    const next = anyPiece(from);
    const known: Piece = { ...next, key: keyOf(next) };
    if (next.offset === 0) {
      const flow = from.pick(flows) | from.below(2);
      const wanted = model.remember(known, flow);
      assert.is(pieces.remember(next, flow), wanted, `step ${step}: ${JSON.stringify(next)}`);
      seen[wanted ? "first" : "overlap"]++;
    } else {
      const wanted = model.follow(known);
      assert.is(pieces.follow(next), wanted, `step ${step}: ${JSON.stringify(next)}`);
      seen[wanted === UNKNOWN ? "unknown" : wanted === OVERLAP ? "overlap" : "followed"]++;
    }
    if (from.below(20) === 0) {
      pieces.pass(1);
      model.now++;
    }
    if (from.below(50) === 0) replaceFlow(pieces, model, flows, from.below(flows.length));
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > scale.fragmentSteps / 100, `${what}: ${count}`);
});

function replaceFlow(pieces: Pieces, model: FragmentModel, flows: number[], index: number): void {
  pieces.yard.remove(flows[index]!);
  model.end(flows[index]!);
  flows[index] = flowOf(pieces);
}

tell("garbage of every length is parsed without a trap", (pieces) => {
  const whole = frameOf({ ...piece(BASE6, 1, 3), behindOptions: true });
  for (let length = 14; length <= whole.length; length++) {
    const descriptor = pieces.yard.receive(0, whole.subarray(0, length));
    const isFragment = descriptor !== 0 && (pieces.yard.wasm.flags(descriptor) & 16) !== 0;
    assert.is(isFragment, length === whole.length);
    if (isFragment) assert.is(pieces.yard.wasm.followFragment(pieces.yard.worker, descriptor), UNKNOWN);
  }
});

test.run();
