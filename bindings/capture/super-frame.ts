/** TCP super-frames in captures. Where segmentation is left to the device, as it is on the interface of a container, tcpdump sees one frame
 *  of up to 64 KiB instead of the segments, and the capture does not say into what it is to be cut. Nothing else is longer than the MTU of
 *  its network, so such a frame gets the virtio-net header with which its kernel would have handed it over: segments that fill the MTU of
 *  the port, their checksums left to whoever cuts (Linux include/uapi/linux/virtio_net.h).                                */
import { GSO_ECN, GSO_TCPV4, GSO_TCPV6, HEADER_BYTES, NEEDS_CHECKSUM } from "../../assembly/abi/virtio-net.ts";

const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
const TAG_TYPES = [0x8100, 0x88a8];
const MAX_TAGS = 2;
const TCP = 6;
const TCP_HEADER_BYTES = 20;
const TCP_CHECKSUM = 16;
const CWR = 0x80;
const IPV6_HEADER_BYTES = 40;

interface Ip {
  headerBytes: number;
  gsoType: number;
  /** Of its own length, header included. */
  totalBytes: number;
}

/** Whether a frame of `bytes` bytes is long enough to be looked at by `offloadOf`. */
export function canBeSuperFrame(bytes: number, longest: number): boolean {
  return bytes > longest + ETHERNET_BYTES;
}

/** The virtio-net header of a frame that holds one whole TCP packet, no fragment, of more bytes than `longest`; null of any other.
 *  @param frame from the destination MAC on. @param mtu of the port that it comes from. @param longest MTU of its network. */
export function offloadOf(frame: Uint8Array, mtu: number, longest: number): Uint8Array | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const l3 = l3Of(view);
  if (l3 === null) return null;
  const ip = tcpOver(view, l3);
  if (ip === null || ip.totalBytes <= longest || ip.totalBytes > frame.length - l3) return null;
  const l4 = l3 + ip.headerBytes;
  if (l4 + TCP_HEADER_BYTES > frame.length) return null;
  const headers = ip.headerBytes + (view.getUint8(l4 + 12) >> 4) * 4;
  if (headers < ip.headerBytes + TCP_HEADER_BYTES || headers >= Math.min(mtu, ip.totalBytes)) return null;
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint8(0, NEEDS_CHECKSUM);
  header.setUint8(1, ip.gsoType | ((view.getUint8(l4 + 13) & CWR) === 0 ? 0 : GSO_ECN));
  header.setUint16(2, l3 + headers, true);
  header.setUint16(4, mtu - headers, true);
  header.setUint16(6, l4, true);
  header.setUint16(8, TCP_CHECKSUM, true);
  return new Uint8Array(header.buffer);
}

/** What is asked of a captured frame, with the header of a super-frame where it must be one and none is given. */
export function withOffload<Asked extends { offload?: Uint8Array | undefined; originalBytes?: number | undefined }>(
  frame: Uint8Array,
  asked: Asked,
  mtu: number,
  longest: number,
): Asked {
  if (asked.offload !== undefined || (asked.originalBytes ?? 0) > frame.length) return asked;
  return { ...asked, offload: offloadOf(frame, mtu, longest) ?? undefined };
}

/** Where the packet begins, behind the tags. */
function l3Of(view: DataView): number | null {
  let at = ETHERNET_BYTES;
  for (let tags = 0; view.byteLength >= at && TAG_TYPES.includes(view.getUint16(at - 2)); tags++) {
    if (tags === MAX_TAGS) return null;
    at += TAG_BYTES;
  }
  return view.byteLength > at + IPV6_HEADER_BYTES ? at : null;
}

function tcpOver(view: DataView, at: number): Ip | null {
  const etherType = view.getUint16(at - 2);
  const version = view.getUint8(at) >> 4;
  if (etherType === 0x0800 && version === 4) {
    const isFragment = (view.getUint16(at + 6) & 0x3fff) !== 0;
    if (isFragment || view.getUint8(at + 9) !== TCP) return null;
    return { headerBytes: (view.getUint8(at) & 15) * 4, gsoType: GSO_TCPV4, totalBytes: view.getUint16(at + 2) };
  }
  if (etherType !== 0x86dd || version !== 6 || view.getUint8(at + 6) !== TCP) return null;
  return { headerBytes: IPV6_HEADER_BYTES, gsoType: GSO_TCPV6, totalBytes: IPV6_HEADER_BYTES + view.getUint16(at + 4) };
}
