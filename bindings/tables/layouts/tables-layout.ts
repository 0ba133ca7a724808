/** A version of the tables file, as much of it as somebody needs who takes over from an engine of that version: where the
 *  names of networks and ports, the MAC table and the counters are, and what their numbers mean. The words of a version
 *  that is not this one's stand in a file of their own, as numbers, and never change (layout-3.ts).
 *
 *  Whoever raises LAYOUT_VERSION leaves the files of the versions before as they are, writes one for the new version and
 *  enters it in known-layouts.ts; test/bindings/tables/layouts.test.ts holds the newest against assembly/abi.
 *  Offsets are bytes from the beginning of the file or of a record; words are little endian.                           */

/** Records of one kind, one behind the other. */
export interface Records {
  at: number;
  /** From one to the next. */
  bytes: number;
  count: number;
}

/** Bits of a word, by what they say. */
export type Bits<Name extends string> = Readonly<Record<Name, number>>;

export interface TablesLayout {
  version: number;
  /** Address that the file's first byte has in the memory: what pointers in its head are less of. */
  base: number;
  head: {
    tablesBytes: number;
    macLimit: number;
    workers: number;
    /** Pointers. */
    counters: number;
    macs: number;
    macBucketMask: number;
    macCount: number;
  };
  nameBytes: number;
  networks: Records & { state: number; present: number; fingerprint: number; name: number };
  ports: Records & {
    actual: number;
    errno: number;
    generation: number;
    kind: number;
    flags: number;
    restore: number;
    linkLocalCount: number;
    linkLocals: number;
    fingerprint: number;
    name: number;
    states: { gone: number; shut: number };
    kinds: Bits<"tap" | "packet" | "host">;
    flagBits: Bits<"checksum" | "tso" | "uso">;
    restoreBits: Bits<"down" | "arp" | "ipv6" | "lro">;
    shutReasons: { poison: number };
  };
  /** Bound ones; the bytes of an IPv4 address are the first four. */
  addresses: Records & { state: number; bound: number; family: number; port: number; address: number };
  /** Of each port's announced link-local addresses. */
  linkLocalBytes: number;
  macs: {
    bytes: number;
    bucketSlots: number;
    /** Shifts in the value word: port at 0, 16 bits; generation, 8 bits; flags, 8 bits; last seen in seconds, 32 bits. */
    generationShift: number;
    flagsShift: number;
    staticFlag: number;
  };
  /** For each worker, for each port: five counts at the beginning of the record, then one for each drop reason, whose numbers
   *  never change. */
  counters: { bytes: number; workerBytes: number; counts: number; reasons: number; reasonCount: number };
  /** Connections, with the services and backends that they name; null: a version without any. */
  flows: FlowsLayout | null;
  /** Keys of a network's and a port's configuration that its fingerprint was made from. */
  identity: { network: readonly string[]; port: readonly string[] };
}

/** The flow table: word (instance 32 | state 8 | flags 24, from the lowest bit up), then what the entries of that version say. Whoever
 *  takes over takes their bytes as they are where the version is its own, else none. */
export interface FlowsLayout {
  /** Pointers in the head, and the number of entries. */
  head: { limit: number; entries: number; services: number; backends: number };
  bytes: number;
  word: number;
  /** States of flows that frames are matched with: from the first to the last. */
  live: { first: number; last: number };
  network: number;
  service: number;
  backend: number;
  lastSeen: number;
  services: Omit<Records, "at"> & { state: number; present: number; network: number; family: number; address: number; name: number };
  backends: Omit<Records, "at"> & { state: number; absent: number; service: number; family: number; address: number; fingerprint: number };
}
