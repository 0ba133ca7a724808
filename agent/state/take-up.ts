/** What an agent finds in the state at its start, and what it leaves there at its end. */
import type { EngineConfig } from "../../bindings/config/types.ts";
import { Objects } from "../objects.ts";
import type { Place } from "../place.ts";
import type { Undo } from "../undo.ts";
import { readState, removeState, writeState } from "./state-file.ts";

/** The objects of a start: those of `config`, and held ones of the API. All of them stand in the state when this resolves;
 *  only the API's do after the undoing.
 *  @throws PortyardError `state-unreadable`, `name-taken`, `disk-full`; then the state is as it was. */
export async function takeUpObjects({ stateFile }: Place, config: EngineConfig, undo: Undo): Promise<Objects> {
  const objects = new Objects(config);
  const before = await readState(stateFile);
  if (before) objects.hold(before);
  await objects.noteInterfaces(config.ports);
  undo.push(async () => {
    const rest = objects.toRest();
    if (rest.networks.length + rest.ports.length > 0) await writeState(stateFile, rest);
    else await removeState(stateFile);
  });
  await writeState(stateFile, objects.toState());
  return objects;
}
