/** A frame of bench/engine as it lies in memory; Wasm, C and TypeScript read it. FRAME_STRIDE bytes each:
 *  0 port u32 | bytes u32 | ... | 54 virtio-net header | 64 frame, at the beginning of a cache line as in a slot */
export const FRAME_STRIDE = 128;
export const FRAME_PORT = 0;
export const FRAME_BYTES = 4;
export const FRAME_PLACE = 64;
