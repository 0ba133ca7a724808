/** The lists that `portyard show` knows: what the columns are, and which of them give way on a narrow terminal. */
import type { DropView, MacView, NetworkView, PortView, PublishedView, WorkerView } from "../../agent/api/schema.ts";
import { bytes, count } from "../format/text.ts";
import { dash, endpoint, type List, STATE_COLOURS } from "./list.ts";
import { backends, flows, services } from "./service-lists.ts";

/** `blue`, or `blue=10,green=20 native blue` of a trunk. */
function attachment({ network, trunk, native }: PortView): string {
  if (!trunk) return dash(network);
  const tagged = Object.entries(trunk)
    .map(([name, vlan]) => `${name}=${vlan}`)
    .join(",");
  return native === null ? tagged : `${tagged} native ${native}`;
}

const ports: List<PortView> = {
  name: "ports",
  description: "ports, with their state and counters",
  filters: ["network", "port"],
  none: "There are no ports.",
  example: "portyard show ports --network blue",
  columns: [
    { title: "PORT", cell: ({ name }) => name },
    { title: "NETWORK", cell: attachment },
    { title: "KIND", cell: ({ kind }) => kind, rank: 3 },
    { title: "IO", cell: ({ io }) => dash(io), rank: 4 },
    {
      title: "STATE",
      cell: ({ state, error }) => (error === null ? state : `${state}: ${error.code}`),
      colour: ({ state }) => STATE_COLOURS[state],
    },
    { title: "MAC", cell: ({ mac }) => dash(mac), rank: 2 },
    { title: "ADDRESSES", cell: ({ addresses }) => dash(addresses.join(" ")), rank: 1 },
    { title: "MTU", cell: ({ mtu }) => dash(mtu), right: true, rank: 5 },
    { title: "RECEIVED", cell: ({ receivedFrames }) => count(receivedFrames), right: true },
    { title: "SENT", cell: ({ sentFrames }) => count(sentFrames), right: true },
    { title: "IN", cell: ({ receivedBytes }) => bytes(receivedBytes), right: true, rank: 6 },
    { title: "OUT", cell: ({ sentBytes }) => bytes(sentBytes), right: true, rank: 6 },
    { title: "DROPPED", cell: ({ droppedFrames }) => count(droppedFrames), right: true },
  ],
};

const networks: List<NetworkView> = {
  name: "networks",
  description: "networks, with the ports that are in them",
  filters: ["network"],
  none: "There are no networks.",
  example: "portyard show networks --json",
  columns: [
    { title: "NETWORK", cell: ({ name }) => name },
    { title: "SUBNETS", cell: ({ subnets }) => dash(subnets.join(" ")) },
    { title: "GATEWAY", cell: ({ gateway }) => dash(gateway), rank: 3 },
    { title: "MTU", cell: ({ mtu }) => String(mtu), right: true },
    { title: "LEARNING", cell: ({ learning, macAgeSeconds }) => (learning ? `${macAgeSeconds} s` : "off"), rank: 2 },
    {
      title: "STATE",
      cell: ({ state, error }) => (error === null ? state : `${state}: ${error.code}`),
      colour: ({ state }) => STATE_COLOURS[state],
    },
    { title: "PORTS", cell: ({ ports: members }) => dash(members.length > 8 ? `${members.length} ports` : members.join(" ")), rank: 1 },
  ],
};

const macs: List<MacView> = {
  name: "macs",
  description: "stations that are known, and the port behind which each is",
  filters: ["network", "port"],
  none: "No station is known.",
  example: "portyard show macs --network blue --limit 20",
  columns: [
    { title: "NETWORK", cell: ({ network }) => network },
    { title: "MAC", cell: ({ mac }) => mac },
    { title: "PORT", cell: ({ port }) => port },
    { title: "KIND", cell: ({ kind }) => kind, colour: ({ kind }) => (kind === "static" ? "cyan" : null) },
    { title: "AGE", cell: ({ kind, ageSeconds }) => (kind === "static" ? "-" : `${Math.round(ageSeconds)} s`), right: true },
  ],
};

const drops: List<DropView> = {
  name: "drops",
  description: "frames dropped, by reason and port",
  filters: ["port"],
  none: "No frame was dropped.",
  example: "portyard show drops --port a",
  columns: [
    { title: "REASON", cell: ({ reason }) => reason },
    { title: "PORT", cell: ({ port }) => port },
    { title: "FRAMES", cell: (row) => count(row.count), right: true },
  ],
};

const published: List<PublishedView> = {
  name: "published",
  description: "published ports: ports of the host, and where they lead",
  filters: ["network", "port"],
  none: "Nothing is published.",
  example: "portyard show published --network blue",
  columns: [
    { title: "HOST", cell: ({ hostAddress, hostPort }) => endpoint(hostAddress, hostPort) },
    { title: "PROTOCOL", cell: ({ protocol }) => protocol },
    { title: "TARGET", cell: ({ targetAddress, targetPort }) => endpoint(targetAddress, targetPort) },
    { title: "PORT", cell: ({ port }) => dash(port), rank: 1 },
    { title: "NETWORK", cell: ({ network }) => network, rank: 2 },
  ],
};

const workers: List<WorkerView> = {
  name: "workers",
  description: "totals of each worker of the forwarder, in frames",
  filters: [],
  none: "There are no workers.",
  example: "portyard show workers --json",
  columns: [
    { title: "WORKER", cell: ({ worker }) => String(worker), right: true },
    { title: "STATE", cell: ({ state }) => state, colour: ({ state }) => (state === "running" ? "green" : "red") },
    { title: "IO", cell: ({ io }) => dash(io) },
    { title: "PID", cell: ({ pid }) => String(pid), right: true, rank: 3 },
    { title: "RECEIVED", cell: ({ received }) => count(received), right: true },
    { title: "SENT", cell: ({ sent }) => count(sent), right: true },
    { title: "DROPPED", cell: ({ dropped }) => count(dropped), right: true },
    { title: "FLOODED", cell: ({ flooded }) => count(flooded), right: true, rank: 1 },
    { title: "ANSWERED", cell: ({ answered }) => count(answered), right: true, rank: 2 },
    { title: "SLOTS", cell: ({ slotsTaken, slotsReleased }) => count(slotsTaken - slotsReleased), right: true, rank: 4 },
  ],
};

/** Each row type differs; whoever walks them treats a list's rows by its own columns only. */
export const lists = [ports, networks, services, backends, flows, macs, drops, published, workers] as unknown as List<unknown>[];
