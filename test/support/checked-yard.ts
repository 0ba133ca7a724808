/** Three ports for the tests of the source check:
 *
 *      port 0  A, 10.0.0.1, fd00::1, checked        port 1  B, 10.0.0.2, fd00::2, checked        port 2  not checked      */
import * as assert from "uvu/assert";
import * as port from "../../assembly/abi/port.ts";
import type { TestEngine } from "./engine.ts";
import { BROADCAST, station } from "./packet/ethernet.ts";
import * as nd from "./packet/neighbour.ts";
import { expectDrop, expectOutputs, tell } from "./story.ts";

export const [A, B, X] = [station(1), station(2), station(99)];
export const [A4, B4, FREE4] = ["10.0.0.1", "10.0.0.2", "10.0.0.50"];
export const [A6, B6, FREE6] = ["fd00::1", "fd00::2", "fd00::50"];
export const CHECKED = { flags: port.FLAG_SOURCE_CHECK };

/** Makes the three ports in a network of their own, which is returned. */
export function yard(engine: TestEngine): number {
  const network = engine.network();
  engine.port({ network, mac: A, ...CHECKED });
  engine.port({ network, mac: B, ...CHECKED });
  engine.port({ network });
  for (const [index, mac, addresses] of [
    [0, A, [A4, A6]],
    [1, B, [B4, B6]],
  ] as const) {
    for (const address of addresses) assert.ok(engine.bind(network, index, address, mac));
  }
  return network;
}

/** Every one of these frames, sent by A's port, reaches the other two ports. */
export function passes(sentence: string, frames: Record<string, Uint8Array>): void {
  tell(sentence, (engine) => {
    yard(engine);
    for (const [about, frame] of Object.entries(frames)) expectOutputs(engine, 0, frame, [1, 2], about);
  });
}

/** Every one of these frames, sent by A's port, is dropped there, and teaches the switch nothing. */
export function refuses(sentence: string, why: number, frames: Record<string, Uint8Array>): void {
  tell(sentence, (engine) => {
    yard(engine);
    for (const [about, frame] of Object.entries(frames)) expectDrop(engine, 0, frame, why, { about });
    assert.equal(engine.macs(), []);
  });
}

/** UDP from `source`, to everybody. */
export const ip4 = (source: string, from = A) => nd.udp4({ from, to: BROADCAST }, { source, destination: "10.0.0.255" }, 4000, 4001);
export const ip6 = (source: string, from = A) => nd.udp6({ from, to: "33:33:00:00:00:01" }, { source, destination: "ff02::1" }, 4000, 4001);
