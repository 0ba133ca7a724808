/** Explanations by the names of an engine's ports, networks, services and backends. */
import { explanationOf } from "../explain/explain.ts";
import { Explainer } from "../explain/explainer.ts";
import type { Names } from "../explain/steps.ts";
import type { ExplainOptions, Explanation } from "../explain/types.ts";
import { active, addressOf, readBackend } from "../tables/backend-table.ts";
import { refuseExplained } from "./frame-argument.ts";
import type { Parts } from "./parts.ts";

export class PortExplainer {
  private readonly parts: Parts;
  /** Made when it is first asked for. */
  private explainer: Explainer | null = null;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** As Engine.explain. */
  explain(port: string, frame: Uint8Array, options: ExplainOptions): Explanation {
    const { ports, store, copyTables, nowMs } = this.parts;
    const { index, config } = ports.get(port);
    refuseExplained(frame, options);
    const originalBytes = Math.max(frame.length, options.originalBytes ?? 0);
    this.explainer ??= new Explainer(store.layout, copyTables, store.tables);
    const traced = this.explainer.trace(index, frame, { ...options, originalBytes }, nowMs());
    const names = this.names();
    return explanationOf({ frame, originalBytes, port, isTrunk: config.trunk !== undefined, names }, traced);
  }

  private names(): Names {
    const { ports, networks, services, store } = this.parts;
    return {
      port: (number) => ports.at(number)?.config.name ?? `number ${number}`,
      network: (number) => networks.nameOf(number),
      service: (record) => services.at(record)?.config.name ?? null,
      drained: (record) => this.drained(record),
      // one that is gone keeps its record as long as it has flows
      backend: (record) => services.ownerOf(record)?.balanced.members.at(record)?.config.name ?? addressOf(store.tables, record),
    };
  }

  private drained(record: number): ReturnType<Names["drained"]> {
    const { services, store } = this.parts;
    const members = services.at(record)?.balanced.members.all() ?? [];
    return members
      .filter(({ index, config }) => config.weight === 0 && readBackend(store.tables, index)?.service === record)
      .map(({ index, config }) => ({ backend: config.name, active: active(store.tables, index) }));
  }
}
