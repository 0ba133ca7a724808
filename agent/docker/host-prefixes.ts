/** What the host reaches already: prefixes of its addresses and routes, which no network of ours may overlap. */
import { formatAddress, networkAddress, readAddress } from "../../bindings/config/ip-address.ts";
import { readLink } from "../../bindings/ports/link.ts";

interface Link {
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

interface Route {
  dst: string;
}

export class HostPrefixes {
  /** As of the last look, in CIDR notation. */
  prefixes: readonly string[] = [];

  /** @throws PortyardError `iproute2-missing`, `link-failed`. */
  async look(): Promise<void> {
    const links = await readLink<Link[]>(["address", "show"]);
    const routes = (await Promise.all(["-4", "-6"].map((family) => readLink<Route[]>([family, "route", "show"])))).flat();
    const addresses = links.flatMap(({ addr_info: all }) => all.filter(({ scope }) => scope === "global"));
    const texts = [...addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`), ...routes.map(({ dst }) => dst)];
    this.prefixes = texts.flatMap(prefixOf);
  }
}

/** A default route reaches everything, a link-local one nothing that is ours. */
function prefixOf(text: string): string[] {
  const read = readAddress(text);
  if (read === null || read.prefixLength === 0 || text.startsWith("fe80")) return [];
  return [formatAddress({ ...read, text: networkAddress(read) })];
}
