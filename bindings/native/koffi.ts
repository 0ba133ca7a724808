/** The way to the kernel: libc through koffi, an optional dependency that is loaded when the first call needs it, so that
 *  replays and memory ports work without it. This folder is the only one that knows koffi.
 *
 *  A module lives once in each thread, and so does the library handle here: one `koffi.load` per thread.
 *  A call costs 0.2-0.4 microseconds: one for each burst is nothing, one for each frame is too many. */
import { createRequire } from "node:module";
import { PortyardError } from "../error.ts";

type Koffi = typeof import("koffi").default;
type Library = ReturnType<Koffi["load"]>;

/** Binds a libc function from its C declaration. Addresses are declared `int64` and given as numbers (below 2^53). */
export type Define = <Call>(declaration: string) => Call;

let koffi: Koffi | null = null;
let library: Library | null = null;

/** koffi itself.
 *  @throws PortyardError `linux-only` elsewhere; `koffi-missing` when it is not installed or its binary does not load. */
export function loadKoffi(): Koffi {
  if (koffi !== null) return koffi;
  if (process.platform !== "linux") {
    throw new PortyardError("linux-only", `Devices need Linux, and this is ${process.platform}.`, {
      value: process.platform,
      remedy: "Use memory ports, `portyard replay`, or a Linux machine.",
    });
  }
  try {
    koffi = createRequire(import.meta.url)("koffi") as Koffi;
  } catch (cause) {
    throw koffiMissing(cause);
  }
  return koffi;
}

function koffiMissing(cause: unknown): PortyardError {
  return new PortyardError("koffi-missing", "The optional dependency koffi, which makes system calls, cannot be loaded.", {
    path: "koffi",
    value: cause instanceof Error ? cause.message : String(cause),
    remedy:
      'Install again without --omit=optional (`npm install`). Where npm blocks install scripts, approve it: `npm install-scripts approve koffi`, or `"allowScripts": { "koffi": true }` in package.json; then `npm rebuild koffi`.',
    cause,
  });
}

function loadLibrary(): Library {
  library ??= loadKoffi().load(null);
  return library;
}

/** Functions of libc, bound at the first call of what is returned and then kept.
 *  @example const libc = lazily((define) => ({ getpid: define<() => number>("int getpid()") })); libc().getpid(); */
export function lazily<Calls>(bind: (define: Define) => Calls): () => Calls {
  let calls: Calls | null = null;
  return () => {
    calls ??= bind((declaration) => loadLibrary().func(declaration) as never);
    return calls;
  };
}

/** `errno` of this thread's last libc call: ask at once, before any other call. */
export function lastErrno(): number {
  return (koffi as Koffi).errno();
}
