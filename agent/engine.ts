/** What the agent asks of an engine: networks, ports, and services. */
import type { EngineLike, EngineServices } from "../bindings/engine/types.ts";

export type AgentEngine = EngineLike & EngineServices;
