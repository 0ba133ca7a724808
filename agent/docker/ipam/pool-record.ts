/** A pool as it is written down: all that a book of pools knows of one, in plain values that JSON keeps. A book made from the
 *  records of another answers every call as that one would have. */
export interface PoolRecord {
  /** `${space}/${subnet}`, and `/${range}` behind it when the pool has a range. */
  id: string;
  /** Docker's address space, as it was asked with. */
  space: string;
  /** Prefix in canonical text: `10.210.3.0/24`. */
  subnet: string;
  /** Prefix inside `subnet` that addresses nobody asked for by name are given from; null: all of it. */
  range: string | null;
  /** The subnet was chosen from the bases and nobody has asked for it by name since. */
  isChosen: boolean;
  /** Since when the pool has been without addresses, in milliseconds since 1970: when it was requested, or when the last of its
   *  addresses was released. Says nothing of a pool that has addresses. */
  sinceMs: number;
  /** Address of the gateway, without prefix length; it does not stand among `addresses`. */
  gateway: string | null;
  /** What stations have, with their MAC in lower case, and auxiliary addresses (null), in the order in which they were given. */
  addresses: { address: string; mac: string | null }[];
  /** The address that was given last without being asked for by name: the next one is looked for behind it. */
  last: string | null;
}

/** The subnets that were chosen last, of each family: the next one is looked for behind it, even when it is held no more. */
export interface LastChosen {
  ipv4: string | null;
  ipv6: string | null;
}
