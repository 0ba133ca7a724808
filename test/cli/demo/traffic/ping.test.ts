/** Echo requests and replies: real bytes, every truncated length. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checksum, echoReply, echoRequest } from "../../../../cli/demo/traffic/ping.ts";

/** An IPv4 header of `words` 32-bit words before `message`; time to live 63. */
function packet(words: number, message: Buffer): Buffer {
  const header = Buffer.alloc(words * 4);
  header[0] = 0x40 | words;
  header[8] = 63;
  return Buffer.concat([header, message]);
}

function reply(): Buffer {
  const message = echoRequest(0x7079, 5);
  message[0] = 0;
  return message;
}

test("a request is 64 bytes, type 8, and its checksum holds", () => {
  const request = echoRequest(0x7079, 0xfffe);
  assert.is(request.length, 64);
  assert.equal([...request.subarray(0, 2)], [8, 0]);
  assert.is(request.readUInt16BE(4), 0x7079);
  assert.is(request.readUInt16BE(6), 0xfffe);
  assert.is(checksum(request), 0);
});

test("the checksum is that of RFC 1071's example", () => {
  assert.is(checksum(Buffer.from("0001f203f4f5f6f7", "hex")), ~0xddf2 & 0xffff);
});

test("a reply is found behind a header with options", () => {
  for (const words of [5, 15]) {
    assert.equal(echoReply(packet(words, reply())), { identifier: 0x7079, sequence: 5, bytes: 64, timeToLive: 63 });
  }
});

test("a request, an error message and a header that is too short are no reply", () => {
  assert.is(echoReply(packet(5, echoRequest(1, 1))), null);
  assert.is(echoReply(packet(5, Buffer.concat([Buffer.from([3, 1, 0, 0]), reply()]))), null);
  assert.is(echoReply(packet(4, reply())), null);
});

test("a packet cut inside its headers is no reply, at any length", () => {
  const whole = packet(5, reply());
  for (let length = 0; length < 28; length++) assert.is(echoReply(whole.subarray(0, length)), null, `${length} bytes`);
  assert.is(echoReply(whole.subarray(0, 28))?.bytes, 8);
});

test.run();
