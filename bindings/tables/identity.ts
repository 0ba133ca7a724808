/** By what a restarted agent knows the ports and networks of the tables: each record has the name of its object and a
 *  fingerprint of the configuration that it was made from. */
import { createHash } from "node:crypto";
import { NAME_BYTES } from "../../assembly/abi/limits.ts";
import type { Tables } from "./tables.ts";

/** Writes a name of at most 63 bytes. */
export function writeName(tables: Tables, pointer: number, name: string): void {
  const bytes = new TextEncoder().encode(name);
  tables.fill(pointer, NAME_BYTES);
  tables.bytes.set(bytes.subarray(0, NAME_BYTES - 1), pointer);
}

/** Empty where no name was written. */
export function readName(tables: Tables, pointer: number): string {
  const bytes = tables.bytes.slice(pointer, pointer + NAME_BYTES);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** 64 bits of SHA-256 over the configuration; the order of its keys does not matter, that of its lists does. What is
 *  published is no matter of the tables. */
export function fingerprintOf(config: object): bigint {
  const { publish: _, ...own }: { publish?: unknown } = config;
  const text = JSON.stringify(own, (_key, value: unknown) => (isObject(value) ? sorted(value) : value));
  return createHash("sha256").update(text).digest().readBigUInt64LE();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
