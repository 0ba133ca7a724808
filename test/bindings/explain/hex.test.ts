/** Bytes as people write them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import { readHex } from "../../../bindings/explain/hex.ts";

const test = suite("hexadecimal");

const errorOf = (text: string): PortyardError => {
  try {
    readHex(text);
  } catch (error) {
    if (error instanceof PortyardError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(text)} was read`);
};

for (const text of [
  "0200ff",
  "0200FF",
  "02 00 ff",
  "02:00:ff",
  "02-00-ff",
  "0x02 0x00 0xff",
  "0x0200ff",
  "  02\n00\tff\r\n",
  "0 2 0 0 f f",
]) {
  test(`${JSON.stringify(text)} is three bytes`, () => assert.equal([...readHex(text)], [2, 0, 255]));
}

test("nothing is no byte", () => assert.is(readHex(" \n").length, 0));

test("what is no digit is named", () => {
  const { code, message, value, remedy } = errorOf("02 0g");
  assert.equal([code, value], ["bad-hex", "g"]);
  assert.is(message, 'The frame cannot be read: "g" is no hexadecimal digit.');
  assert.match(remedy ?? "", "two hexadecimal digits for each byte");
  assert.is(errorOf("02,00").value, ",");
  assert.is(errorOf("0é").value, "é");
  assert.is(errorOf('"02"').message, 'The frame cannot be read: "\\"" is no hexadecimal digit.');
});

test("half a byte is half a byte too many", () => {
  const { code, message, value } = errorOf("02 0");
  assert.equal([code, value], ["bad-hex", 3]);
  assert.is(message, "The frame cannot be read: there are 3 digits, half a byte too many.");
});

test.run();
