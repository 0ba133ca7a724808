/** One port that changes: what is said of it is merged into what it is, and then it takes that, or is made anew. */
import { portDifference, portKeysAnew } from "../../bindings/config/difference.ts";
import type { PortConfig } from "../../bindings/config/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { nothing } from "./object-set.ts";
import type { Owner } from "../state/types.ts";
import type { Transaction } from "./transaction.ts";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON Merge Patch (RFC 7396): objects are merged key by key, null takes a key away, anything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** The input of the port, or service, `name` after `patch`. @throws PortyardError `bad-request` for a patch that is no object, or has another name. */
export function patched(input: unknown, patch: unknown, name: string, kind: "port" | "service" = "port"): unknown {
  if (!isObject(patch)) {
    throw new PortyardError("bad-request", "What is to change is no object.", {
      path: "body",
      remedy: `Write an object such as ${kind === "port" ? "{ macLimit: 16 }" : "{ algorithm: least-load }"}.`,
    });
  }
  if (patch.name !== undefined && patch.name !== name) {
    throw new PortyardError("bad-request", `A ${kind} keeps its name.`, {
      path: "name",
      value: patch.name,
      remedy: "Add another one, and remove this one.",
    });
  }
  return mergePatch(input, patch);
}

/** What makes the port that `from` is (null: held) the port `to`.
 *  @throws PortyardError `recreate-needed`. */
export function setPortTransaction(
  from: PortConfig | null,
  to: PortConfig,
  how: { recreate: boolean; isDown: boolean; owner: Owner },
): Transaction {
  const into = { ...nothing(), ports: [to] };
  const common = { owner: how.owner, keysOf: () => [] };
  if (from === null)
    return {
      ...common,
      exchange: { out: nothing(), into },
      plan: ({ after }) => [{ action: "add-port", port: to, lease: after(to.name) }],
    };
  return { ...common, exchange: { out: { ...nothing(), ports: [from] }, into }, plan: planOfOne(from, to, how) };
}

function planOfOne(from: PortConfig, to: PortConfig, { recreate, isDown }: { recreate: boolean; isDown: boolean }): Transaction["plan"] {
  const keys = portDifference(from, to);
  const anew = portKeysAnew(keys);
  if (recreate && (anew.length > 0 || isDown)) {
    return ({ before, after }) => [
      { action: "remove-port", port: from, lease: before(from.name) },
      { action: "add-port", port: to, lease: after(to.name) },
    ];
  }
  if (anew.length > 0) throw recreateNeeded(to.name, anew);
  return () => (keys.length === 0 ? [] : [{ action: "set-ports", changes: [{ from, to }] }]);
}

function recreateNeeded(name: string, keys: string[]): PortyardError {
  return new PortyardError("recreate-needed", `Port ${name} must be made anew to change ${keys.join(", ")}.`, {
    path: keys[0] ?? "",
    value: name,
    remedy: "Say --recreate (recreate=true): its device is removed and made again, and its counters begin anew.",
  });
}
