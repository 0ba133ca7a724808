/** Which backend of a service gets a new flow: by the service's algorithm, one file each. An algorithm may be changed while flows begin; no flow
 *  that has a backend moves. */
import * as field from "../abi/service";
import * as services from "../tables/service-table";
import * as leastLoad from "./least-load";
import * as leastResponseTime from "./least-response-time";
import * as maglev from "./maglev";
import * as powerOfTwo from "./power-of-two";
import * as random from "./random";
import * as roundRobin from "./round-robin";
import * as sourceHash from "./source-hash";
import * as weightedRoundRobin from "./weighted-round-robin";

/** Index of a backend of `service` (its record) + 1, for a flow of `key`; 0: none is usable. */
export function pick(worker: usize, service: usize, key: u64): u32 {
  const slate = services.slate(service);
  if (slate == 0 || services.count(slate) == 0) return 0;
  const algorithm = services.algorithm(service);
  if (algorithm == field.WEIGHTED_ROUND_ROBIN) return weightedRoundRobin.pick(worker, service, slate, key);
  if (algorithm == field.LEAST_RESPONSE_TIME) return leastResponseTime.pick(worker, service, slate, key);
  if (algorithm == field.LEAST_LOAD) return leastLoad.pick(worker, service, slate, key);
  if (algorithm == field.POWER_OF_TWO) return powerOfTwo.pick(worker, service, slate, key);
  if (algorithm == field.SOURCE_HASH) return sourceHash.pick(worker, service, slate, key);
  if (algorithm == field.MAGLEV) return maglev.pick(worker, service, slate, key);
  if (algorithm == field.RANDOM) return random.pick(worker, service, slate, key);
  return roundRobin.pick(worker, service, slate, key);
}
