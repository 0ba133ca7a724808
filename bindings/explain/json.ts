/** An explanation as JSON has it. Fields are only ever added. */
import type { ReplayedDrop } from "../replay/types.ts";
import type { ExplainedStep, Explanation } from "./types.ts";

export interface ExplanationJson {
  port: string;
  steps: ExplainedStep[];
  verdict: Explanation["verdict"];
  reason: string | null;
  /** `bytes` on the wire; `hex` has as many, or of a cut frame as many as there are; `offload` is a virtio-net header in hexadecimal. */
  outputs: { port: string; bytes: number; hex: string; offload: string | null }[];
  drops: ReplayedDrop[];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

/** With frames in hexadecimal. */
export function explanationJson({ outputs, ...rest }: Explanation): ExplanationJson {
  const written = outputs.map(({ port, frame, originalBytes, offload }) => ({
    port,
    bytes: originalBytes,
    hex: hexOf(frame),
    offload: offload === null ? null : hexOf(offload),
  }));
  return { ...rest, outputs: written };
}
