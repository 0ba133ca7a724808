/** Frames, stations and the service as a C header, so that the C program has no number of its own. */
import { portsOfKinds, VIRTUAL_MAC } from "./flow-memory.ts";
import * as kinds from "./frame-kinds.ts";
import * as frames from "./templates.ts";

/** Whose names mean something else in C. */
const KINDS = ["SYN", "ACK", "DATA", "SYN_ACK", "REPLY"];

export function cHeader(): string {
  const templates = frames.templates(VIRTUAL_MAC).map((frame) => `{${[...frame].join(",")}}`);
  return [
    "/* Generated from bench/services. */",
    "#include <stdint.h>",
    ...Object.entries(kinds).map(([name, value]) => `#define ${KINDS.includes(name) ? `KIND_${name}` : name} ${value}u`),
    "#define NETWORK 1u",
    `#define SERVICE_PORT ${frames.SERVICE_PORT}`,
    `#define TARGET_PORT ${frames.TARGET_PORT}`,
    `#define VIRTUAL_ADDRESS ${number(frames.address(frames.VIRTUAL))}u`,
    `#define VIRTUAL_MAC ${number(frames.mac(VIRTUAL_MAC))}ull`,
    `static const uint8_t templates[][TEMPLATE_BYTES] = {${templates.join(",\n")}};`,
    `static const uint32_t port_of_kind[] = {${portsOfKinds().join(",")}};`,
    `static const uint32_t backend_addresses[] = {${frames.BACKEND_ADDRESSES.map((one) => `${number(frames.address(one))}u`).join(",")}};`,
    `static const uint64_t backend_macs[] = {${frames.BACKEND_MACS.map((one) => `${number(frames.mac(one))}ull`).join(",")}};`,
    "",
  ].join("\n");
}

/** As the bytes lie in memory, the first one lowest. */
function number(bytes: readonly number[]): string {
  return bytes.reduce((sum, byte, index) => sum + BigInt(byte) * (1n << BigInt(8 * index)), 0n).toString();
}
