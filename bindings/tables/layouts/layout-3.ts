/** Layout 3 of the tables file: version 0.1. */
import type { TablesLayout } from "./tables-layout.ts";

export const LAYOUT_3: TablesLayout = {
  version: 3,
  base: 131072,
  head: {
    tablesBytes: 8,
    macLimit: 12,
    workers: 16,
    counters: 20,
    macs: 24,
    macBucketMask: 32,
    macCount: 128,
  },
  nameBytes: 64,
  networks: {
    at: 12800,
    bytes: 128,
    count: 1024,
    state: 0,
    present: 1,
    fingerprint: 16,
    name: 64,
  },
  ports: {
    at: 406016,
    bytes: 256,
    count: 2048,
    actual: 4,
    errno: 12,
    generation: 8,
    kind: 16,
    flags: 20,
    restore: 92,
    linkLocalCount: 88,
    linkLocals: 96,
    fingerprint: 224,
    name: 160,
    states: {
      gone: 3,
      shut: 2,
    },
    kinds: {
      tap: 1,
      packet: 2,
    },
    flagBits: {
      checksum: 2,
      tso: 4,
      uso: 8,
    },
    restoreBits: {
      down: 1,
      arp: 2,
      ipv6: 4,
      lro: 8,
    },
    shutReasons: {
      poison: 1,
    },
  },
  linkLocalBytes: 16,
  macs: {
    bytes: 16,
    bucketSlots: 8,
    generationShift: 16,
    flagsShift: 24,
    staticFlag: 1,
  },
  counters: {
    bytes: 576,
    workerBytes: 1179648,
    counts: 5,
    reasons: 64,
    reasonCount: 64,
  },
  identity: {
    network: ["name", "subnets", "mtu", "learning", "macAgeSeconds", "internal"],
    port: ["name", "network", "trunk", "native", "mac", "addresses", "staticMacs", "macLimit", "sourceCheck", "tap", "packet", "memory"],
  },
};
