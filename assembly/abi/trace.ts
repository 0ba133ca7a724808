/** What is written down of a frame's way when it is to be explained (build `explain` only, memory/trace.ts): a head, then notes in the
 *  order in which they were made. A stage's note follows those of what it looked at and did.
 *
 *  head   0 notes made u32 | - u32; those beyond TRACE_ENTRIES are counted, and not written
 *  note   0 step u32 | outcome u32 | port u32 | number u32 | 16 low u64 | high u64                                        */
import { MAX_PORTS, MAX_SEGMENTS } from "./limits.ts";

export const TRACE_HEAD_BYTES = 8;
export const TRACE_NOTE_BYTES = 32;
/** Of the longest way: a super-frame that is flooded to all ports, and all of whose segments end. */
export const TRACE_ENTRIES = MAX_PORTS * (MAX_SEGMENTS + 4);

// stages: outcome verdict, port reason of a drop, number flags of the descriptor,
// low EtherType 16 | L3 offset 16 | L4 offset 16 | protocol 8, high network
export const PARSE = 1;
/** Of a frame that was cut when it was captured: before anything is read, and again where what the port's rules need is not there. */
export const CUT = 2;
export const NETWORK = 3;
export const SOURCE = 4;
export const ANSWER = 5;
export const SWITCH = 6;
export const SERVICE = 7;

// what a stage looked at or did
/** The outer tag, by which a trunk knows the network: number its VLAN identifier. */
export const TAG_OUT = 16;
/** Source MAC (low) against that of its port (high): outcome 1 the same. */
export const STATION = 17;
/** A look-up of an address, 16 bytes in low and high, IPv4 in the first four: number 4 or 6, outcome 1 bound, to `port`. */
export const BINDING = 18;
/** A link-local address, written as that of a BINDING: outcome LINK_LOCAL_*. */
export const LINK_LOCAL = 19;
/** The maximum segment size of a SYN was lowered: number what it is now. */
export const CLAMP = 20;
/** Whether the source was learned: outcome LEARN_*, port where it was known before. */
export const LEARN = 21;
/** Where the destination is: outcome LOOKUP_*, port, number seconds since it was seen, low 1 static. */
export const LOOKUP = 22;
/** An output begins: port, number longest frame for it, low bytes of the frame. What follows is about this output. */
export const EGRESS = 23;
/** The super-frame becomes `number` segments. */
export const SEGMENT = 24;
/** A partial checksum was completed. */
export const CHECKSUM = 25;
/** A tag was put in: number its VLAN identifier. */
export const TAG_IN = 26;
/** Something ended undelivered: outcome drop reason, port the one at fault. */
export const DROP = 27;
/** A source is refused, and no look-up says why: outcome REFUSED_*. */
export const REFUSED = 28;

/** What may be a question is not answered, and no look-up says why: outcome UNASKED_*. */
export const UNASKED = 29;

/** The flow that a packet belongs to: outcome FLOW_*, port its state (abi/flow.ts), number its backend (index + 1, 0: none), low its service, high its
 *  flags. */
export const FLOW = 30;
/** What an address is to services, whether as a packet's destination or asked for: outcome ENDPOINT_*, port the destination port 16 (0: none) | 4 or
 *  6 in the upper half, number the service, or the first backend's index + 1; low and high the address as of a BINDING. */
export const ENDPOINT = 31;
/** Rule of the service for its port: outcome 1 there is one, port the target port, number the protocol. */
export const RULE = 32;
/** A backend that may be chosen from: port its index, outcome CANDIDATE_*, number flows that it has, low its score as an f64 (the less the better; 0
 *  where the algorithm has none), high its weight (in 1/256). */
export const CANDIDATE = 33;
/** The backend that was chosen: port its index + 1 (0: none), outcome CHOSEN_*, number the algorithm. */
export const CHOSEN = 34;
/** The packet gets another end: outcome END_*, port the port, number 4 or 6, low and high the address as of a BINDING. */
export const REWRITE = 35;
/** The same of what the end was before. */
export const REPLACED = 36;
/** The MACs that a packet of a flow leaves with: low that of its destination, high that of its source. */
export const READDRESS = 37;
/** No station is known at a backend: outcome 1 it was asked for, 0 it was within this second; port its index, number, low and high its address as of
 *  a BINDING. */
export const ASK = 38;
/** What the sender is told of a packet that nobody serves: outcome TELL_*. */
export const TELL = 39;
/** A piece of a packet, not in one frame: outcome PIECE_*. */
export const PIECE = 40;
/** An echo request to a virtual address: outcome 1 the engine answers; number its service. */
export const ECHO = 41;
/** A station says that it has the address of a backend: port its index, low the MAC that it is at from now on. */
export const RESOLVED = 42;
/** An answer for a virtual address, which is for the engine itself. */
export const HEARD = 43;
/** An ICMP error about a packet, found within: outcome 1 it is of a flow, whose note follows, and is translated too; the ports of a REWRITE say
 *  nothing then. 0: it is of none. */
export const ABOUT = 44;

export const FLOW_NONE = 0;
export const FLOW_ORIGINAL = 1;
export const FLOW_REPLY = 2;
/** It begins with this packet. */
export const FLOW_NEW = 3;

export const ENDPOINT_NONE = 0;
export const ENDPOINT_VIRTUAL = 1;
export const ENDPOINT_BACKEND = 2;

/** Its health, or an ejection, forbids it. */
export const CANDIDATE_UNUSABLE = 0;
export const CANDIDATE_USABLE = 1;
/** Of weight 0. */
export const CANDIDATE_DRAINED = 2;
/** It has as many flows as it may have. */
export const CANDIDATE_FULL = 3;

export const CHOSEN_BALANCED = 0;
/** Its client had it before. */
export const CHOSEN_AGAIN = 1;

export const END_SOURCE = 0;
export const END_DESTINATION = 1;

/** Nobody is told anything about it. */
export const TELL_NOTHING = 0;
export const TELL_RESET = 1;
export const TELL_UNREACHABLE = 2;

/** The first one is not known, or its flow is no more. */
export const PIECE_UNKNOWN = 0;
/** It goes where the first one went. */
export const PIECE_FOLLOWS = 1;
/** It overlaps another one, or is one too many. */
export const PIECE_OVERLAPS = 2;

export const LEARN_OFF = 0;
export const LEARN_NEW = 1;
export const LEARN_SEEN = 2;
export const LEARN_MOVED = 3;
/** It is a static one elsewhere. */
export const LEARN_HELD = 4;
/** A limit is reached. */
export const LEARN_FULL = 5;
/** Another worker has claimed its place, and has not said yet where it is; or is taking it away. */
export const LEARN_CLAIMED = 6;

export const LOOKUP_GROUP = 0;
export const LOOKUP_UNKNOWN = 1;
export const LOOKUP_FOUND = 2;
/** The port that it was seen on has been removed since. */
export const LOOKUP_STALE = 3;

/** Neither made from the port's MAC nor announced by the port. */
export const LINK_LOCAL_NEITHER = 0;
export const LINK_LOCAL_MADE = 1;
export const LINK_LOCAL_ANNOUNCED = 2;
/** The port announces it by this frame. */
export const LINK_LOCAL_NEW = 3;
/** A station on another port has it. */
export const LINK_LOCAL_OF_ANOTHER = 4;

/** ARP of another form, or more tags than are walked. */
export const REFUSED_HIDDEN = 1;
/** The sender's MAC in ARP is not that of the frame. */
export const REFUSED_SENDER_MAC = 2;
/** Extension headers of IPv6 without end. */
export const REFUSED_CHAIN = 3;
/** From `::`, and nothing that may come from there. */
export const REFUSED_UNSPECIFIED = 4;
/** A message of neighbour discovery that is not whole or not well formed. */
export const REFUSED_MESSAGE = 5;
/** The link-layer address in neighbour discovery is not that of the frame. */
export const REFUSED_LINK_OPTION = 6;
/** One link-local address more than MAX_LINK_LOCALS is announced. */
export const REFUSED_LINK_LOCALS = 7;

/** It carries a tag: what is asked within it is for others. */
export const UNASKED_TAGGED = 1;
/** What it is cannot be seen: ARP of another form, IPv6 that is malformed, or what was cut off. */
export const UNASKED_HIDDEN = 2;
/** A neighbour solicitation in fragments (RFC 6980). */
export const UNASKED_FRAGMENT = 3;
/** A neighbour solicitation with another hop limit than 255. */
export const UNASKED_FAR = 4;
/** A neighbour solicitation that is not whole or not well formed. */
export const UNASKED_MALFORMED = 5;
/** An ARP request for the sender's own address, which announces it (RFC 5227). */
export const UNASKED_ANNOUNCEMENT = 6;
/** The port that the address is bound to is not there, or is not up. */
export const UNASKED_ABSENT = 7;
