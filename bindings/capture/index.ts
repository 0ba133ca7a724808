/** Capture files: reading pcap and pcapng whole or as a stream, and writing both. */
export { CaptureParser } from "./capture-parser.ts";
export { CaptureStream, openCapture } from "./capture-stream.ts";
export type { CaptureEncoder, FrameToWrite } from "./encoder.ts";
export { ETHERNET, linkTypeName } from "./link-type.ts";
export { PcapEncoder, type PcapOptions, writePcap } from "./pcap-writer.ts";
export { type InterfaceToWrite, PcapngEncoder, type PcapngOptions, writePcapng } from "./pcapng-writer.ts";
export { readCapture } from "./read-capture.ts";
export type { Capture, CaptureDamage, CaptureFrame, CaptureInterface } from "./types.ts";
