/** A port as a forwarder tells of it to an agent that may be of another version: who it is, so that the agent knows it also when
 *  it can read nothing of the forwarder's tables. Its numbers (KIND_*, FLAG_*, RESTORE_* of abi/port.ts) never change. */
import type { LeftPort } from "../tables/left-tables.ts";

/** A `LeftPort` as JSON: 64 bits and bytes as hexadecimal text. */
export interface HeldPort extends Omit<LeftPort, "fingerprint" | "linkLocals"> {
  fingerprint: string;
  linkLocals: string[];
}

/** As it goes over the socket. */
export function tellPort(port: LeftPort): HeldPort {
  const linkLocals = port.linkLocals.map((bytes) => Buffer.from(bytes).toString("hex"));
  return { ...port, fingerprint: port.fingerprint.toString(16), linkLocals };
}

/** The port that `tellPort` made this of. */
export function hearPort(held: HeldPort): LeftPort {
  const linkLocals = held.linkLocals.map((text) => new Uint8Array(Buffer.from(text, "hex")));
  return { ...held, fingerprint: BigInt(`0x${held.fingerprint}`), linkLocals };
}
