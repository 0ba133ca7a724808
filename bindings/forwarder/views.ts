/** A new configuration epoch, as a worker takes it: every port's record becomes the worker's view of it, then the epoch
 *  is passed. Runs only while the worker has no frame and no request under way, so that nothing under way names a port
 *  that is gone. The same for all back ends; what a back end must do for a port that comes or goes is `change`. */
import * as field from "../../assembly/abi/port.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as event from "../../assembly/abi/event.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import * as ports from "../tables/port-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { EngineExports } from "../wasm/module.ts";

/** Takes an owned port into service (`descriptor` >= 0) or out of it (-1; `before` was its descriptor).
 *  Returns 0, or the errno because of which it cannot be read. */
export type PortChange = (port: number, descriptor: number, before: number) => number;

/** Makes the views of worker `index` (region `worker`) anew and passes the epoch that they show. */
export function applyEpoch(wasm: EngineExports, tables: Tables, worker: number, index: number, change: PortChange): void {
  const epoch = tables.epoch();
  for (let port = 0; port < ports.end(tables); port++) applyPort(wasm, tables, worker, index, port, change);
  wasm.passEpoch(worker, epoch);
}

function applyPort(wasm: EngineExports, tables: Tables, worker: number, index: number, port: number, change: PortChange): void {
  const record = ports.recordOf(port);
  const view = worker + map.WORKER_PORTS + port * map.WORKER_PORT_BYTES;
  const before = tables.load32(view + state.VIEW_DESCRIPTOR) - 1;
  const isOut = [field.GONE, field.SHUT].includes(tables.load32(record + field.ACTUAL));
  const descriptor = ports.desired(tables, port) === field.UP && !isOut ? ports.attachedDescriptor(tables, port) : -1;
  const generation = ports.generation(tables, port);
  const owned = ports.owner(tables, port) === index;
  if (descriptor === before && generation === tables.load32(view + state.VIEW_GENERATION)) return refresh();
  refresh();
  if (!owned) return;
  const errno = change(port, descriptor, before);
  if (descriptor < 0) return;
  ports.setActual(tables, port, errno === 0 ? field.UP : field.FAILED, errno);
  wasm.emitEvent(worker, errno === 0 ? event.PORT_UP : event.PORT_FAILED, port, errno);

  function refresh(): void {
    const word = (offset: number) => tables.load32(record + offset);
    wasm.setView(worker, port, descriptor, generation, word(field.FLAGS), word(field.MTU), word(field.NETWORK), word(field.TRUNK), owned);
  }
}
