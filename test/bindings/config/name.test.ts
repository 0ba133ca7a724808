/** Names of networks and ports, of interfaces, of namespaces; MACs made from names. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { defaultMac, isStationMac } from "../../../bindings/config/mac-address.ts";
import { isInterfaceName, isLabel, isNamespace, namespacePath } from "../../../bindings/config/name.ts";

const test = suite("name");
const taken = (check: (text: string) => boolean, names: string[]) => names.filter(check);

test("labels are those of RFC 1123, in lower case", () => {
  const right = ["a", "7", "blue", "my-network", "a--b", "x".repeat(63)];
  const wrong = ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a b", "a\n", "x".repeat(64), "../x"];
  assert.equal(taken(isLabel, [...right, ...wrong]), right);
});

test("interface names are those that the kernel takes, less what tools misread", () => {
  const right = ["eth0", "x".repeat(15), "ens1.100", "été"];
  const wrong = ["", "x".repeat(16), "é".repeat(8), "a/b", "a:b", "a b", "a\tb", "tap%d", ".", "..", "-a", "a\u0000"];
  assert.equal(taken(isInterfaceName, [...right, ...wrong]), right);
});

test("namespaces are names below /run/netns or absolute paths", () => {
  const right = ["a", "container1", "/run/netns/a", "/proc/1234/ns/net"];
  const wrong = ["", ".", "..", "a/b", "./a", "/", "/run/netns/", "-a", "a b", "a\u0000b", "x".repeat(256)];
  assert.equal(taken(isNamespace, [...right, ...wrong]), right);
  assert.is(namespacePath("a"), "/run/netns/a");
  assert.is(namespacePath("/var/run/netns/a"), "/run/netns/a");
});

test("a station's MAC is neither a group's nor zero", () => {
  const right = ["02:00:00:00:00:0c", "00:00:00:00:00:01", "FE:ED:00:00:00:01"];
  const wrong = [
    "01:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "00:00:00:00:00:00",
    "2:0:0:0:0:c",
    "020000000000",
    "02:00:00:00:00:0g",
    "02:00:00:00:00:0c:01",
  ];
  assert.equal(taken(isStationMac, [...right, ...wrong]), right);
});

test("the default MAC is the one that the documentation works out", () => {
  assert.is(defaultMac("default", "a"), "b6:77:3f:d6:6b:e1");
  assert.ok(isStationMac(defaultMac("default", "a")));
});

test.run();
