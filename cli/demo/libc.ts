/** The calls of libc that the demo's processes make. */
import { lazily } from "../../bindings/native/koffi.ts";

type Socket = number;
type Numbers = (...numbers: number[]) => number;

export const libc = lazily((define) => ({
  unshare: define<Numbers>("int unshare(int)"),
  prctl: define<Numbers>("int prctl(int, long, long, long, long)"),
  flock: define<Numbers>("int flock(int, int)"),
  close: define<Numbers>("int close(int)"),
  socket: define<Numbers>("int socket(int, int, int)"),
  listen: define<Numbers>("int listen(int, int)"),
  setsockopt: define<(socket: Socket, level: number, option: number, value: Uint8Array, bytes: number) => number>(
    "int setsockopt(int, int, int, void *, int)",
  ),
  bind: define<(socket: Socket, address: Uint8Array, bytes: number) => number>("int bind(int, void *, int)"),
  getsockname: define<(socket: Socket, address: Uint8Array, bytes: Uint8Array) => number>("int getsockname(int, void *, void *)"),
  accept: define<(socket: Socket, address: null, bytes: null) => number>("int accept(int, void *, void *)"),
  connect: define<(socket: Socket, address: Uint8Array, bytes: number) => number>("int connect(int, void *, int)"),
  send: define<(socket: Socket, data: Uint8Array, bytes: number, flags: number) => number>("long send(int, void *, long, int)"),
  sendto: define<(socket: Socket, data: Uint8Array, bytes: number, flags: number, address: Uint8Array, length: number) => number>(
    "long sendto(int, void *, long, int, void *, int)",
  ),
  recv: define<(socket: Socket, data: Uint8Array, bytes: number, flags: number) => number>("long recv(int, void *, long, int)"),
}));
