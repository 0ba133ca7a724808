/** Failures on purpose (abi/fault.ts): `if (CHECKS) faultBefore(...)` leaves nothing of this in a release build. */
import * as field from "../abi/fault";
import * as map from "../abi/memory-map";
import * as desc from "../memory/descriptor";

/** Traps, or never returns, when the frame asks for it. */
export function faultBefore(descriptor: usize): void {
  const kind = kindOf(descriptor);
  if (kind == field.FAULT_TRAP) unreachable();
  while (kind == field.FAULT_SPIN) {}
}

/** As `faultBefore`, when the frame has gone its way: its MACs and EtherType may stand elsewhere only on trunks. */
export function faultAfter(descriptor: usize): void {
  if (kindOf(descriptor) == field.FAULT_TRAP_LATE) unreachable();
}

function kindOf(descriptor: usize): u32 {
  if (load<u32>(map.CONFIG_FAULTS) == 0 || desc.bytes(descriptor) < <u32>field.FAULT_BYTES) return 0;
  const frame = desc.frame(descriptor);
  if (bswap<u16>(load<u16>(frame, field.FAULT_TYPE_OFFSET)) != field.FAULT_ETHER_TYPE) return 0;
  if (load<u32>(frame, field.FAULT_WORD_OFFSET) != field.FAULT_WORD_LOW) return 0;
  if (load<u32>(frame, field.FAULT_WORD_OFFSET + 4) != field.FAULT_WORD_HIGH) return 0;
  return load<u8>(frame, field.FAULT_KIND_OFFSET);
}
