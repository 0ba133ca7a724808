/** The virtio-net header as both sides know it (assembly/wire/virtio-net.ts; Linux include/uapi/linux/virtio_net.h): it lies right below
 *  every frame. */
export const HEADER_BYTES = 10;

/** Flag: the checksum at csum_start + csum_offset is partial. */
export const NEEDS_CHECKSUM = 1;

export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
/** Set beside a TCP type: the first segment alone carries CWR. */
export const GSO_ECN = 0x80;
