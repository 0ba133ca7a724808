/** The constants of assembly/abi as a C header, so that the C program has no number of its own. */
import * as descriptor from "../../assembly/abi/descriptor.ts";
import * as reason from "../../assembly/abi/drop-reason.ts";
import * as limits from "../../assembly/abi/limits.ts";
import * as mac from "../../assembly/abi/mac.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import * as frame from "./frame-layout.ts";

const MODULES = { DESCRIPTOR_: descriptor, REASON_: reason, LIMITS_: limits, MAC_: mac, MAP_: map, STATE_: state, "": frame };

export function cHeader(): string {
  const lines = Object.entries(MODULES).flatMap(([prefix, constants]) =>
    Object.entries(constants).map(([name, value]) => `#define ${prefix}${name} ${value}`),
  );
  return `/* Generated from assembly/abi by bench/engine. */\n${lines.join("\n")}\n`;
}
