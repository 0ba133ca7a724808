/** Numbers of the protocols that services have (IANA). */
export const PROTOCOLS = { tcp: 6, udp: 17 } as const;
/** Of ICMP and ICMPv6. */
export const ICMP_NUMBERS: readonly number[] = [1, 58];
