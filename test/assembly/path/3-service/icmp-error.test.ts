/** Errors about packets of flows: of every type, quoted at every length, from either end and from routers; and what is none of them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as flow from "../../../../assembly/abi/flow.ts";
import type { FlowEnd, FlowEnds } from "../../../../bindings/tables/flow-table.ts";
import { bytes, ramp } from "../../../support/packet/bytes.ts";
import { TYPE_IPV4, TYPE_IPV6, ethernet } from "../../../support/packet/ethernet.ts";
import { type Shape, errorFrame, headerBytes, packetOf, protocolOf } from "../../../support/packet/icmp-error.ts";
import { FRAGMENT, GRE, ICMP, ICMPV6, UDP, ipv4, ipv6, pseudoHeader } from "../../../support/packet/ip.ts";
import { fragmentHeader } from "../../../support/packet/neighbour.ts";
import { partial } from "../../../support/packet/offload.ts";
import { icmp, icmpv6 } from "../../../support/packet/transport.ts";
import { OTHER_NETWORK, ServiceYard } from "../../../support/service-yard.ts";
import { hexOf } from "../../../support/story.ts";
import { BUILDS } from "../../../support/wasm.ts";
import { onesComplementSum } from "../../wire/checksum-model.ts";
import {
  endsOf,
  type Case,
  framesOf,
  withFlow,
  translate,
  expectTranslated,
  residuals,
  LINK,
  TYPES4,
  TYPES6,
  between,
  KINDS,
} from "./error-yard.ts";
const yards = await Promise.all(BUILDS.map((build) => ServiceYard.make(build)));

function tell(sentence: string, story: (yard: ServiceYard) => void): void {
  for (const yard of yards) test(`${sentence} (${yard.build})`, () => story(yard));
}

/** Of a checksum of which one byte is quoted that byte stays: what it would be depends on the other. */
function expectHalfLeft(yard: ServiceYard, ends: FlowEnds, story: Case): void {
  const { before, after } = framesOf(ends, story);
  const actual = translate(yard, before);
  assert.ok(actual !== null);
  assert.is(actual!.at(-1), before.at(-1));
  const [is6, own] = [ends.client.address.includes(":"), { source: ends.client.address, destination: "" }];
  assert.is(residuals(actual!, is6, story.shape, own)[0], residuals(before, is6, story.shape, own)[0], "the checksum around it");
  const at = is6 ? 56 : 36;
  for (const frame of [actual!, after]) frame.fill(0, at, at + 2);
  assert.is(hexOf(actual!.subarray(0, -1)), hexOf(after.subarray(0, -1)));
}

for (const is6 of [false, true]) {
  const family = is6 ? "IPv6" : "IPv4";
  const types = is6 ? TYPES6 : TYPES4;
  const router = is6 ? "fd00::ffff" : "10.9.9.9";

  tell(`${family}: every type, kind and direction, from the receiver and from a router`, (yard) => {
    for (const kind of KINDS) {
      for (const isHidden of [false, true]) {
        const shape: Shape = { kind, payload: 33, tcpOptions: 12 };
        const ends = endsOf(is6, { isHidden, protocol: protocolOf(shape, { source: is6 ? "::" : "", destination: "" }) });
        withFlow(yard, ends, () => {
          for (const type of types) {
            for (const direction of [flow.ORIGINAL, flow.REPLY]) {
              for (const from of [undefined, router])
                expectTranslated(yard, ends, { direction, router: from, type, code: 4, own: 0xdeadbeef, shape });
            }
          }
        });
      }
    }
  });

  tell(`${family}: as much as is quoted is translated, from the first 8 bytes of L4 on; of less nothing`, (yard) => {
    for (const kind of KINDS) {
      for (const hasOptions of [false, true]) {
        const shape: Shape = { kind, payload: 5, tcpOptions: 4, hasOptions };
        const ends = endsOf(is6, { protocol: protocolOf(shape, { source: is6 ? "::" : "", destination: "" }) });
        withFlow(yard, ends, () => {
          const least = headerBytes(shape, between(ends.client, ends.virtual)) + 8;
          const whole = packetOf(shape, between(ends.source, ends.backend), 1, 1).length;
          for (let quoted = 0; quoted <= whole; quoted++) {
            for (const direction of [flow.ORIGINAL, flow.REPLY]) {
              const story = { direction, type: types[0]!, code: 3, own: 0, shape, quoted };
              if (kind === "tcp" && quoted === least + 9) expectHalfLeft(yard, ends, story);
              else if (quoted >= least) expectTranslated(yard, ends, story);
              else assert.is(translate(yard, framesOf(ends, story).before), null, JSON.stringify(story));
            }
          }
        });
      }
    }
  });

  tell(`${family}: an error that is cut at any byte, flush with the end of memory, is none`, (yard) => {
    const ends = endsOf(is6);
    withFlow(yard, ends, () => {
      const { before } = framesOf(ends, { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape: { kind: "udp", payload: 9 } });
      for (let length = 0; length < before.length; length++)
        assert.is(translate(yard, before.subarray(0, length)), null, `${length} bytes`);
    });
  });

  tell(`${family}: a length within that says less than what is there is believed`, (yard) => {
    const ends = endsOf(is6, { protocol: 6 });
    const shape: Shape = { kind: "tcp", payload: 20 };
    withFlow(yard, ends, () => {
      const { before } = framesOf(ends, { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape });
      const [lengthAt, l4, headers] = is6 ? [62 + 4, 102, 0] : [42 + 2, 62, 20];
      for (let said = 0; said < 24; said++) {
        const frame = bytes(before);
        frame.set([0, said + headers], lengthAt);
        const actual = translate(yard, frame);
        assert.is(actual === null, said < 8, `${said} bytes`);
        if (actual === null) continue;
        const isSame = hexOf(actual.subarray(l4 + 16, l4 + 18)) === hexOf(frame.subarray(l4 + 16, l4 + 18));
        assert.is(isSame, said < 18, `the checksum where ${said} bytes are said to be there`);
      }
    });
  });

  tell(`${family}: the first piece of a packet has ends, a later one has none`, (yard) => {
    const ends = endsOf(is6);
    const shape: Shape = { kind: "udp", payload: 40, isFirst: true };
    withFlow(yard, ends, () => {
      for (const direction of [flow.ORIGINAL, flow.REPLY])
        expectTranslated(yard, ends, { direction, type: types[0]!, code: 3, own: 0, shape });
      const around = { source: ends.backend.address, destination: ends.source.address };
      const within = { source: ends.source.address, destination: ends.backend.address };
      const payload = packetOf({ kind: "udp", payload: 8 }, within, ends.source.port, ends.backend.port).subarray(is6 ? 40 : 20);
      const later = is6
        ? ipv6({ ...within, next: FRAGMENT }, fragmentHeader(UDP, 1, false), payload)
        : ipv4({ ...within, protocol: UDP, fragment: 1 }, payload);
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, later)), null);
    });
  });

  tell(`${family}: what is no error about a flow that is translated stays as it is`, (yard) => {
    const ends = endsOf(is6);
    const shape: Shape = { kind: "udp", payload: 8 };
    const usual = { direction: flow.REPLY, type: types[0]!, code: 3, own: 0, shape };
    const { before } = framesOf(ends, usual);
    assert.is(translate(yard, before), null, "there is no flow");
    withFlow(yard, ends, (entry) => {
      expectTranslated(yard, ends, usual);
      for (let type = 0; type < 256; type++)
        if (!types.includes(type)) assert.is(translate(yard, framesOf(ends, { ...usual, type }).before), null, `type ${type}`);
      assert.is(translate(yard, before, { network: OTHER_NETWORK }), null, "another network");
      const within = between(ends.source, ends.backend);
      const packet = packetOf(shape, within, ends.source.port, ends.backend.port);
      const other = is6 ? "fd00::77" : "10.7.7.7";
      assert.is(
        translate(yard, errorFrame(LINK, { source: ends.backend.address, destination: other }, types[0]!, 3, 0, packet)),
        null,
        "to another",
      );
      const around = { source: ends.backend.address, destination: ends.source.address };
      for (const port of [ends.source.port + 1, 0]) {
        const strange = packetOf(shape, within, port, ends.backend.port);
        assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, strange)), null, "another port");
      }
      const gre = is6 ? ipv6({ ...within, next: GRE }, ramp(20)) : ipv4({ ...within, protocol: GRE }, ramp(20));
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, gre)), null, "no ports");
      const told = is6
        ? ipv6({ ...within, next: ICMPV6 }, icmpv6(within, 1, 0, ramp(20)))
        : ipv4({ ...within, protocol: ICMP }, icmp(3, 0, ramp(20)));
      assert.is(translate(yard, errorFrame(LINK, around, types[0]!, 3, 0, told)), null, "an error about an error");
      const version = is6 ? 62 : 42;
      const otherVersion = bytes(before);
      otherVersion[version] = is6 ? 0x45 : 0x65;
      assert.is(translate(yard, otherVersion), null, "of the other family");
      assert.is(
        translate(yard, ethernet("33:33:00:00:00:01", LINK.from, is6 ? TYPE_IPV6 : TYPE_IPV4, before.subarray(14))),
        null,
        "to a group",
      );
      yard.setFlags(entry, flow.FLAG_DIRECT | flow.FLAG_ANSWERED);
      assert.is(translate(yard, before), null, "a flow that is not translated");
      yard.setFlags(entry, flow.FLAG_ANSWERED);
      expectTranslated(yard, ends, usual);
    });
    assert.is(translate(yard, before), null, "the flow has ended");
  });
}

tell("a partial checksum of ICMPv6 takes the addresses around it alone", (yard) => {
  const ends = endsOf(true);
  withFlow(yard, ends, () => {
    const { before, after } = framesOf(ends, { direction: flow.REPLY, type: 1, code: 4, own: 0, shape: { kind: "udp", payload: 9 } });
    const sumFor = (source: FlowEnd, destination: FlowEnd): number[] => {
      const sum = onesComplementSum(pseudoHeader(between(source, destination), ICMPV6, before.length - 54));
      return [sum >> 8, sum & 255];
    };
    before.set(sumFor(ends.backend, ends.source), 56);
    after.set(sumFor(ends.virtual, ends.client), 56);
    assert.is(hexOf(translate(yard, before, { header: partial(54, 2) })!), hexOf(after));
  });
});

tell("an unfinished checksum of ICMP stays as it is", (yard) => {
  const ends = endsOf(false);
  withFlow(yard, ends, () => {
    const { before, after } = framesOf(ends, { direction: flow.REPLY, type: 3, code: 4, own: 0, shape: { kind: "udp", payload: 9 } });
    before.fill(0, 36, 38);
    after.fill(0, 36, 38);
    assert.is(hexOf(translate(yard, before, { header: partial(34, 2) })!), hexOf(after));
  });
});

test.run();
