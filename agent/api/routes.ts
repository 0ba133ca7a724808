/** Every route of the API. Lists take filters and a limit; changes answer when they are made. */
import { dropQuery, macQuery, networkQuery, noQuery, portQuery, publishedQuery, setPortQuery, workerQuery } from "./query.ts";
import type { Answer, Route } from "./route.ts";
import { serviceRoutes } from "./service-routes.ts";

const list = (component: string): Answer => ({ status: 200, component, isList: true });
const one = (component: string, status: 200 | 201 = 200): Answer => ({ status, component, isList: false });
const nothing: Answer = { status: 204 };

/** Besides those that are made here, GET /v1/openapi.json answers the document that is made from them. */
export const routes: Route[] = [
  {
    method: "GET",
    path: "/v1/version",
    id: "getVersion",
    summary: "What runs, and since when; answered at any time",
    query: noQuery,
    body: null,
    answer: one("Version"),
    errors: [],
    run: (agent) => agent.version(),
  },
  {
    method: "GET",
    path: "/v1/networks",
    id: "listNetworks",
    summary: "Networks, with the ports that are in them",
    query: networkQuery,
    body: null,
    answer: list("Network"),
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().networks(filter),
  },
  {
    method: "POST",
    path: "/v1/networks",
    id: "addNetwork",
    summary: "Make a network; it survives restarts",
    query: noQuery,
    body: "NetworkInput",
    answer: one("Network", 201),
    errors: [409, 503, 507],
    run: async (agent, { body }) => {
      const { name } = await agent.operations().addNetwork(body);
      return agent.views().network(name);
    },
  },
  {
    method: "DELETE",
    path: "/v1/networks/{name}",
    id: "removeNetwork",
    summary: "Remove a network that this API made and that has neither ports nor services",
    query: noQuery,
    body: null,
    answer: nothing,
    errors: [404, 409, 503, 507],
    run: (agent, { name }) => agent.operations().removeNetwork(name),
  },
  {
    method: "GET",
    path: "/v1/ports",
    id: "listPorts",
    summary: "Ports, with their state and counters",
    query: portQuery,
    body: null,
    answer: list("Port"),
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().ports(filter),
  },
  {
    method: "POST",
    path: "/v1/ports",
    id: "addPort",
    summary: "Make a port; answered when it forwards; it survives restarts",
    query: noQuery,
    body: "PortInput",
    answer: one("Port", 201),
    errors: [403, 404, 409, 422, 503, 507],
    run: async (agent, { body }) => {
      const { name } = await agent.operations().addPort(body);
      return agent.views().port(name);
    },
  },
  {
    method: "PATCH",
    path: "/v1/ports/{name}",
    id: "setPort",
    summary: "Change a port that this API made: what the body says, merged into what it is (RFC 7396); answered when it forwards so",
    query: setPortQuery,
    body: "PortPatch",
    answer: one("Port"),
    errors: [403, 404, 409, 422, 503, 507],
    run: async (agent, { name, body, filter }) => {
      await agent.operations().setPort(name, body, filter.recreate === "true");
      return agent.views().port(name);
    },
  },
  {
    method: "DELETE",
    path: "/v1/ports/{name}",
    id: "removePort",
    summary: "Remove a port that this API made, with its device",
    query: noQuery,
    body: null,
    answer: nothing,
    errors: [404, 409, 503, 507],
    run: (agent, { name }) => agent.operations().removePort(name),
  },
  ...serviceRoutes,
  {
    method: "GET",
    path: "/v1/macs",
    id: "listMacs",
    summary: "Stations that are known, and where",
    query: macQuery,
    body: null,
    answer: list("Mac"),
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().macs(filter),
  },
  {
    method: "GET",
    path: "/v1/drops",
    id: "listDrops",
    summary: "Frames dropped, by reason and port",
    query: dropQuery,
    body: null,
    answer: list("Drop"),
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().drops(filter),
  },
  {
    method: "GET",
    path: "/v1/published",
    id: "listPublished",
    summary: "Published ports: ports of the host, and where they lead",
    query: publishedQuery,
    body: null,
    answer: list("Published"),
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().published(filter),
  },
  {
    method: "GET",
    path: "/v1/workers",
    id: "listWorkers",
    summary: "Totals of each worker",
    query: workerQuery,
    body: null,
    answer: list("Worker"),
    errors: [503],
    run: (agent, { filter }) => agent.views().workers(filter),
  },
  {
    method: "GET",
    path: "/v1/config",
    id: "getConfig",
    summary: "The running configuration, whoever made its parts: what a replay elsewhere takes",
    query: noQuery,
    body: null,
    answer: one("Export"),
    errors: [503],
    run: (agent) => agent.operations().export(),
  },
  {
    method: "POST",
    path: "/v1/explain",
    id: "explain",
    summary: "What would become of a frame now, step by step; nothing is changed",
    query: noQuery,
    body: "ExplainInput",
    answer: one("Explanation"),
    errors: [404, 422, 503],
    run: (agent, { body }) => agent.views().explain(body),
  },
  {
    method: "POST",
    path: "/v1/reload",
    id: "reload",
    summary: "Apply what the configuration file says now: what differs, all or nothing; answered when it is made",
    query: noQuery,
    body: "ReloadInput",
    answer: one("Reload"),
    errors: [403, 404, 409, 422, 503, 507],
    run: (agent, { body }) => agent.reload(body),
  },
  {
    method: "POST",
    path: "/v1/leave",
    id: "leave",
    summary: "End the agent alone, for a successor: forwarder, devices and state stay; if none comes up within 10 s it goes on",
    query: noQuery,
    body: null,
    answer: one("Left"),
    errors: [503],
    run: async (agent) => {
      agent.operations(); // one that starts or stops has nothing to leave
      await agent.leave();
      return { left: true };
    },
  },
  {
    method: "POST",
    path: "/v1/stop",
    id: "stop",
    summary: "Stop agent and forwarder and remove what they made; answered when all is gone",
    query: noQuery,
    body: null,
    answer: one("Stopped"),
    errors: [],
    run: async (agent) => {
      await agent.stop();
      return { stopped: true };
    },
  },
];
