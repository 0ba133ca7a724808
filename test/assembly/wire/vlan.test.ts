/** Tags in place: what moves, what stays, and that pop undoes push. The 10 bytes below a frame are its virtio-net header. */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { scale } from "../../scale.ts";
import { arpRequest, frames, hex, taggedArpRequest } from "./frames.ts";
import { changesOnly, text, wireSuite } from "./wire-suite.ts";

const BELOW = 10;
const TPIDS = [0x8100, 0x88a8, 0x9100];

await wireSuite("vlan", (test, module) => {
  const { ethernet, vlan } = module.wasm;

  /** Puts the frame at the end of memory with `below` right below it, 0xa5 around, and returns where it begins. */
  function place(frame: Uint8Array, below: Uint8Array): number {
    module.bytes.fill(0xa5, module.end - 4096);
    const pointer = module.putAtEnd(frame);
    module.put(below, pointer - BELOW);
    return pointer;
  }
  const frameAt = (pointer: number): string => text(module.bytes.slice(pointer));
  const belowAt = (pointer: number): string => text(module.bytes.slice(pointer - BELOW, pointer));
  const header = Uint8Array.from({ length: BELOW }, (_, index) => index + 1);

  test("the tag a00a behind 8100 is VLAN 10, priority 5, in front of ARP", () => {
    const frame = module.putAtEnd(taggedArpRequest);
    assert.ok(vlan.isTag(ethernet.etherType(frame)));
    const tag = frame + ethernet.HEADER_BYTES;
    assert.is(vlan.tci(tag), 0xa00a);
    assert.is(vlan.vlanId(tag), 10);
    assert.is(vlan.priority(tag), 5);
    assert.is(vlan.isDropEligible(tag), false);
    assert.is(vlan.etherType(tag), ethernet.ETHER_TYPE_ARP);
  });

  test("each bit of the TCI has its meaning", () => {
    for (const [bytes, id, priority, eligible] of [
      ["0000", 0, 0, false],
      ["ffff", 4095, 7, true],
      ["1000", 0, 0, true],
      ["0fff", 4095, 0, false],
      ["e000", 0, 7, false],
    ] as const) {
      const tag = module.putAtEnd(hex(bytes, "0800"));
      assert.equal([vlan.vlanId(tag), vlan.priority(tag), vlan.isDropEligible(tag)], [id, priority, eligible], bytes);
    }
  });

  test("8100, 88a8 and 9100 announce a tag, no other type does", () => {
    const tags = Array.from({ length: 0x10000 }, (_, type) => type).filter((type) => vlan.isTag(type));
    assert.equal(tags, TPIDS);
  });

  test("4 bytes are a tag, fewer are not", () => {
    for (let length = 0; length <= 8; length++) assert.is(vlan.isValid(module.end - length, length), length >= 4);
  });

  test("push makes the tagged ARP request of the plain one, pop the plain one of the tagged", () => {
    const tagged = vlan.push(place(arpRequest, header), 0x8100, 0xa00a);
    assert.is(frameAt(tagged), text(taggedArpRequest));
    assert.is(belowAt(tagged), text(header));
    const plain = vlan.pop(place(taggedArpRequest, header));
    assert.is(frameAt(plain), text(arpRequest));
    assert.is(belowAt(plain), text(header));
  });

  test("push changes the 26 bytes around the addresses and no other; pop 22", () => {
    for (const [name, frame] of Object.entries(frames)) {
      const pointer = place(frame, header);
      let tagged = 0;
      changesOnly(module, pointer - 14, pointer + 12, () => {
        tagged = vlan.push(pointer, 0x88a8, 7);
      });
      assert.is(tagged, pointer - 4, name);
      changesOnly(module, tagged - 6, tagged + 16, () => {
        assert.is(vlan.pop(tagged), pointer);
      });
      assert.is(frameAt(pointer), text(frame), name);
    }
  });

  test("the shortest frames, at the end of memory: 14 bytes get a tag, 18 lose it", () => {
    const tagged = vlan.push(place(arpRequest.subarray(0, 14), header), 0x8100, 1);
    assert.is(frameAt(tagged), text(hex("ffffffffffff 02000000000a 8100 0001 0806")));
    assert.is(vlan.pop(tagged), tagged + 4);
    assert.is(frameAt(tagged + 4), text(arpRequest.subarray(0, 14)));
  });

  test("two tags: the outer one is pushed last and popped first", () => {
    const inner = vlan.push(place(arpRequest, header), 0x8100, 20);
    const outer = vlan.push(inner, 0x88a8, 30);
    assert.is(ethernet.etherType(outer), 0x88a8);
    assert.is(vlan.vlanId(outer + 14), 30);
    assert.is(vlan.etherType(outer + 14), 0x8100);
    assert.is(vlan.vlanId(outer + 18), 20);
    assert.is(vlan.etherType(outer + 18), ethernet.ETHER_TYPE_ARP);
    assert.is(vlan.vlanId(vlan.pop(outer) + 14), 20);
  });

  test("setTci rewrites the tag alone", () => {
    const frame = module.putAtEnd(taggedArpRequest);
    changesOnly(module, frame + 14, frame + 16, () => vlan.setTci(frame + 14, 0x0014));
    assert.is(vlan.vlanId(frame + 14), 20);
  });

  test("pop undoes any number of pushes, at any alignment, whatever the bytes", () => {
    const tags = fc.array(fc.record({ tpid: fc.constantFrom(...TPIDS), tci: fc.integer({ min: 0, max: 0xffff }) }), {
      minLength: 1,
      maxLength: 4,
    });
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
    fc.assert(
      fc.property(bytes(14, 64), bytes(BELOW, BELOW), tags, (frame, below, pushes) => {
        let pointer = place(frame, below);
        for (const { tpid, tci } of pushes) pointer = vlan.push(pointer, tpid, tci);
        for (const { tpid, tci } of [...pushes].reverse()) {
          assert.is(ethernet.etherType(pointer), tpid);
          assert.is(vlan.tci(pointer + 14), tci);
          pointer = vlan.pop(pointer);
        }
        assert.is(frameAt(pointer), text(frame));
        assert.is(belowAt(pointer), text(below));
      }),
      { numRuns: scale.wireFieldRuns },
    );
  });

  if (module.build !== "debug") return;
  test("the debug build stops a pop where there is no tag, and a push of what is none", () => {
    assert.throws(() => vlan.pop(place(arpRequest, header)), /vlan/);
    assert.throws(() => vlan.push(place(arpRequest, header), 0x0800, 1), /vlan/);
  });
});
