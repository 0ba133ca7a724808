/** The Docker driver as people configure it. The agent serves it; an engine alone does not. */
import { z } from "zod";
import { DEFAULT_PLUGIN_SOCKET } from "./defaults.ts";
import { field, text } from "./field.ts";
import { readAddress, subnetFault } from "./ip-address.ts";

const MAX_POOLS = 64;

/** A base has at most 2^16 pools: each may have to be held against what the host has. */
const MAX_COUNT_BITS = 16;
/** A pool has room for a gateway and a station besides what nobody may have. */
const LONGEST = { 4: 30, 6: 126 } as const;

const isCut = ({ base, size }: { base: string; size: number }): boolean => {
  const read = readAddress(base);
  if (read === null || read.prefixLength === null) return false;
  return size >= read.prefixLength && size <= Math.min(read.prefixLength + MAX_COUNT_BITS, LONGEST[read.family]);
};

const poolKeys = z.strictObject({
  base: text((value) => subnetFault(value) === null, {
    description: "Prefix that the subnets of networks are cut from, for those that Docker names none for",
    must: "an IPv4 or IPv6 prefix such as 10.210.0.0/16, with no bits set behind the prefix",
    remedy: "write the first address of the range, a slash and the length of the prefix",
  }),
  size: field(z.int().min(1).max(126), {
    description: "Length of the prefix of each network",
    must: "a whole number from the length of `base` to 16 more, at most 30, of IPv6 126",
    remedy: "24 suits most IPv4 networks, 64 those of IPv6",
  }),
});

const pool = field(poolKeys.refine(isCut), {
  description: "A prefix, and how it is cut",
  must: "an object whose `size` is a whole number from the length of `base` to 16 more, at most 30, of IPv6 126",
  remedy: "write an object such as { base: 10.210.0.0/16, size: 24 }",
});

export const dockerSchema = z.strictObject({
  socket: text((value) => value.startsWith("/") && !value.includes("\0"), {
    description: "Path of the socket that Docker finds the driver by; its file's name is the driver's",
    must: "an absolute path",
    remedy: "leave it out for the driver portyard of the Docker of this host",
    default: DEFAULT_PLUGIN_SOCKET,
  }).optional(),
  pools: field(z.array(pool).max(MAX_POOLS).optional(), {
    description: "Where `--ipam-driver portyard` takes the subnets of networks from that are created without one",
    must: `a list of up to ${MAX_POOLS} objects with a prefix and the length of what is cut from it`,
    remedy: "write a list such as [{ base: 10.210.0.0/16, size: 24 }]",
    default: "[{ base: 10.210.0.0/16, size: 24 }, { base: fd70:7974:7264::/48, size: 64 }]",
  }),
});
