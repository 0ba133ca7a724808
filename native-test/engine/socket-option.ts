/** Options of sockets that Node has no call for. */
import type { Socket } from "node:dgram";
import { check } from "../../bindings/native/errno.ts";
import { lazily } from "../../bindings/native/koffi.ts";

const libc = lazily((define) => ({
  setsockopt: define<(descriptor: number, level: number, option: number, value: Int32Array, bytes: number) => number>(
    "int setsockopt(int, int, int, void *, uint)",
  ),
}));

/** Sets an option whose value is an int, on a bound socket. @throws PortyardError `system-call-failed`. */
export function setSocketOption(socket: Socket, level: number, option: number, value: number): void {
  setDescriptorOption(descriptorOf(socket), level, option, value);
}

/** The same of any socket. @throws PortyardError `system-call-failed`. */
export function setDescriptorOption(descriptor: number, level: number, option: number, value: number): void {
  check(libc().setsockopt(descriptor, level, option, Int32Array.of(value), 4), `setsockopt(${level}, ${option})`);
}

/** Node keeps it from its users, behind a symbol. */
function descriptorOf(socket: Socket): number {
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "state symbol");
  return (socket as unknown as Record<symbol, { handle: { fd: number } }>)[state as symbol]?.handle.fd ?? -1;
}
