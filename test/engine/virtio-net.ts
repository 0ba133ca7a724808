/** Numbers of the virtio-net header (linux/virtio_net.h). */
export const OFFLOAD_HEADER_BYTES = 10;
/** None, TCP over IPv4 with and without ECN, UDP fragmentation, TCP over IPv6, UDP segmentation, unknown ones. */
export const GSO_TYPES = [0, 0, 0, 1, 1, 0x81, 3, 4, 4, 0x84, 5, 5, 2, 0x80, 0x7f];
