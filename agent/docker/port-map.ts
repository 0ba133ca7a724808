/** From Docker's port map to published ports of ours. A host port may be said, be any, or be one of a range: of that the first that can be had. */
import { readAddress } from "../../bindings/config/ip-address.ts";
import { PortyardError } from "../../bindings/error.ts";
import { KEY, type PortMap } from "./protocol.ts";

const PROTOCOLS: Record<number, string> = { 6: "tcp", 17: "udp" };

/** Of each mapping what may be published, in the order in which it is to be tried.
 *  @throws PortyardError `bad-request`. */
export function publicationsOf(map: PortMap): string[][] {
  return map.map(({ Proto, Port, HostIP, HostPort, HostPortEnd }) => {
    const protocol = PROTOCOLS[Proto];
    if (protocol === undefined) {
      throw new PortyardError("bad-request", `Port ${Port} is to be published for protocol ${Proto}.`, {
        path: KEY.portMap,
        value: Proto,
        remedy: "Publish TCP (6) and UDP (17) ports.",
      });
    }
    const host = hostOf(HostIP);
    const target = `${Port}/${protocol}`;
    if (HostPort === 0) return [host === "" ? target : `${host}::${target}`];
    const last = Math.max(HostPort, HostPortEnd);
    return Array.from({ length: last - HostPort + 1 }, (_, index) => `${host === "" ? "" : `${host}:`}${HostPort + index}:${target}`);
  });
}

function hostOf(text: string): string {
  if (text === "") return "";
  const address = readAddress(text);
  if (address === null || address.prefixLength !== null) {
    throw new PortyardError("bad-request", `A port is to be published at ${text}, which is no address.`, {
      path: KEY.portMap,
      value: text,
      remedy: "Write an address of the host, or leave it out for all of them.",
    });
  }
  return address.family === 6 ? `[${address.text}]` : address.text;
}
