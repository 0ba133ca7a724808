/** What this machine can and cannot do, found out by doing it: a TAP is made, a ring is set up, a file is mapped, and all
 *  of it is gone again. `portyard doctor` prints the list. Nothing here throws. */
import { arch, release } from "node:os";
import { PortyardError } from "../error.ts";
import { interfaceIndex } from "../native/interface.ts";
import { closeDescriptor } from "../native/io.ts";
import { loadKoffi } from "../native/koffi.ts";
import { withNewNamespace } from "../native/namespace.ts";
import { kernelIsAtLeast, openPacketSocket } from "../native/packet-socket.ts";
import { openTap } from "../native/tap.ts";
import { probeUring } from "../native/uring.ts";
import { probeMapping } from "./probe-mapping.ts";
import { probeProgram, probeRights, probeTmpfs, probeUserNamespaces } from "./probe-system.ts";

export interface ProbeResult {
  /** Stable, kebab-case. */
  name: string;
  /** "limited": Portyard works without it, or with less of it. */
  state: "ok" | "missing" | "limited";
  /** One phrase: what was found. */
  detail: string;
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null;
}

/** Node releases before this one are not supported. */
const LEAST_NODE = 20;

/** Runs every probe, which takes some tens of milliseconds. In order: what all else rests on comes first. */
export async function probeHost(): Promise<ProbeResult[]> {
  return [
    probeKernel(),
    probeArchitecture(),
    probeNode(),
    probeRights(),
    attempt("koffi", "missing", () => `version ${loadKoffi().version}`),
    attempt("memory-mapping", "missing", probeMapping),
    probeIoUring(),
    attempt("tap", "limited", probeTap),
    attempt("packet-socket", "limited", probePacketSocket),
    attempt("network-namespaces", "missing", () => withNewNamespace(() => "one was made and left")),
    await probeUserNamespaces(),
    await probeProgram("iproute2", "ip", ["-V"], "missing"),
    await probeProgram("nftables", "nft", ["-v"], "limited"),
    probeTmpfs("/run"),
    probeTmpfs("/dev/shm"),
  ];
}

/** The result of something that is done: what it returns is the detail, what it throws the fault. */
function attempt(name: string, otherwise: "missing" | "limited", action: () => string): ProbeResult {
  try {
    return { name, state: "ok", detail: action(), remedy: null };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, state: otherwise, detail, remedy: error instanceof PortyardError ? error.remedy : null };
  }
}

function probeKernel(): ProbeResult {
  const detail = `${process.platform} ${release()}`;
  if (process.platform !== "linux") {
    return { name: "kernel", state: "missing", detail, remedy: "Devices need Linux; `portyard replay` and memory ports work here." };
  }
  if (kernelIsAtLeast(6, 6)) return { name: "kernel", state: "ok", detail, remedy: null };
  return { name: "kernel", state: "limited", detail, remedy: "Linux 6.6 or newer lets io_uring keep its rings in Wasm memory." };
}

function probeArchitecture(): ProbeResult {
  if (arch() === "x64") return { name: "architecture", state: "ok", detail: "x64", remedy: null };
  return { name: "architecture", state: "limited", detail: `${arch()}, not tested`, remedy: "Portyard is tested on x64 only." };
}

function probeNode(): ProbeResult {
  const detail = `${process.version}, V8 ${process.versions.v8}`;
  if (Number.parseInt(process.versions.node, 10) >= LEAST_NODE) return { name: "node", state: "ok", detail, remedy: null };
  return { name: "node", state: "missing", detail, remedy: `Install Node ${LEAST_NODE} or newer.` };
}

function probeIoUring(): ProbeResult {
  const name = "io-uring";
  try {
    const { available, reason, remedy } = probeUring();
    return { name, state: available ? "ok" : "limited", detail: reason, remedy };
  } catch (error) {
    return { name, state: "limited", detail: error instanceof Error ? error.message : String(error), remedy: null };
  }
}

/** A device in the host's namespace, never up, for the blink of an eye. */
function probeTap(): string {
  const { descriptor, uso } = openTap(`pyprobe${process.pid}`, { offload: true });
  closeDescriptor(descriptor);
  return uso ? "TCP and UDP super-frames" : "TCP super-frames (UDP ones need Linux 6.2)";
}

/** On the loopback of a new namespace: nobody notices its promiscuous mode. */
function probePacketSocket(): string {
  const { descriptor, uso } = withNewNamespace(() => openPacketSocket(interfaceIndex("lo") ?? 1));
  closeDescriptor(descriptor);
  return uso ? "TCP and UDP super-frames" : "TCP super-frames (UDP ones need Linux 6.2)";
}
