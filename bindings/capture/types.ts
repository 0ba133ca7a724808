/** What a capture file holds, whatever its format: frames, the interfaces that they were seen on, and where the file is damaged. */

/** A frame of a capture. `bytes` is a view, and stays as it is; it keeps all of the input, or of a stream all of the chunk, that it is a part of
 *  from being freed: whoever keeps few of many frames copies them. */
export interface CaptureFrame {
  /** What was captured of it, from its first byte on. */
  bytes: Uint8Array;
  /** Its length on the wire; more than `bytes.length` when it was cut by a snap length. */
  originalBytes: number;
  /** Nanoseconds since 1970-01-01 UTC; 0n where the format keeps no time (simple packet blocks). Finer resolutions are rounded down. */
  timeNs: bigint;
  /** Index into the capture's `interfaces`. */
  interface: number;
  /** The packet's comments, one a line (pcapng only). */
  comment?: string;
}

/** Where frames were captured. A pcap file has one; a pcapng file as many as its sections describe, counted through all of them. */
export interface CaptureInterface {
  /** LINKTYPE number; 1 is Ethernet. */
  linkType: number;
  /** As the registry calls it without LINKTYPE_ ("ETHERNET"), or its number. */
  linkTypeName: string;
  /** Bytes kept of a frame at most; 0 is no limit. */
  snapLength: number;
  /** Bytes of frame check sequence that end each frame; 0 unless the file says so. */
  fcsBytes: number;
  /** Of the interface, where the file says it. */
  name: string | null;
}

/** The place where a file stops making sense. Frames before it are good; nothing behind it is read. */
export interface CaptureDamage {
  /** Bytes from the beginning of the (unpacked) file to the record or block that is damaged. */
  offset: number;
  /** One sentence without a full stop. */
  reason: string;
}

/** All of a capture, as `readCapture` gives it. */
export interface Capture {
  format: "pcap" | "pcapng" | null;
  interfaces: CaptureInterface[];
  frames: CaptureFrame[];
  damage: CaptureDamage | null;
}

/** What one step of a parser gives: true when it has read a record, damage, or null when it needs more bytes than there are. */
export type Step = true | CaptureDamage | null;

/** Reads the records of one format from a queue of bytes; the head of the file is still in the queue at the first call. */
export interface RecordParser {
  readonly format: "pcap" | "pcapng";
  /** What it was reading when it needed more bytes, as it is called in a message ("a packet record"). */
  readonly reading: string;
  next(): Step;
}
