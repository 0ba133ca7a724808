/** How good a choice a backend is now: the less the better, for its weight. */
import * as field from "../abi/backend";
import { nowMs, nowSeconds } from "../memory/worker";
import * as backends from "../tables/backend-table";

/** Assumed of one that has its first flow and has not answered yet. */
const UNMEASURED_MS: f64 = 1000;

/** Its load: active + 1, or what it reports of itself while that counts. */
export function ofLoad(worker: usize, record: usize): f64 {
  const reported = backends.reportedLoad(record, nowSeconds(worker));
  const load: f64 = reported >= 0 ? <f64>reported / field.LOAD_ONE : <f64>(backends.active(record) + 1);
  return load * field.WEIGHT_ONE / <f64>backends.weight(record);
}

/** Milliseconds until its answer, as far as anybody knows; 0 of one that was never measured, and is to be tried. */
export function ofResponseTime(worker: usize, record: usize): f64 {
  const active = backends.active(record);
  const isMeasured = load<f64>(record, field.RESPONSE_MS) != 0;
  if (!isMeasured && active == 0) return 0;
  const answer = isMeasured ? backends.responseMs(record, <f64>nowMs(worker)) : UNMEASURED_MS;
  return answer * <f64>(active + 1) * field.WEIGHT_ONE / <f64>backends.weight(record);
}
