/** Numbers of the virtio-net header (linux/virtio_net.h). */
export const OFFLOAD_HEADER_BYTES = 10;
export const NEEDS_CHECKSUM = 1;

export const GSO_NONE = 0;
export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
export const GSO_UDP_L4 = 5;
export const GSO_ECN = 0x80;
/** The known ones, UDP fragmentation (3) of old kernels, and some that do not exist. */
export const GSO_TYPES = [GSO_NONE, GSO_TCPV4, GSO_TCPV4 | GSO_ECN, 2, 3, GSO_TCPV6, GSO_TCPV6 | GSO_ECN, GSO_UDP_L4, GSO_ECN, 0x7f];
