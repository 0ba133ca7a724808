/** The ledger of forwarding: the first instance writes down how all was, the last one puts it back, whatever order they end in. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Forwarding, type ForwardingFamily } from "../../../agent/host/forwarding.ts";
import { Ledger } from "../../../agent/host/ledger.ts";
import { scale } from "../../scale.ts";
import { FakeSettings } from "./fake-settings.ts";

const test = suite("ledger");

async function inYard(
  body: (yard: { settings: FakeSettings; forwarding: Forwarding; ledger: Ledger; path: string }) => Promise<void>,
): Promise<void> {
  const settings = new FakeSettings();
  const path = `${settings.root}.json`;
  const forwarding = new Forwarding(settings.root);
  try {
    await body({ settings, forwarding, ledger: new Ledger(path, forwarding), path });
  } finally {
    settings.close();
    rmSync(path, { force: true });
  }
}

test("nothing is written down of what is on already", () =>
  inYard(async ({ settings, ledger, path }) => {
    settings.set("ipv4/ip_forward", "1");
    assert.equal(await ledger.acquire("lab", ["ipv4"]), { ipv4: [], ipv6: [] });
    assert.not.ok(existsSync(path));
    await ledger.release("lab");
    assert.is(settings.get("ipv4/ip_forward"), "1");
  }));

test("the last user puts back what the first found", () =>
  inYard(async ({ settings, forwarding, ledger, path }) => {
    const before = settings.listing();
    assert.equal(await ledger.acquire("one", ["ipv4"]), { ipv4: ["eth0", "eth1"], ipv6: [] });
    forwarding.turnOn("ipv4");
    settings.kernel();
    assert.equal((await ledger.acquire("two", ["ipv4"])).ipv4, ["eth0", "eth1"], "the second is told of the same strangers");
    await ledger.release("one");
    assert.is(forwarding.isOn("ipv4"), true);
    assert.equal([ledger.knows("one"), ledger.knows("two")], [false, true]);
    await ledger.release("two");
    assert.not.ok(existsSync(path));
    assert.equal(settings.listing(), before);
  }));

test("an instance that asks twice, as after its death, is one user", () =>
  inYard(async ({ forwarding, ledger }) => {
    await ledger.acquire("lab", ["ipv4"]);
    forwarding.turnOn("ipv4");
    await ledger.acquire("lab", ["ipv4"]);
    await ledger.release("lab");
    assert.is(forwarding.isOn("ipv4"), false);
  }));

test("one family can be released alone", () =>
  inYard(async ({ forwarding, ledger }) => {
    await ledger.acquire("lab", ["ipv4", "ipv6"]);
    forwarding.turnOn("ipv4");
    forwarding.turnOn("ipv6");
    await ledger.release("lab", ["ipv6"]);
    assert.equal([forwarding.isOn("ipv4"), forwarding.isOn("ipv6"), ledger.knows("lab")], [true, false, true]);
  }));

test("a release by somebody who is no user changes nothing", () =>
  inYard(async ({ forwarding, ledger }) => {
    await ledger.acquire("lab", ["ipv4"]);
    forwarding.turnOn("ipv4");
    await ledger.release("other");
    assert.is(forwarding.isOn("ipv4"), true);
  }));

for (const text of ["", "{", "[]", '{"4026531840":{"ipv4":{"users":"lab"}}}', "null"]) {
  test(`a file with ${JSON.stringify(text)} says nothing`, () =>
    inYard(async ({ ledger, path }) => {
      writeFileSync(path, text);
      assert.is(ledger.knows("lab"), false);
      await ledger.acquire("lab", ["ipv4"]);
      assert.is(ledger.knows("lab"), true);
    }));
}

test("many at once do not lose each other", () =>
  inYard(async ({ settings, forwarding, ledger, path }) => {
    const names = Array.from({ length: 20 }, (_, index) => `lab-${index}`);
    await Promise.all(names.map((name) => new Ledger(path, forwarding).acquire(name, ["ipv4"])));
    forwarding.turnOn("ipv4");
    assert.ok(names.every((name) => ledger.knows(name)));
    await Promise.all(names.map((name) => new Ledger(path, forwarding).release(name)));
    assert.not.ok(existsSync(path));
    assert.is(settings.get("ipv4/ip_forward"), "0");
  }));

test("in any order, forwarding is on while somebody needs it, and as before when nobody does", () => {
  const step = fc.record({
    instance: fc.constantFrom("a", "b", "c"),
    families: fc.constantFrom<ForwardingFamily[]>([], ["ipv4"], ["ipv6"], ["ipv4", "ipv6"]),
  });
  return fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) =>
      inYard(async ({ settings, forwarding, ledger }) => {
        const before = settings.listing();
        const needs = new Map<string, ForwardingFamily[]>();
        for (const { instance, families } of [
          ...steps,
          ...["a", "b", "c"].map((name) => ({ instance: name, families: [] as ForwardingFamily[] })),
        ]) {
          if (families.length > 0) await ledger.acquire(instance, families);
          for (const family of families) forwarding.turnOn(family);
          settings.kernel();
          await ledger.release(
            instance,
            (["ipv4", "ipv6"] as const).filter((family) => !families.includes(family)),
          );
          needs.set(instance, families);
          for (const family of ["ipv4", "ipv6"] as const) {
            assert.is(
              forwarding.isOn(family),
              [...needs.values()].some((all) => all.includes(family)),
            );
          }
        }
        assert.equal(settings.listing(), before);
      }),
    ),
    { numRuns: scale.ledgerRuns },
  );
});

test.run();
