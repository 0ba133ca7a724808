/** The routes of services, their backends and flows. */
import { backendQuery, flowQuery, noQuery, serviceQuery, setServiceQuery } from "./query.ts";
import type { Route } from "./route.ts";

export const serviceRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/services",
    id: "listServices",
    summary: "Services, with their backends",
    query: serviceQuery,
    body: null,
    answer: { status: 200, component: "Service", isList: true },
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().services.services(filter),
  },
  {
    method: "POST",
    path: "/v1/services",
    id: "addService",
    summary: "Make a service; it survives restarts",
    query: noQuery,
    body: "ServiceInput",
    answer: { status: 201, component: "Service", isList: false },
    errors: [409, 422, 503, 507],
    run: async (agent, { body }) => {
      const { name } = await agent.operations().services.add(body);
      return agent.views().services.one(name);
    },
  },
  {
    method: "GET",
    path: "/v1/services/{name}",
    id: "getService",
    summary: "One service, with its backends",
    query: noQuery,
    body: null,
    answer: { status: 200, component: "Service", isList: false },
    errors: [404, 503],
    run: (agent, { name }) => agent.views().services.one(name),
  },
  {
    method: "PATCH",
    path: "/v1/services/{name}",
    id: "setService",
    summary: "Change a service that this API made: what the body says, merged into what it is (RFC 7396); flows keep their backends",
    query: setServiceQuery,
    body: "ServicePatch",
    answer: { status: 200, component: "Service", isList: false },
    errors: [404, 409, 422, 503, 507],
    run: async (agent, { name, body, filter }) => {
      await agent.operations().services.set(name, body, filter.recreate === "true");
      return agent.views().services.one(name);
    },
  },
  {
    method: "DELETE",
    path: "/v1/services/{name}",
    id: "removeService",
    summary: "Remove a service that this API made; its flows end",
    query: noQuery,
    body: null,
    answer: { status: 204 },
    errors: [404, 409, 422, 503, 507],
    run: (agent, { name }) => agent.operations().services.remove(name),
  },
  {
    method: "POST",
    path: "/v1/services/{name}/backends/{backend}/drain",
    id: "drainBackend",
    summary: "Give a backend nothing new: its weight becomes 0; its flows go on, or end too",
    query: noQuery,
    body: "DrainInput",
    answer: { status: 200, component: "Drained", isList: false },
    errors: [404, 409, 422, 503, 507],
    run: (agent, { name, backend, body }) => agent.operations().services.drain(name, backend, body),
  },
  {
    method: "GET",
    path: "/v1/backends",
    id: "listBackends",
    summary: "Backends of all services, with what was measured of them",
    query: backendQuery,
    body: null,
    answer: { status: 200, component: "Backend", isList: true },
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().services.backends(filter),
  },
  {
    method: "GET",
    path: "/v1/flows",
    id: "listFlows",
    summary: "Connections that are followed, page by page: the header x-next-from has what to give as from for the next one",
    query: flowQuery,
    body: null,
    answer: { status: 200, component: "Flow", isList: true, isPaged: true },
    errors: [404, 503],
    run: (agent, { filter }) => agent.views().services.flows(filter),
  },
];
