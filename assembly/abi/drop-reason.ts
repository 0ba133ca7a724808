/** Why a frame was dropped. The constant's name in kebab-case is what `show drops`, replay and the API print.
 *  Numbers are stable: append only. 0 means "not dropped". Every reason has a counter for each port and a test. */
export const NONE = 0;

// 1 ingress
/** The frame is shorter than an Ethernet header. */
export const RUNT = 1;
/** The frame is longer than a slot takes. */
export const OVERSIZE = 2;
/** The source MAC is a group address (IEEE 802.3, section 3.2.3). */
export const MULTICAST_SOURCE = 3;
/** The source MAC is all zeros. */
export const ZERO_SOURCE = 4;
/** The destination is in 01:80:c2:00:00:00-0f, which no bridge forwards (IEEE 802.1Q, table 8-1). */
export const RESERVED_GROUP = 5;
/** The port that it came from, or its network, is no longer there. */
export const PORT_ABSENT = 6;
/** A trunk port has no network for this VLAN. */
export const VLAN_UNKNOWN = 7;
/** A trunk port without a native network received an untagged frame. */
export const VLAN_UNTAGGED = 8;
/** The virtio-net header contradicts the frame that follows it. */
export const BAD_OFFLOAD_HEADER = 9;
/** The source MAC, or an address that the frame claims as its own, is not bound to this port. */
export const SPOOFED_SOURCE = 10;
/** A router advertisement from a port that is source checked. */
export const ROGUE_ROUTER = 11;
/** A DHCP or DHCPv6 server's message from a port that is source checked. */
export const ROGUE_DHCP = 12;

/** A frame that was cut when it was captured lacks a header that is needed. In replays only. */
export const SNAPPED_SHORT = 13;

// 3 service
/** The service has no backend that a new flow may go to; its client was refused at once. */
export const NO_BACKEND = 44;
/** The virtual address has no service on this port or protocol; the client was refused at once. */
export const NO_SERVICE = 45;
/** A segment in the middle of a connection that is not known; its client was told so by a reset. */
export const NO_FLOW = 46;
/** The flow table had no entry that could be spared. */
export const FLOWS_FULL = 47;
/** No station is known yet at the backend's address; it was asked for. */
export const BACKEND_UNRESOLVED = 48;
/** All source ports that were tried for a flow whose source must be translated are taken. */
export const SOURCE_PORTS_TAKEN = 49;
/** A fragment to a virtual address whose first one was not seen. */
export const FRAGMENT_UNKNOWN = 50;
/** A fragment that overlaps one that was seen, or one piece too many. */
export const FRAGMENT_OVERLAP = 51;

// 4 switch
/** The destination is on the port that the frame came from. */
export const SAME_PORT = 16;
/** The network has no other port to flood to. */
export const NO_OTHER_PORT = 17;

// 5 egress
/** The frame, without super-frame segmentation, is longer than the MTU of the port that it should leave by. */
export const TOO_BIG = 24;
/** A tagged frame would leave a trunk untagged and be taken for another network's. */
export const VLAN_HOP = 25;
/** The super-frame would become more segments than MAX_SEGMENTS. */
export const TOO_MANY_SEGMENTS = 26;
/** No slot was free for a copy or a segment. */
export const POOL_EMPTY = 27;
/** The queue of writes was full. */
export const QUEUE_FULL = 28;
/** The super-frame cannot be segmented: its headers are not those that it names. */
export const BAD_SUPER_FRAME = 29;
/** The output port is not a member of the frame's network (any more). */
export const NOT_A_MEMBER = 30;

// after the write
/** The port took no more: EAGAIN or ENOBUFS. */
export const PORT_FULL = 32;
/** The port is administratively down: EIO from a TAP, ENETDOWN. */
export const PORT_DOWN = 33;
/** The port's device is gone: EBADFD, ENODEV, ENXIO. */
export const PORT_GONE = 34;
/** The kernel refused the frame: EINVAL, EMSGSIZE and others. */
export const PORT_REFUSED = 35;

// after the death of a worker
/** The worker died of this frame; it lies in a capture file of the run folder. */
export const POISON = 40;
/** The frame waited in a worker that died of another one. */
export const WORKER_DIED = 41;
