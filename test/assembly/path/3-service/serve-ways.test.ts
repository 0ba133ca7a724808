/** Which way packets of a service take: from ports of the source that are free, to backends at the client's own port, and to such as have to be asked for
 *  first. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import { ipv6Address } from "../../../support/packet/address.ts";
import { bytes } from "../../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_IPV4 } from "../../../support/packet/ethernet.ts";
import { ICMP, ICMPV6, ipv4, TCP } from "../../../support/packet/ip.ts";
import { ADVERTISEMENT, discovery, linkOption, SOLICITATION, TARGET_LINK } from "../../../support/packet/neighbour.ts";
import { readPacket } from "../../../support/packet/read.ts";
import { ACK, icmp, RST, SYN, tcp } from "../../../support/packet/transport.ts";
import {
  addressOf,
  backend,
  DUAL,
  type Heard,
  macOf,
  SERVICE,
  type Served,
  story as storyOf,
  VIRTUAL,
  VIRTUAL6,
} from "../../../support/served.ts";

const story = (name: string, body: (served: Served) => void | Promise<void>, service?: ServiceConfig): void =>
  storyOf(test, name, body, service);
const to = (service: ServiceConfig, ...backends: ServiceConfig["backends"]): ServiceConfig => ({ ...service, backends });
const syn = (port: number, targetPort = 80, sequence = 100) => ({ sourcePort: port, targetPort, flags: SYN, sequence });
const hexOf = (mac: number[]): string => mac.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
const active = (served: Served): number[] => served.engine.services()[0]!.backends.map((info) => info.active);
const only = (heard: Heard[]): Heard => {
  assert.is(heard.length, 1, `${heard.length} were heard`);
  return heard[0] as Heard;
};

story(
  "where the virtual address has the client's port already, the source gets another port, and each answer finds its client",
  (served) => {
    for (const client of ["c1", "c2", "c3"] as const) assert.is(served.open(client, 40_000), "b1");
    const seen = (["c1", "c2", "c3"] as const).map((client) => {
      served.tcp(client, addressOf("b1"), syn(40_000, 8080, 300));
      return only(served.takeAll());
    });
    const ports = seen.map(({ source, sourcePort }) => `${source} ${sourcePort >= 1024}`);
    assert.equal(ports, [`${VIRTUAL} true`, `${VIRTUAL} true`, `${VIRTUAL} true`]);
    assert.equal([seen[0]?.sourcePort, new Set(seen.map(({ sourcePort }) => sourcePort)).size], [40_000, 3]);
    for (const [index, { sourcePort }] of seen.entries()) {
      served.tcp("b1", VIRTUAL, { sourcePort: 8080, targetPort: sourcePort, flags: SYN | ACK, sequence: 50, acknowledged: 301 });
      assert.is(only(served.takeAll()).port, `c${index + 1}`);
    }
    assert.equal(active(served), [6], "each is a load once");
  },
  to(SERVICE, backend("b1")),
);

story(
  "a backend behind the client's own port sees the virtual address, so that its answers come this way",
  (served) => {
    const neighbour = { mac: station(32), address: "10.77.0.32" };
    const send = (segment: Parameters<typeof tcp>[1]) => {
      const ends = { source: neighbour.address, destination: VIRTUAL };
      const packet = ipv4({ ...ends, protocol: TCP }, tcp(ends, segment));
      served.engine.memoryPort("wild1").send(ethernet(served.macFor(VIRTUAL), neighbour.mac, TYPE_IPV4, packet));
    };
    served.udp("wild1", addressOf("c1"), 1, 1);
    answerFor(served, "wild1");
    served.takeAll();
    send(syn(40_000));
    const there = only(served.takeAll());
    assert.equal([there.port, there.source, there.destinationMac], ["wild1", VIRTUAL, macOf("wild1")]);
    served.tcp("wild1", VIRTUAL, { sourcePort: 8080, targetPort: there.sourcePort, flags: SYN | ACK, sequence: 50, acknowledged: 101 });
    const back = only(served.takeAll());
    assert.equal([back.port, back.source, back.destination, back.destinationMac], ["wild1", VIRTUAL, neighbour.address, neighbour.mac]);
  },
  to(SERVICE, backend("wild1")),
);

story(
  "a client that begins anew with another sequence number is believed the answer to that",
  (served) => {
    served.tcp("c1", VIRTUAL, syn(40_000, 80, 0x9000_0000));
    served.tcp("c1", VIRTUAL, syn(40_000, 80, 100));
    served.takeAll();
    served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: 40_000, flags: RST | ACK, sequence: 0, acknowledged: 101 });
    assert.is(only(served.takeAll()).flags, "RA");
    assert.equal(served.engine.flows().flows, []);
  },
  to(SERVICE, backend("b1")),
);

for (const first of [0x100_0000, 0x7fff_ffff, 0xf000_0000])
  story(
    `a backend that begins with ${first} may change its mind before its answer is acknowledged`,
    (served) => {
      const say = (flags: number, sequence: number) =>
        served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: 40_000, flags, sequence, acknowledged: 101 });
      served.tcp("c1", VIRTUAL, syn(40_000));
      say(SYN | ACK, first);
      say(RST, first);
      assert.is(served.engine.flows().flows.length, 1, "that is not the next number");
      say(RST, first + 1);
      assert.equal(served.engine.flows().flows, []);
      served.takeAll();
    },
    to(SERVICE, backend("b1")),
  );

story(
  "a backend that answers between failures is not left out",
  (served) => {
    const refuse = (port: number) => {
      served.tcp("c1", VIRTUAL, syn(port));
      served.tcp("b1", addressOf("c1"), { sourcePort: 8080, targetPort: port, flags: RST | ACK, sequence: 0, acknowledged: 101 });
      served.takeAll();
    };
    const reason = () => served.engine.services()[0]!.backends[0]!.state;
    const before = reason();
    refuse(40_000);
    served.engine.tick(2000);
    assert.is(served.open("c1", 40_001), "b1");
    served.engine.tick(3000);
    refuse(40_002);
    served.engine.tick(4000);
    assert.is(reason(), before);
    refuse(40_003);
    served.engine.tick(5000);
    assert.is.not(reason(), before, "two in a row");
  },
  { ...to(SERVICE, backend("b1")), ejection: { failures: 2, seconds: 30, maxSeconds: 300, share: 1 } },
);

/** A station says where it is, to the virtual address. */
function answerFor(served: Served, name: "wild1" | "b1", mac = macOf(name), from = name): void {
  const reply = arp({
    operation: 2,
    senderMac: mac,
    senderAddress: addressOf(name),
    targetMac: served.macFor(VIRTUAL),
    targetAddress: VIRTUAL,
  });
  served.engine.memoryPort(from).send(ethernet(served.macFor(VIRTUAL), mac, TYPE_ARP, reply));
}

story(
  "a backend that is nobody's port is asked for once a second, by ARP from the virtual address, and is at the MAC that answers",
  (served) => {
    const questions = () =>
      served.others.splice(0).map(({ port, frame }) => `${port} ${Buffer.from(frame.subarray(0, 6)).toString("hex")}`);
    const everybody = ["c1", "c2", "c3", "b1", "b2", "b3", "wild1"].map((port) => `${port} ${BROADCAST.replaceAll(":", "")}`);
    for (let port = 40_000; port < 40_005; port++) served.tcp("c1", VIRTUAL, syn(port));
    const [asked] = served.others;
    assert.ok(asked);
    const sender = [...asked.frame.subarray(6, 12)];
    assert.equal(
      [...asked.frame.subarray(14)],
      [...arp({ operation: 1, senderMac: hexOf(sender), senderAddress: VIRTUAL, targetAddress: addressOf("wild1") })],
    );
    assert.equal(questions(), everybody);
    served.engine.tick(2000);
    served.tcp("c1", VIRTUAL, syn(40_000));
    assert.equal(questions(), everybody);
    assert.equal(served.takeAll(), []);
    answerFor(served, "wild1");
    assert.equal(served.others, [], "the answer is for the engine alone");
    served.tcp("c1", VIRTUAL, syn(40_000));
    assert.is(only(served.takeAll()).port, "wild1");
    assert.equal(questions(), []);
  },
  to(SERVICE, backend("wild1")),
);

story(
  "over IPv6 it is asked for by a solicitation, and the advertisement is for the engine alone",
  (served) => {
    served.tcp("c1", VIRTUAL6, syn(40_000));
    const asked = served.takeAll();
    assert.equal(
      asked.map(({ port, type, source }) => [port, type, source]),
      ["c1", "c2", "c3", "b1", "b2", "b3", "wild1"].map((port) => [port, SOLICITATION, VIRTUAL6]),
    );
    const wild = addressOf("wild1", 6);
    const link = { from: macOf("wild1"), to: served.macFor(VIRTUAL6) };
    const body = [0x60, 0, 0, 0, ipv6Address(wild), linkOption(TARGET_LINK, macOf("wild1"))];
    served.engine.memoryPort("wild1").send(discovery(link, { source: wild, destination: VIRTUAL6 }, ADVERTISEMENT, body));
    assert.equal(served.takeAll(), [], "nobody else hears it");
    served.tcp("c1", VIRTUAL6, syn(40_000));
    assert.is(only(served.takeAll()).port, "wild1");
  },
  to(DUAL, backend("wild1", 1, 6)),
);

story("what another station says of a bound backend's address changes nothing", (served) => {
  answerFor(served, "b1", macOf("wild1"), "wild1");
  served.tcp("c1", VIRTUAL, syn(40_000));
  const heard = only(served.takeAll());
  assert.equal([heard.port, heard.destinationMac], ["b1", macOf("b1")]);
});

story("a packet that was cut before its ports is dropped where services are concerned, and only there", (served) => {
  const cut = (destination: string) => {
    const ends = { source: addressOf("wild1"), destination };
    const packet = ipv4({ ...ends, protocol: TCP }, tcp(ends, syn(40_000)));
    const frame = ethernet(served.macFor(destination), macOf("wild1"), TYPE_IPV4, packet);
    served.engine.memoryPort("wild1").sendCut(frame.subarray(0, 38), frame.length);
    return served.heard.splice(0).map(({ port }) => port);
  };
  assert.equal(cut(addressOf("c2")), ["c2"]);
  assert.equal([cut(VIRTUAL), cut(addressOf("b1"))], [[], []]);
  assert.equal(served.drops(), ["2 snapped-short at wild1"]);
});

story(
  "what is ICMP for the other family is none",
  (served) => {
    const echo = [8, 0, 0xf7, 0xf7, 0, 7, 0, 1];
    served.ip("c1", VIRTUAL, ICMPV6, () => Uint8Array.from([128, ...echo.slice(1)]));
    served.ip("c1", VIRTUAL6, ICMP, () => Uint8Array.from(echo));
    assert.equal([served.take(), served.drops()], [[], ["2 no-service at c1"]]);
  },
  DUAL,
);

story("an error about a packet of a flow is about what its receiver has sent", (served) => {
  served.tcp("c1", VIRTUAL, syn(40_000));
  const { frame } = only(served.takeAll());
  served.ip("b1", addressOf("c1"), ICMP, () => icmp(3, 1, [0, 0, 0, 0], frame.subarray(14)));
  const error = only(served.takeAll());
  assert.equal([error.port, error.type, error.code], ["c1", 3, 1]);
  const { source, sourcePort, destination, targetPort } = readPacket(bytes(frame.subarray(0, 14), error.payload));
  assert.equal([source, sourcePort, destination, targetPort], [addressOf("c1"), 40_000, VIRTUAL, 80]);
});

test.run();
