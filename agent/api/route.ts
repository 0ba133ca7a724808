/** A route of the API: all that is known of it, for the server and for the OpenAPI document. */
import type { z } from "zod";
import type { Operations } from "../operations.ts";
import type { Views } from "../views.ts";
import type { Filter } from "./query.ts";
import type { ReloadView, VersionView } from "./schema.ts";

/** The agent as the API sees it. */
export interface Served {
  version(): VersionView;
  /** @throws PortyardError `starting`, `stopping` outside the time between them. */
  views(): Views;
  /** @throws PortyardError `starting`, `stopping` outside the time between them. */
  operations(): Operations;
  /** Applies what the file says now. @param input as `reloadInput`. @throws PortyardError; nothing is changed then. */
  reload(input: unknown): Promise<ReloadView>;
  /** Resolves when everything is gone. */
  stop(): Promise<void>;
  /** Resolves when the next agent of the name can take over. */
  leave(): Promise<void>;
}

export interface Call {
  filter: Filter;
  /** {name} and {backend} of the path, else empty. */
  name: string;
  backend: string;
  body: unknown;
}

/** Component of the document that is answered: one, or a list of them, of which a page is a part. */
export type Answer = { status: 200 | 201; component: string; isList: boolean; isPaged?: true } | { status: 204 };

export interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: /v1/ports/{name}. */
  path: string;
  /** operationId. */
  id: string;
  summary: string;
  query: z.ZodObject;
  /** Component of the document that is asked for. */
  body: string | null;
  answer: Answer;
  /** Statuses of errors that are its own; 400 and 500 every route has. */
  errors: number[];
  run: (agent: Served, call: Call) => unknown;
}
