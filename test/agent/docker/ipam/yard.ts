/** A book of pools as its tests use it: time and the host's subnets are theirs, and a call that is refused must say where and
 *  what, name a remedy, and change nothing. */
import { DEFAULT_POOLS } from "../../../../bindings/config/defaults.ts";
import * as assert from "uvu/assert";
import { PoolBook, type PoolBookOptions } from "../../../../agent/docker/ipam/pool-book.ts";
import { PortyardError } from "../../../../bindings/error.ts";

export interface Yard {
  book: PoolBook;
  nowMs: number;
  /** Subnets that somebody else has, in the very text in which they would be asked after. */
  taken: Set<string>;
  /** The pool that Docker gets; `pool` empty for one that is chosen. */
  pool: (pool: string, subPool?: string, v6?: boolean) => { id: string; subnet: string };
  gateway: (poolId: string, address?: string) => string;
  station: (poolId: string, mac: string, address?: string) => string;
  auxiliary: (poolId: string, address?: string) => string;
  /** Goes on with a book made from what JSON keeps of this one. */
  restart: () => void;
  /** What the book knows, by JSON. */
  state: () => unknown;
}

/** @param bases of the book; default those of the product. */
export function yard(bases: PoolBookOptions["bases"] = DEFAULT_POOLS): Yard {
  const taken = new Set<string>();
  const make = (kept: Pick<PoolBookOptions, "records" | "lastChosen">): PoolBook =>
    new PoolBook({ bases, isTaken: (subnet) => taken.has(subnet), nowMs: () => self.nowMs, ...kept });
  const self: Yard = {
    book: make({}),
    nowMs: 1_000_000,
    taken,
    pool: (pool, subPool = "", v6 = pool.includes(":")) => self.book.requestPool({ space: "local", pool, subPool, v6 }),
    gateway: (poolId, address = "") => self.book.requestAddress({ poolId, address, mac: null, isGateway: true }),
    station: (poolId, mac, address = "") => self.book.requestAddress({ poolId, address, mac, isGateway: false }),
    auxiliary: (poolId, address = "") => self.book.requestAddress({ poolId, address, mac: null, isGateway: false }),
    restart: () => {
      const before = self.state();
      self.book = make(JSON.parse(JSON.stringify(before)));
      assert.equal(self.state(), before, "a restart changes nothing");
    },
    state: () => JSON.parse(JSON.stringify({ records: self.book.toRecords(), lastChosen: self.book.lastChosen })),
  };
  return self;
}

/** Holds that `run` is refused with `code`, that message or remedy name the value, and that the book is as before. */
export function refused(of: Yard, run: () => unknown, code: string): PortyardError {
  const before = of.state();
  const error = fault(run);
  assert.is(error.code, code, error.message);
  assert.ok(error.path !== null && error.remedy !== null, error.message);
  assert.ok(`${error.message} ${error.remedy}`.includes(String(error.value)), `${error.message} does not name ${error.value}`);
  assert.equal(of.state(), before, "what is refused changes nothing");
  return error;
}

/** The error that `run` throws. */
export function fault(run: () => unknown): PortyardError {
  try {
    run();
  } catch (error) {
    if (error instanceof PortyardError) return error;
    throw error;
  }
  throw new Error("it was granted");
}
