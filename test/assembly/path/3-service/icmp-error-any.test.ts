/** Any errors about packets of flows: wrong checksums must be wrong by as much; there and back every byte is what it was; garbage does no harm. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { scale } from "../../../scale.ts";
import { type Shape, normalised, protocolOf } from "../../../support/packet/icmp-error.ts";
import { type Random, random } from "../../../support/packet/random.ts";
import { OTHER_NETWORK, ServiceYard } from "../../../support/service-yard.ts";
import { hexOf } from "../../../support/story.ts";
import { BUILDS } from "../../../support/wasm.ts";
import {
  endsOf,
  type Case,
  framesOf,
  checksums,
  translate,
  expectTranslated,
  residuals,
  CLIENT,
  BACKEND,
  ELSEWHERE,
  TYPES4,
  TYPES6,
  KINDS,
} from "./error-yard.ts";
const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

function tell(sentence: string, story: (yard: ServiceYard) => void): void {
  for (const yard of yards) test(`${sentence} (${yard.build})`, () => story(yard));
}

// ---------------------------------------------------------------- any errors
function anyCase(from: Random, is6: boolean): Case {
  const shape: Shape = {
    kind: from.pick(KINDS),
    payload: from.below(200),
    tcpOptions: from.below(11) * 4,
    hasOptions: from.below(3) === 0,
    isFirst: from.below(6) === 0,
    id: from.below(65_536),
  };
  const router = from.below(2) === 0 ? undefined : is6 ? "fd00::ffff" : "10.9.9.9";
  return {
    direction: from.below(2),
    router,
    type: from.pick(is6 ? TYPES6 : TYPES4),
    code: from.below(256),
    own: from.below(0xffffffff),
    shape,
  };
}

tell("any error, right or wrong: translated it is as right or as wrong, and back it is what it was", (yard) => {
  const from = random(17);
  for (let count = 0; count < scale.icmpErrors; count++) {
    const is6 = from.below(2) === 0;
    const story = anyCase(from, is6);
    const own = { source: is6 ? "::" : "", destination: "" };
    const ends = endsOf(is6, { isHidden: from.below(2) === 0, protocol: protocolOf(story.shape, own), number: from.below(65_536) });
    const mirrored: FlowEnds = {
      ...ends,
      network: OTHER_NETWORK,
      client: ends.source,
      virtual: ends.backend,
      backend: ends.virtual,
      source: ends.client,
    };
    const [entry, back] = [
      yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND }),
      yard.insert(mirrored, { clientMac: ELSEWHERE, backendMac: ELSEWHERE }),
    ];
    expectTranslated(yard, ends, story);
    const { before } = framesOf(ends, story);
    const at = checksums(is6, story.shape, ends);
    for (const place of at) if (from.below(2) === 0 && story.shape.kind !== "udp without checksum") before.set(from.bytes(2), place);
    const there = translate(yard, before);
    assert.ok(there !== null, JSON.stringify(story));
    assert.equal(residuals(there!, is6, story.shape, own), residuals(before, is6, story.shape, own), JSON.stringify(story));
    const again = translate(yard, there!, { network: OTHER_NETWORK });
    assert.ok(again !== null, JSON.stringify(story));
    assert.is(hexOf(normalised(again!, at)), hexOf(normalised(before, at)), JSON.stringify(story));
    yard.remove(entry);
    yard.remove(back);
  }
});

tell("errors with some bytes changed: no trap, and nothing half done", (yard) => {
  const from = random(19);
  const flows = [false, true].map((is6) => endsOf(is6));
  const entries = flows.map((ends) => yard.insert(ends, { clientMac: CLIENT, backendMac: BACKEND }));
  let translated = 0;
  for (let count = 0; count < scale.icmpErrors; count++) {
    const is6 = from.below(2) === 0;
    const story = { ...anyCase(from, is6), quoted: from.below(80) };
    story.shape.kind = "udp";
    const frame = framesOf(flows[Number(is6)]!, story).before;
    for (let changes = from.below(4); changes > 0; changes--) frame[14 + from.below(frame.length - 14)] = from.below(256);
    translated += Number(translate(yard, frame) !== null);
  }
  assert.ok(translated > scale.icmpErrors / 20, `${translated} translated`);
  for (const entry of entries) yard.remove(entry);
});

test.run();
