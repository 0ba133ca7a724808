/** Frames of bench/services, as Wasm, C and TypeScript make them: of each kind there is a template, into which the client's address and port are
 *  written, by its number. Checksums are moved by the difference, so it does not matter what they were.
 *
 *  A memory for them:  0 templates | 2048 port of each kind u32 | 4096 frames, FRAME_STRIDE each | 65536 order: numbers of flows, u32 each */
export const TEMPLATE_BYTES = 64;
export const PORTS = 2048;
export const FRAMES = 4096;
export const ORDER = 65536;

// kinds: of the client
export const SYN = 0;
export const ACK = 1;
export const DATA = 2;
// of each backend
export const SYN_ACK = 3;
export const REPLY = 6;
export const BACKENDS = 3;
// with which services have nothing to do: neither of its addresses ends as one of theirs does, or one of them does
export const UNRELATED = 9;
export const ALIKE = 10;
export const KINDS = 11;

/** Address (host order) of the first client. Each has so many ports, from FIRST_PORT on. */
export const CLIENTS = 0x0a400000;
export const PORT_BITS = 14;
export const FIRST_PORT = 16384;
/** Time goes on by a second with so many frames. */
export const FRAMES_PER_SECOND = 3000000;
