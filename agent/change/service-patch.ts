/** One service that comes, changes or goes. */
import { serviceDifference, serviceKeysAnew } from "../../bindings/config/difference.ts";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Owner } from "../state/types.ts";
import { nothing } from "./object-set.ts";
import type { Step } from "./step.ts";
import type { Transaction } from "./transaction.ts";

const only = (service: ServiceConfig | null) => ({ ...nothing(), services: service === null ? [] : [service] });

/** What makes the service that `from` is (null: there is none) the service `to` (null: it goes).
 *  @param recreate make it anew, so that its flows end, where a living one cannot take the change.
 *  @throws PortyardError `recreate-needed`. */
export function serviceTransaction(
  from: ServiceConfig | null,
  to: ServiceConfig | null,
  { recreate = false, owner }: { recreate?: boolean; owner: Owner },
): Transaction {
  const steps = stepsOf(from, to, recreate);
  return { owner, keysOf: () => [], exchange: { out: only(from), into: only(to) }, plan: () => steps };
}

function stepsOf(from: ServiceConfig | null, to: ServiceConfig | null, recreate: boolean): Step[] {
  if (to === null) return from === null ? [] : [{ action: "remove-service", service: from }];
  if (from === null) return [{ action: "add-service", service: to }];
  const keys = serviceDifference(from, to);
  const anew = serviceKeysAnew(keys);
  if (anew.length > 0 && !recreate) throw recreateNeeded(to.name, anew);
  if (anew.length === 0) return keys.length === 0 ? [] : [{ action: "set-service", from, to }];
  return [
    { action: "remove-service", service: from },
    { action: "add-service", service: to },
  ];
}

function recreateNeeded(name: string, keys: string[]): PortyardError {
  return new PortyardError("recreate-needed", `Service ${name} must be made anew to change ${keys.join(", ")}.`, {
    path: keys[0] ?? "",
    value: name,
    remedy: "Say --recreate (recreate=true): its connections end.",
  });
}
