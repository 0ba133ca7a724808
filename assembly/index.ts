/** The whole ABI of the module. */
import { ABI_VERSION } from "./abi/limits";

/** Compared with `ABI_VERSION` of the bindings when a module is instantiated. */
export function abiVersion(): u32 { return ABI_VERSION; }
