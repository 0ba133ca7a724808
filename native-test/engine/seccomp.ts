/** Forbids a system call as a container's seccomp profile does (seccomp(2)): it fails with EPERM, in this thread and in
 *  every thread and process that it starts from now on.
 *
 *      load number; equal -> return EPERM, else -> allow                                classic BPF, struct sock_filter */
import { check } from "../../bindings/native/errno.ts";
import { lazily } from "../../bindings/native/koffi.ts";
import { addressOf } from "../../bindings/native/memory.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const BPF_LOAD_WORD = 0x20;
const BPF_JUMP_IF_EQUAL = 0x15;
const BPF_RETURN = 0x06;
const RETURN_EPERM = 0x00050001;
const RETURN_ALLOW = 0x7fff0000;

const libc = lazily((define) => ({
  prctl: define<(option: number, a: number, b: bigint, c: number, d: number) => number>("int prctl(int, ulong, int64, ulong, ulong)"),
}));

/** @param number of the call on this architecture; that of the calling ABI is not looked at.
 *  @throws PortyardError `system-call-failed`. */
export function forbidSystemCall(number: number): void {
  const filter = Buffer.concat([
    instruction(BPF_LOAD_WORD, 0, 0, 0),
    instruction(BPF_JUMP_IF_EQUAL, 0, 1, number),
    instruction(BPF_RETURN, 0, 0, RETURN_EPERM),
    instruction(BPF_RETURN, 0, 0, RETURN_ALLOW),
  ]);
  const code = new Uint8Array(filter);
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, code.length / 8, true);
  program.setBigUint64(8, addressOf(code.buffer), true);
  check(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0n, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)");
  check(libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, addressOf(program.buffer), 0, 0), "prctl(PR_SET_SECCOMP)");
}

function instruction(code: number, whenTrue: number, whenFalse: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
