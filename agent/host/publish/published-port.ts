/** One port of one host address, and the port of a network that it leads to. What people write is taken apart into these:
 *  ranges into numbers, and what stands for all addresses of the host into one of each family. */
import { isLoopback } from "../../../bindings/config/publish.ts";
import type { Target } from "../../../bindings/config/publish-check.ts";
import type { Publication } from "../../../bindings/config/types.ts";

export type Protocol = Publication["protocol"];

export interface PublishedPort {
  network: string;
  /** Null where the network publishes. */
  port: string | null;
  protocol: Protocol;
  /** 0.0.0.0 and :: are all addresses of one family. */
  hostAddress: string;
  /** 0 until one is chosen. */
  hostPort: number;
  targetAddress: string;
  targetPort: number;
}

/** Published ports that want the same number at the host: one, or one of each family. */
export type PublishedPair = readonly PublishedPort[];

const ANY = { 4: "0.0.0.0", 6: "::" } as const;
const LOOPBACK_6 = "::1";

/** Where clients of each family come in, and where they are led. A target that has no IPv6 address is reached by ::1 all the
 *  same: what comes from loopback goes through a proxy. */
function ways({ hostAddress }: Publication, targets: readonly Target[]): { hostAddress: string; target: Target }[] {
  const of = (family: 4 | 6) => targets.find((target) => target.family === family);
  if (hostAddress === null) {
    const every = targets.map((target) => ({ hostAddress: ANY[target.family], target }));
    const [only] = targets;
    return only && !of(6) ? [...every, { hostAddress: LOOPBACK_6, target: only }] : every;
  }
  const family = hostAddress.includes(":") ? 6 : 4;
  const target = of(family) ?? (isLoopback(hostAddress) ? targets[0] : undefined);
  return target ? [{ hostAddress, target }] : [];
}

/** Takes a publication apart, one member for each number.
 *  @param port null where the network publishes.
 *  @param targets at most one of each family, IPv4 first. */
export function publishedPorts(publication: Publication, port: string | null, targets: readonly Target[]): PublishedPair[] {
  const { protocol, hostPort, targetPort, count } = publication;
  const found = ways(publication, targets);
  return Array.from({ length: count }, (_, index) =>
    found.map(({ hostAddress, target }) => ({
      network: target.network,
      port,
      protocol,
      hostAddress,
      hostPort: hostPort === null ? 0 : hostPort + index,
      targetAddress: target.address,
      targetPort: targetPort + index,
    })),
  );
}
