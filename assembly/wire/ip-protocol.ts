/** Protocol numbers that the engine knows: the protocol field of IPv4, the next header field of IPv6 (IANA). */
export const HOP_BY_HOP: u32 = 0;
export const ICMPV4: u32 = 1;
export const TCP: u32 = 6;
export const UDP: u32 = 17;
export const ROUTING: u32 = 43;
export const FRAGMENT: u32 = 44;
/** Encapsulating security payload: all behind it is encrypted. */
export const ESP: u32 = 50;
export const AUTHENTICATION: u32 = 51;
export const ICMPV6: u32 = 58;
export const NO_NEXT_HEADER: u32 = 59;
export const DESTINATION_OPTIONS: u32 = 60;
