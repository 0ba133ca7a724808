/** An explanation as JSON has it. Fields are only ever added. */
import type { ReplayedDrop } from "../replay/types.ts";
import type { ExplainedStep, Explanation } from "./types.ts";

export interface ExplanationJson {
  port: string;
  steps: ExplainedStep[];
  verdict: Explanation["verdict"];
  reason: string | null;
  /** `bytes` on the wire; `hex` has as many, or of a cut frame as many as there are, and is null behind MAX_HEX; `offload` is a virtio-net
   *  header in hexadecimal. */
  outputs: { port: string; bytes: number; hex: string | null; offload: string | null }[];
  drops: ReplayedDrop[];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

/** Digits of all frames of an explanation: a super-frame that is flooded to 2,000 ports would be 256 MB of them. */
export const MAX_HEX = 8_388_608;

/** With frames in hexadecimal, as many as MAX_HEX has room for. */
export function explanationJson({ outputs, ...rest }: Explanation): ExplanationJson {
  let digits = 0;
  const written = outputs.map(({ port, frame, originalBytes, offload }) => {
    digits += frame.length * 2;
    const hex = digits > MAX_HEX ? null : hexOf(frame);
    return { port, bytes: originalBytes, hex, offload: offload === null ? null : hexOf(offload) };
  });
  return { ...rest, outputs: written };
}
