/** Explanations by the names of an engine's ports and networks. */
import { explanationOf } from "../explain/explain.ts";
import { Explainer } from "../explain/explainer.ts";
import type { ExplainOptions, Explanation } from "../explain/types.ts";
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
    const { ports, networks, store, copyTables, nowMs } = this.parts;
    const { index, config } = ports.get(port);
    refuseExplained(frame, options);
    const originalBytes = Math.max(frame.length, options.originalBytes ?? 0);
    this.explainer ??= new Explainer(store.layout, copyTables);
    const traced = this.explainer.trace(index, frame, { ...options, originalBytes }, nowMs());
    const names = {
      port: (number: number) => ports.at(number)?.config.name ?? `number ${number}`,
      network: (number: number) => networks.nameOf(number),
    };
    return explanationOf({ frame, originalBytes, port, isTrunk: config.trunk !== undefined, names }, traced);
  }
}
