/** The lists of services, of their backends and of their flows. */
import type { BackendView, FlowView, ServiceView } from "../../agent/api/service-schema.ts";
import { bytes, count } from "../format/text.ts";
import { dash, endpoint, type List, STATE_COLOURS } from "./list.ts";

const BACKEND_COLOURS = { usable: "green", drained: "yellow", ejected: "red" } as const;
const FLOW_COLOURS: Partial<Record<FlowView["state"], "green" | "yellow">> = { established: "green", "half-open": "yellow" };
const PLAIN_TIME_MS = 100;

/** `80:8080/tcp`; the target is left out where it is the same. */
function portText({ protocol, port, lastPort, targetPort }: ServiceView["ports"][number]): string {
  const row = (first: number) => (port === lastPort ? `${first}` : `${first}-${first + lastPort - port}`);
  return `${row(port)}${targetPort === port ? "" : `:${row(targetPort)}`}/${protocol}`;
}

/** `2 of 3`: those that may be chosen. */
function usable({ backends }: ServiceView): string {
  return `${count(backends.filter(({ state }) => state === "usable").length)} of ${count(backends.length)}`;
}

function milliseconds(time: number | null): string {
  if (time === null) return "-";
  return `${time >= PLAIN_TIME_MS ? count(Math.round(time)) : time.toPrecision(2)} ms`;
}

export const services: List<ServiceView> = {
  name: "services",
  description: "services: where they are found, how they choose, and how many of their backends may be chosen",
  filters: ["network", "service"],
  none: "There are no services.",
  example: "portyard show services --network blue",
  columns: [
    { title: "SERVICE", cell: ({ name }) => name },
    { title: "NETWORK", cell: ({ network }) => network, rank: 2 },
    { title: "ADDRESS", cell: ({ addresses }) => dash(addresses.join(" ")) },
    { title: "PORTS", cell: ({ ports }) => dash(ports.map(portText).join(" ")) },
    { title: "ALGORITHM", cell: ({ algorithm }) => algorithm, rank: 1 },
    {
      title: "USABLE",
      cell: usable,
      right: true,
      colour: ({ backends }) => (backends.some(({ state }) => state === "usable") ? null : "red"),
    },
    { title: "ACTIVE", cell: ({ backends }) => count(backends.reduce((sum, { active }) => sum + active, 0)), right: true },
    {
      title: "STATE",
      cell: ({ state, error }) => (error === null ? state : `${state}: ${error.code}`),
      colour: ({ state }) => STATE_COLOURS[state],
    },
    { title: "OWNER", cell: ({ owner }) => owner, rank: 3 },
  ],
};

export const backends: List<BackendView> = {
  name: "backends",
  description: "backends of services, with what was measured of them",
  filters: ["network", "service", "backend"],
  none: "There are no backends.",
  example: "portyard show backends --service my-service",
  columns: [
    { title: "SERVICE", cell: ({ service }) => service },
    { title: "BACKEND", cell: ({ name }) => name },
    { title: "ADDRESS", cell: ({ address, port }) => (port === null ? address : endpoint(address, port)), rank: 1 },
    { title: "WEIGHT", cell: ({ weight }) => count(weight), right: true },
    {
      title: "STATE",
      cell: ({ state, ejectedForSeconds }) =>
        ejectedForSeconds === null ? dash(state) : `${dash(state)} ${Math.ceil(ejectedForSeconds)} s`,
      colour: ({ state }) => (state === null ? null : BACKEND_COLOURS[state]),
    },
    {
      title: "ACTIVE",
      cell: ({ active, maxFlows }) => (maxFlows === null ? count(active) : `${count(active)} of ${count(maxFlows)}`),
      right: true,
    },
    { title: "TIME", cell: ({ responseTimeMs }) => milliseconds(responseTimeMs), right: true },
    { title: "PICKED", cell: ({ picked }) => count(picked), right: true },
    { title: "FAILED", cell: ({ failed }) => count(failed), right: true },
    { title: "MAC", cell: ({ mac }) => dash(mac), rank: 2 },
    { title: "NETWORK", cell: ({ network }) => network, rank: 3 },
  ],
};

export const flows: List<FlowView> = {
  name: "flows",
  description: "connections of services that are followed, page by page",
  filters: ["network", "service", "backend", "client", "state"],
  none: "No connection is followed.",
  example: "portyard show flows --service my-service --state established",
  isPaged: true,
  columns: [
    { title: "PROTOCOL", cell: ({ protocol }) => protocol },
    { title: "CLIENT", cell: ({ client }) => client },
    { title: "SERVICE", cell: ({ service }) => dash(service) },
    { title: "VIRTUAL", cell: ({ virtual }) => virtual, rank: 2 },
    { title: "BACKEND", cell: ({ backend }) => dash(backend) },
    { title: "TARGET", cell: ({ target }) => target, rank: 1 },
    { title: "STATE", cell: ({ state }) => state, colour: ({ state }) => FLOW_COLOURS[state] ?? null },
    { title: "IDLE", cell: ({ idleSeconds }) => `${count(Math.round(idleSeconds))} s`, right: true },
    { title: "FRAMES", cell: ({ frames }) => count(frames), right: true },
    { title: "BYTES", cell: (row) => bytes(row.bytes), right: true },
    { title: "NETWORK", cell: ({ network }) => network, rank: 3 },
  ],
};
