/** Address bindings: found in their network and family, unique there, up to the limit, and used again once removed. What
 *  is bound is asked by ARP, as stations do: the answer names the MAC.                                                    */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_ADDRESSES } from "../../../assembly/abi/limits.ts";
import * as field from "../../../assembly/abi/address.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import { scale } from "../../scale.ts";
import type { TestEngine } from "../../support/engine.ts";
import { BROADCAST, TYPE_ARP, arp, ethernet, station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

const ASKER = station(9999);

/** Networks with two ports each: the second one asks. */
function yard(engine: TestEngine, count = 1): number[] {
  const networks = Array.from({ length: count }, () => engine.network({ learning: false }));
  for (const network of networks) engine.accessPorts(network, 2);
  return networks;
}

/** The MAC that the engine says `address` has, asked from `port`; null when it says nothing. */
function ask(engine: TestEngine, port: number, address: string): string | null {
  const question = arp({ operation: 1, senderMac: ASKER, senderAddress: "192.0.2.1", targetAddress: address });
  const [output] = engine.send(port, ethernet(BROADCAST, ASKER, TYPE_ARP, question));
  if (output?.port !== port) return null;
  return Buffer.from(output.frame.subarray(6, 12)).toString("hex").match(/../g)?.join(":") ?? null;
}

function addressOf(number: number): string {
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

tell("an address is bound once in its network, to one MAC on one port", (engine) => {
  const [network = 0] = yard(engine);
  assert.ok(engine.bind(network, 0, "10.0.0.1", station(1)));
  assert.not(engine.bind(network, 0, "10.0.0.1", station(1)));
  assert.not(engine.bind(network, 1, "10.0.0.1", station(2)));
  assert.is(ask(engine, 1, "10.0.0.1"), station(1));
});

tell("the same address may be bound in another network, and IPv6 of the same bits is another address", (engine) => {
  const [red = 0, blue = 0] = yard(engine, 2);
  assert.ok(engine.bind(red, 0, "10.0.0.1", station(1)));
  assert.ok(engine.bind(blue, 2, "10.0.0.1", station(2)));
  assert.ok(engine.bind(red, 0, "a00:1::", station(3)), "10.0.0.1 and zeros");
  assert.equal([ask(engine, 1, "10.0.0.1"), ask(engine, 3, "10.0.0.1")], [station(1), station(2)]);
  assert.ok(engine.unbind(red, 0, "10.0.0.1"));
  assert.equal([ask(engine, 1, "10.0.0.1"), ask(engine, 3, "10.0.0.1")], [null, station(2)]);
  assert.ok(engine.unbind(red, 0, "a00:1::"));
});

tell("IPv6 addresses that differ in one bit are told apart", (engine) => {
  const [network = 0] = yard(engine);
  const all = ["fd00::1", "fd00::3", "fd00:0:0:1::1", "7d00::1", "fd00::8000:0:0:1"];
  for (const [index, address] of all.entries()) assert.ok(engine.bind(network, 0, address, station(index)), address);
  for (const address of all) assert.not(engine.bind(network, 0, address, station(9)), address);
  for (const address of all) assert.ok(engine.unbind(network, 0, address), address);
  for (const address of all) assert.not(engine.unbind(network, 0, address), address);
});

tell(`${MAX_ADDRESSES} addresses have their places, and each is found`, (engine) => {
  const [network = 0] = yard(engine);
  for (let number = 1; number <= MAX_ADDRESSES; number++) {
    assert.ok(engine.bind(network, 0, addressOf(number), station(number)), addressOf(number));
  }
  const step = Math.ceil(MAX_ADDRESSES / scale.addressLookups);
  for (let number = 1; number <= MAX_ADDRESSES; number += step) assert.is(ask(engine, 1, addressOf(number)), station(number));
  assert.is(ask(engine, 1, addressOf(MAX_ADDRESSES + 1)), null);
});

tell("places of removed addresses are used again, however many come and go", (engine) => {
  const [network = 0] = yard(engine);
  const held = 500;
  const bindings = (map.ADDRESS_SLOTS * scale.addressRounds) | 0;
  for (let number = 0; number < bindings; number++) {
    assert.ok(engine.bind(network, 0, addressOf(number), station(number)), `binding ${number}`);
    if (number >= held) assert.ok(engine.unbind(network, 0, addressOf(number - held)));
  }
  assert.is(ask(engine, 1, addressOf(bindings - held)), station(bindings - held));
  assert.is(ask(engine, 1, addressOf(bindings - held - 1)), null);
});

tell("an address behind removed ones is still found", (engine) => {
  const [network = 0] = yard(engine);
  const chain = sharingPlace(engine, network, 4);
  for (const address of chain.slice(0, 3)) assert.ok(engine.unbind(network, 0, address));
  assert.is(ask(engine, 1, chain[3] ?? ""), station(3));
  assert.not(engine.bind(network, 0, chain[3] ?? "", station(5)), "nor is it bound twice, into the first gap");
});

/** Addresses that hash to one place, bound to stations 0, 1, ... so that they lie one behind the other. */
function sharingPlace(engine: TestEngine, network: number, count: number): string[] {
  engine.bind(network, 0, addressOf(1), station(0));
  const places = Array.from({ length: map.ADDRESS_SLOTS }, (_, place) => place);
  const first = places.find((place) => isBound(engine, place)) ?? 0;
  engine.unbind(network, 0, addressOf(1));
  const chain: string[] = [];
  for (let number = 1; chain.length < count; number++) {
    engine.bind(network, 0, addressOf(number), station(0));
    if (isBound(engine, first)) chain.push(addressOf(number));
    engine.unbind(network, 0, addressOf(number));
  }
  for (const [index, address] of chain.entries()) engine.bind(network, 0, address, station(index));
  for (const [index] of chain.entries()) assert.ok(isBound(engine, first + index));
  return chain;
}

function isBound(engine: TestEngine, place: number): boolean {
  return engine.tables.load32(map.ADDRESSES + place * map.ADDRESS_BYTES + field.STATE) === field.STATE_BOUND;
}

test.run();
