/** Forwarding turned on and put back, in a folder that looks like /proc/sys/net. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Forwarding, strangersOf } from "../../../agent/host/forwarding.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { FakeSettings } from "./fake-settings.ts";

const test = suite<{ settings: FakeSettings; forwarding: Forwarding }>("forwarding");
test.before.each((context) => {
  context.settings = new FakeSettings();
  context.forwarding = new Forwarding(context.settings.root);
});
test.after.each(({ settings }) => settings.close());

test("is seen, on and off", ({ settings, forwarding }) => {
  assert.equal([forwarding.isOn("ipv4"), forwarding.isOn("ipv6")], [false, false]);
  settings.set("ipv6/conf/all/forwarding", "1\n");
  assert.equal([forwarding.isOn("ipv4"), forwarding.isOn("ipv6")], [false, true]);
});

test("of IPv6: router advertisements that were believed are believed further, others are not", ({ settings, forwarding }) => {
  settings.set("ipv6/conf/eth1/accept_ra", "0");
  forwarding.turnOn("ipv6");
  assert.equal(
    ["default", "eth0", "eth1"].map((name) => settings.get(`ipv6/conf/${name}/accept_ra`)),
    ["2", "2", "0"],
  );
  assert.is(settings.get("ipv6/conf/all/forwarding"), "1");
});

test("that was on already is left alone, with all that belongs to it", ({ settings, forwarding }) => {
  settings.set("ipv6/conf/all/forwarding", "1");
  const before = settings.listing();
  forwarding.turnOn("ipv6");
  assert.equal(settings.listing(), before);
});

for (const family of ["ipv4", "ipv6"] as const) {
  test(`of ${family} is put back to the last setting, of interfaces that differed too`, ({ settings, forwarding }) => {
    settings.set(`${family}/conf/eth1/forwarding`, "1");
    settings.set("ipv6/conf/eth1/accept_ra", "0");
    const before = settings.listing();
    const snapshot = forwarding.snapshot(family);
    forwarding.turnOn(family);
    settings.kernel();
    assert.is.not(JSON.stringify(settings.listing()), JSON.stringify(before));
    forwarding.restore(family, snapshot);
    assert.equal(settings.listing(), before);
  });

  test(`of ${family} is put back when an interface has come and another has gone`, ({ settings, forwarding }) => {
    const snapshot = forwarding.snapshot(family);
    forwarding.turnOn(family);
    settings.kernel();
    settings.remove("eth0");
    settings.add("eth9");
    forwarding.restore(family, snapshot);
    assert.is(settings.get(`${family}/conf/eth1/forwarding`), "0");
    assert.is(forwarding.isOn(family), false);
  });
}

test("strangers are the interfaces that did not forward, and no others", ({ settings, forwarding }) => {
  settings.add("py-blue");
  settings.set("ipv4/conf/eth1/forwarding", "1");
  assert.equal(strangersOf("ipv4", forwarding.snapshot("ipv4")), ["eth0"]);
  assert.equal(strangersOf("ipv6", forwarding.snapshot("ipv6")).sort(), ["eth0", "eth1"]);
});

test("a setting that cannot be written is an error that names it", ({ settings, forwarding }) => {
  settings.remove("all");
  settings.set("ipv6/conf/all/forwarding/no-file", "");
  try {
    forwarding.turnOn("ipv6");
    assert.unreachable("it was taken");
  } catch (error) {
    const { code, message, remedy } = error as PortyardError;
    assert.is(code, "setting-refused");
    assert.match(message, /net\.ipv6\.conf\.all\.forwarding cannot be set to 1 \(EISDIR\)/);
    assert.match(remedy!, /docker run --sysctl net\.ipv6\.conf\.all\.forwarding=1/);
  }
});

test("a family that the kernel does not have is not there, and not on", ({ settings, forwarding }) => {
  settings.remove("all");
  assert.equal([forwarding.exists("ipv6"), forwarding.isOn("ipv6")], [false, false]);
  assert.is(forwarding.exists("ipv4"), true);
});

test.run();
