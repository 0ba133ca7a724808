/** The end of flows before their time, for the agent: those of a service, of a backend, or of such as are not there any more. */
import * as backend from "../abi/backend";
import * as field from "../abi/flow";
import * as service from "../abi/service";
import { recordOf as backendRecordOf } from "./backend-table";
import { entryOf, isLive, stateOf, wordOf } from "./flow-entry";
import * as flows from "./flow-table";
import { recordOf as serviceRecordOf } from "./service-table";

/** A flow whose word changes that often between two looks is left to the next call. */
const TRIES: u32 = 16;

/** Ends flows of `ofService` to `ofBackend` (index + 1) among the entries from `first` to `end`, 0 being any; where both are 0 those whose
 *  service or backend is not there any more. How many there were. Connections of a backend that are in TIME_WAIT are over, and keep new ones of their
 *  ports from what its own stack still remembers: they stay as long as it is there. */
export function endFlows(worker: usize, ofService: u32, ofBackend: u32, first: u32, end: u32): u32 {
  let ended: u32 = 0;
  for (let number = first; number < end; number++) {
    if (endOne(worker, entryOf(number), ofService, ofBackend)) ended++;
  }
  return ended;
}

/** What an entry says of its flow holds as long as its word is the same. */
function endOne(worker: usize, entry: usize, ofService: u32, ofBackend: u32): bool {
  for (let tries: u32 = 0; tries < TRIES; tries++) {
    const found = wordOf(entry);
    if (!isLive(found) || !isMeant(entry, ofService, ofBackend)) return false;
    if (ofBackend != 0 && stateOf(found) == field.STATE_TIME_WAIT) return false;
    if (flows.remove(worker, entry, found)) return true;
  }
  return false;
}

function isMeant(entry: usize, ofService: u32, ofBackend: u32): bool {
  const itsService = load<u32>(entry, field.SERVICE);
  const itsBackend = load<u32>(entry, field.BACKEND);
  if ((ofService | ofBackend) == 0) return isLost(itsService, itsBackend);
  return (ofService == 0 || ofService == itsService) && (ofBackend == 0 || ofBackend == itsBackend);
}

function isLost(itsService: u32, itsBackend: u32): bool {
  if (itsService != 0 && load<u32>(serviceRecordOf(itsService), service.STATE) == 0) return true;
  return itsBackend != 0 && load<u32>(backendRecordOf(itsBackend - 1), backend.STATE) == <u32>backend.ABSENT;
}
