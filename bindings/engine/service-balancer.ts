/** A service of an engine as a program uses it: picks by the code of the hot path, over the tables that the workers use. */
import type { Picker } from "../service/picker.ts";
import type { PickedBackend, PickOptions } from "../service/types.ts";
import { describeBackends } from "./describe-services.ts";
import type { FailureWatch } from "./failure-watch.ts";
import { type ServiceEntry, wholeOf } from "./service-entry.ts";
import type { ServiceBalancer } from "./service-types.ts";
import type { EngineStore } from "./store.ts";

export interface BalancerParts {
  store: EngineStore;
  picker: Picker;
  watch: FailureWatch;
  nowMs: () => number;
}

/** @param find the service, as it is at each pick; throws where there is none any more. */
export function serviceBalancer(parts: BalancerParts, find: () => ServiceEntry): ServiceBalancer {
  return {
    pick: (options = {}) => pick(parts, find(), options),
    backends: () => describeBackends(parts.store, find(), parts.nowMs()),
  };
}

function pick({ picker, watch, nowMs }: BalancerParts, entry: ServiceEntry, options: PickOptions): PickedBackend {
  const { balanced } = entry;
  balanced.advance(nowMs());
  const from = {
    service: wholeOf(entry).service,
    at: (index: number) => balanced.members.at(index),
    count: balanced.members.all().length,
  };
  return picker.pick(options, from, {
    succeeded: (member) => balanced.succeeded(member),
    failed: (_, now) => watch.look(entry, now),
    done() {},
  });
}
