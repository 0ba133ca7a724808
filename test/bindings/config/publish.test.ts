/** Published ports as people write them: every form, every wrong form with its remedy, and back to text. */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatPublication, type PublishForm, publicationFault, readPublication } from "../../../bindings/config/publish.ts";
import type { Publication } from "../../../bindings/config/types.ts";
import { scale } from "../../scale.ts";

const test = suite("publish");
const read = (text: string, by: PublishForm = "port") => readPublication(text, by) as Publication;

function publication(fields: Partial<Publication>): Publication {
  return { protocol: "tcp", hostAddress: null, hostPort: null, targetAddress: null, targetPort: 80, count: 1, ...fields };
}

const FORMS: [text: string, by: PublishForm, canonical: string, read: Partial<Publication>][] = [
  ["80", "port", "80/tcp", {}],
  ["80/udp", "port", "80/udp", { protocol: "udp" }],
  ["8080:80", "port", "8080:80/tcp", { hostPort: 8080 }],
  [":80", "port", "80/tcp", {}],
  ["8000-8010:80-90/tcp", "port", "8000-8010:80-90/tcp", { hostPort: 8000, count: 11 }],
  ["80-90", "port", "80-90/tcp", { count: 11 }],
  ["80-80", "port", "80/tcp", {}],
  ["127.0.0.1:8080:80", "port", "127.0.0.1:8080:80/tcp", { hostAddress: "127.0.0.1", hostPort: 8080 }],
  ["127.0.0.1::80", "port", "127.0.0.1::80/tcp", { hostAddress: "127.0.0.1" }],
  ["0.0.0.0:8080:80", "port", "0.0.0.0:8080:80/tcp", { hostAddress: "0.0.0.0", hostPort: 8080 }],
  ["[::1]:8080:80", "port", "[::1]:8080:80/tcp", { hostAddress: "::1", hostPort: 8080 }],
  ["[::]:8080:80", "port", "[::]:8080:80/tcp", { hostAddress: "::", hostPort: 8080 }],
  ["[FD00:0::1]::80", "port", "[fd00::1]::80/tcp", { hostAddress: "fd00::1" }],
  ["10.77.0.2:80", "network", "10.77.0.2:80/tcp", { targetAddress: "10.77.0.2" }],
  ["8080:10.77.0.2:80", "network", "8080:10.77.0.2:80/tcp", { hostPort: 8080, targetAddress: "10.77.0.2" }],
  ["8080:[fd77::2]:80/udp", "network", "8080:[fd77::2]:80/udp", { protocol: "udp", hostPort: 8080, targetAddress: "fd77::2" }],
  [
    "[::1]:8000-8001:10.77.0.2:80-81",
    "network",
    "[::1]:8000-8001:10.77.0.2:80-81/tcp",
    { hostAddress: "::1", hostPort: 8000, targetAddress: "10.77.0.2", count: 2 },
  ],
  ["192.0.2.1::10.77.0.2:80", "network", "192.0.2.1::10.77.0.2:80/tcp", { hostAddress: "192.0.2.1", targetAddress: "10.77.0.2" }],
];

for (const [text, by, canonical, fields] of FORMS) {
  test(`${text} of a ${by}`, () => {
    assert.equal(read(text, by), publication(fields));
    assert.is(publicationFault(text, by), null);
    assert.is(formatPublication(read(text, by)), canonical);
  });
}

const WRONG: [text: string, by: PublishForm, fault: RegExp, remedy: RegExp][] = [
  ["", "port", /has "" where a port or a range/, /80-90/],
  ["http", "port", /has "http" where a port/, /number/],
  ["0:80", "port", /has port 0/, /from 1 to 65535/],
  ["80:65536", "port", /has port 65536/, /from 1 to 65535/],
  ["8080:0", "port", /has port 0/, /from 1 to 65535/],
  ["90-80", "port", /has the range 90-80, which ends before/, /lower port first/],
  ["8000-8002:80-81", "port", /ranges of 3 and 2 ports/, /same length/],
  ["8000-8002:80", "port", /ranges of 3 and 1 ports/, /same length/],
  ["8080:80/sctp", "port", /protocol "sctp"/, /tcp or udp/],
  ["8080:80/", "port", /protocol ""/, /tcp or udp/],
  ["8080:80/tcp/udp", "port", /is no published port/, /8080:80\/udp/],
  ["8080/tcp:80", "port", /protocol "tcp:80"/, /tcp or udp/],
  ["1:127.0.0.1:8080:80", "port", /too many parts/, /brackets/],
  ["::1:8080:80", "port", /too many parts/, /brackets/],
  ["[::1:8080:80", "port", /is no published port/, /8080/],
  ["[::1]x:8080:80", "port", /is no published port/, /8080/],
  ["[127.0.0.1]:8080:80", "port", /wrong brackets/, /only these/],
  ["127.0.0.1/8:8080:80", "port", /has "127\.0\.0\.1" where a port/, /number/],
  ["localhost:8080:80", "port", /"localhost" where a host address/, /192\.0\.2\.1/],
  [":8080:80", "port", /has "" where a host address/, /192\.0\.2\.1/],
  ["224.0.0.1:8080:80", "port", /224\.0\.0\.1, a multicast address/, /unicast/],
  ["255.255.255.255:8080:80", "port", /a broadcast address/, /unicast/],
  ["[fe80::1]:8080:80", "port", /a linkLocal address/, /unicast/],
  ["[::ffff:192.0.2.1]:8080:80", "port", /a ipv4Mapped address/, /unicast/],
  ["[fe80::1%eth0]:8080:80", "port", /where a host address/, /fd00::1/],
  ["8080:80 ", "port", /has "80 " where/, /number/],
  ["+80", "port", /has "\+80" where/, /number/],
  ["8080:80", "network", /has "8080" where the target's address/, /192\.0\.2\.1/],
  ["80", "network", /has "" where the target's address/, /192\.0\.2\.1/],
  ["8080:127.0.0.1:80", "network", /target 127\.0\.0\.1, which no station/, /subnet/],
  ["8080:fd77::2:80", "network", /too many parts/, /brackets/],
  ["9:9:8080:10.77.0.2:80", "network", /too many parts/, /brackets/],
];

for (const [text, by, fault, remedy] of WRONG) {
  test(`${JSON.stringify(text)} of a ${by} is refused`, () => {
    const found = publicationFault(text, by);
    assert.match(found?.fault ?? "", fault);
    assert.match(found?.remedy ?? "", remedy);
  });
}

const number = fc.integer({ min: 1, max: 65535 });
const address = fc.oneof(fc.constant("192.0.2.7"), fc.constant("fd00::7"), fc.constant("::1"), fc.constant("0.0.0.0"));
const any = fc
  .record({
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    hostAddress: fc.option(address),
    hostPort: fc.option(number),
    targetAddress: fc.option(fc.constantFrom("10.77.0.2", "fd77::2")),
    targetPort: number,
    count: fc.integer({ min: 1, max: 65535 }),
  })
  .map((made) => ({ ...made, count: Math.min(made.count, 65536 - made.targetPort, 65536 - (made.hostPort ?? 1)) }));

test("what is read from the text of a publication is that publication", () => {
  fc.assert(
    fc.property(any, (made) => {
      const by = made.targetAddress === null ? "port" : "network";
      assert.equal(read(formatPublication(made), by), made);
    }),
    { numRuns: scale.configurationInputs },
  );
});

test("no text makes the reader fail, and what it takes has a canonical form", () => {
  const part = fc.constantFrom("8080", "80-90", ":", ":", "/", "tcp", "udp", "[", "]", "::1", "127.0.0.1", "-", "x");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom("port" as const, "network" as const), (parts, by) => {
      const text = parts.join("");
      if (publicationFault(text, by) === null) assert.equal(read(formatPublication(read(text, by)), by), read(text, by));
    }),
    { numRuns: scale.configurationInputs },
  );
});

test.run();
