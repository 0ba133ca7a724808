/** The link-local addresses that a checked port announces by duplicate address detection, and who may speak from them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../../assembly/abi/drop-reason.ts";
import { A, B, B6, CHECKED, ip6, yard } from "../../../support/checked-yard.ts";
import * as nd from "../../../support/packet/neighbour.ts";
import { expectDrop, expectOutputs, tell } from "../../../support/story.ts";

const announced = (index: number) => `fe80::1234:5678:9abc:${index + 1}`;

tell("a station may announce four link-locals and speak from them; the fifth is refused", (engine) => {
  yard(engine);
  for (let index = 0; index < 4; index++) {
    expectDrop(engine, 0, ip6(announced(index)), reason.SPOOFED_SOURCE);
    expectOutputs(engine, 0, nd.solicitation(A, "::", announced(index)), [1, 2]);
    expectOutputs(engine, 0, ip6(announced(index)), [1, 2]);
  }
  expectDrop(engine, 0, nd.solicitation(A, "::", announced(4)), reason.SPOOFED_SOURCE);
  expectDrop(engine, 0, ip6(announced(4)), reason.SPOOFED_SOURCE);
  expectOutputs(engine, 0, nd.solicitation(A, "::", announced(2)), [1, 2]);
  expectOutputs(engine, 0, nd.advertisement(A, announced(3), announced(3), 0x20, nd.linkOption(nd.TARGET_LINK, A)), [1, 2]);
});

tell("the link-local of its own MAC is none of the four, nor is an address that is not link-local", (engine) => {
  yard(engine);
  for (let repeat = 0; repeat < 5; repeat++) {
    expectOutputs(engine, 0, nd.solicitation(A, "::", nd.eui64(A)), [1, 2]);
    expectOutputs(engine, 0, nd.solicitation(A, "::", `fd00::${100 + repeat}`), [1, 2]);
  }
  for (let index = 0; index < 4; index++) expectOutputs(engine, 0, nd.solicitation(A, "::", announced(index)), [1, 2]);
  expectDrop(engine, 0, ip6("fd00::100"), reason.SPOOFED_SOURCE);
});

tell("what one station announced is not another's to speak from", (engine) => {
  yard(engine);
  engine.send(0, nd.solicitation(A, "::", announced(0)));
  const asB = nd.udp6({ from: B, to: "33:33:00:00:00:01" }, { source: announced(0), destination: "ff02::1" }, 1, 2);
  expectDrop(engine, 1, asB, reason.SPOOFED_SOURCE);
});

tell("who detects a link-local that another station has does not get it: the question goes on, the answer decides", (engine) => {
  yard(engine);
  engine.send(0, nd.solicitation(A, "::", announced(0)));
  expectOutputs(engine, 1, nd.solicitation(B, "::", announced(0)), [0, 2]);
  expectDrop(engine, 1, nd.advertisement(B, B6, announced(0), 0x20), reason.SPOOFED_SOURCE);
  expectOutputs(engine, 1, nd.solicitation(B, "::", nd.eui64(A)), [0, 2]);
  expectDrop(engine, 1, nd.advertisement(B, B6, nd.eui64(A), 0x20), reason.SPOOFED_SOURCE);
});

tell("a link-local that is bound to a port is that port's alone", (engine) => {
  const network = yard(engine);
  engine.bind(network, 1, "fe80::b", B);
  engine.send(0, nd.solicitation(A, "::", "fe80::b"));
  expectDrop(engine, 0, ip6("fe80::b"), reason.SPOOFED_SOURCE);
  expectOutputs(engine, 1, nd.udp6({ from: B, to: "33:33:00:00:00:01" }, { source: "fe80::b", destination: "ff02::1" }, 1, 2), [0, 2]);
});

tell("what a station announced ends with its port", (engine) => {
  const network = yard(engine);
  engine.send(0, nd.solicitation(A, "::", announced(0)));
  engine.remove(0, [network]);
  assert.is(engine.port({ network, mac: A, ...CHECKED }), 0);
  expectDrop(engine, 0, ip6(announced(0)), reason.SPOOFED_SOURCE);
});

test.run();
