/** One pool that Docker holds, and who has its addresses: the gateway, stations by their MAC, and auxiliary addresses, which
 *  have none. Docker repeats a request whose answer was lost; whoever can be known again gets the same answer:
 *
 *      gateway      there is one: its address, unless another one is asked for
 *      station      its MAC has an address: that one, unless another one is asked for, to which the station then moves
 *      auxiliary    by its address; one without MAC and without address is nobody, and each request gives another
 *
 *  What is not asked for by name comes from the range: for a gateway the first free address, else the next free one behind that
 *  given last (bindings/ipam/address-pool.ts). Each method changes everything or, when it throws, nothing. */
import { contains, formatAddress, type IpAddress, readAddress, reservedRole } from "../../../bindings/config/ip-address.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { AddressPool } from "../../../bindings/ipam/address-pool.ts";
import type { PoolRecord } from "./pool-record.ts";
import { type Span, spanOf } from "./span.ts";

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** What Docker asks of a pool. */
export interface AddressRequest {
  /** Without prefix length; empty: the pool chooses. */
  address: string;
  /** Six pairs of hexadecimal digits with colons, in either case; null for what is no station's. Does not count for a gateway. */
  mac: string | null;
  isGateway: boolean;
}

export class HeldPool {
  readonly id: string;
  readonly space: string;
  /** Canonical prefixes. */
  readonly subnet: string;
  readonly range: string | null;
  readonly span: Span;
  readonly #prefix: IpAddress;
  readonly #addresses: AddressPool;
  /** MAC by address; null for an auxiliary one. The gateway's is not among them. */
  readonly #holders = new Map<string, string | null>();
  readonly #addressOfMac = new Map<string, string>();
  #gateway: string | null = null;
  #isChosen: boolean;
  #sinceMs: number;

  /** @param record as `toRecord` writes it, or that of a pool without addresses.
   *  @throws RangeError when the range has no address that a station may have. */
  constructor(record: PoolRecord) {
    this.id = record.id;
    this.space = record.space;
    this.subnet = record.subnet;
    this.range = record.range;
    this.span = spanOf(record.subnet);
    this.#prefix = readAddress(record.subnet)!;
    this.#addresses = new AddressPool(record.subnet, record.range === null ? {} : { range: record.range });
    this.#isChosen = record.isChosen;
    this.#sinceMs = record.sinceMs;
    for (const { address, mac } of record.addresses) this.#hold(this.#claim(address), mac);
    if (record.gateway !== null) this.#gateway = this.#claim(record.gateway);
    this.#addresses.resume(record.last);
  }

  get isChosen(): boolean {
    return this.#isChosen;
  }

  get isEmpty(): boolean {
    return this.#gateway === null && this.#holders.size === 0;
  }

  /** How long nobody has had an address of it, in milliseconds; 0 when somebody has. */
  emptyMs(nowMs: number): number {
    return this.isEmpty ? nowMs - this.#sinceMs : 0;
  }

  /** From now on it is one that was asked for by name. */
  markNamed(): void {
    this.#isChosen = false;
  }

  /** @returns the address with the length of the subnet's prefix.
   *  @throws PortyardError `bad-request`, `address-outside`, `address-reserved`, `address-taken`, `gateway-exists`,
   *  `pool-exhausted`. */
  request({ address, mac, isGateway }: AddressRequest): string {
    const wanted = address === "" ? null : this.#readWanted(address);
    const given = isGateway
      ? this.#giveGateway(wanted)
      : mac === null
        ? this.#giveAuxiliary(wanted)
        : this.#giveStation(readMac(mac), wanted);
    return `${given}/${this.#prefix.prefixLength}`;
  }

  /** Does nothing for an address that nobody has. */
  release(text: string, nowMs: number): void {
    const address = readAddress(text)?.text;
    if (address === undefined || !this.#isHeld(address)) return;
    this.#letGo(address);
    if (this.isEmpty) this.#sinceMs = nowMs;
  }

  toRecord(): PoolRecord {
    return {
      id: this.id,
      space: this.space,
      subnet: this.subnet,
      range: this.range,
      isChosen: this.#isChosen,
      sinceMs: this.#sinceMs,
      gateway: this.#gateway,
      addresses: [...this.#holders].map(([address, mac]) => ({ address, mac })),
      last: this.#addresses.last,
    };
  }

  #giveGateway(wanted: string | null): string {
    if (this.#gateway === null) {
      this.#gateway = wanted === null ? this.#takeFirst() : this.#claim(wanted);
      return this.#gateway;
    }
    if (wanted === null || wanted === this.#gateway) return this.#gateway;
    throw new PortyardError("gateway-exists", `${wanted} cannot be the gateway of pool ${this.id}: ${this.#gateway} is.`, {
      path: "Address",
      value: wanted,
      remedy: `Use ${this.#gateway}, or release it before.`,
    });
  }

  #giveAuxiliary(wanted: string | null): string {
    if (wanted !== null && this.#holders.get(wanted) === null) return wanted;
    return this.#hold(wanted === null ? this.#takeNext() : this.#claim(wanted), null);
  }

  /** A station that asks for another address than it has was disconnected, and the release lost. */
  #giveStation(mac: string, wanted: string | null): string {
    const own = this.#addressOfMac.get(mac);
    if (own !== undefined && (wanted === null || wanted === own)) return own;
    const given = wanted === null ? this.#takeNext() : this.#claim(wanted);
    if (own !== undefined) this.#letGo(own);
    return this.#hold(given, mac);
  }

  #hold(address: string, mac: string | null): string {
    this.#holders.set(address, mac);
    if (mac !== null) this.#addressOfMac.set(mac, address);
    return address;
  }

  #letGo(address: string): void {
    const mac = this.#holders.get(address) ?? null;
    if (mac !== null) this.#addressOfMac.delete(mac);
    if (address === this.#gateway) this.#gateway = null;
    this.#holders.delete(address);
    this.#addresses.release(address);
  }

  #isHeld(address: string): boolean {
    return address === this.#gateway || this.#holders.has(address);
  }

  #takeNext(): string {
    const address = this.#addresses.take();
    if (address === null) throw this.#exhausted();
    return address;
  }

  /** The first free one, without a say in which is the next. */
  #takeFirst(): string {
    const { last } = this.#addresses;
    this.#addresses.resume(null);
    const address = this.#addresses.take();
    this.#addresses.resume(last);
    if (address === null) throw this.#exhausted();
    return address;
  }

  #claim(address: string): string {
    if (this.#addresses.request(address) === "given") return address;
    throw new PortyardError("address-taken", `${address} of pool ${this.id} is ${this.#holderOf(address)}.`, {
      path: "Address",
      value: address,
      remedy: "Ask for another address, or disconnect the container that has this one.",
    });
  }

  #holderOf(address: string): string {
    if (address === this.#gateway) return "the gateway's";
    const mac = this.#holders.get(address) ?? null;
    return mac === null ? "kept back as an auxiliary address" : `that of the station ${mac}`;
  }

  /** The canonical text of an address that a station of the subnet can have. */
  #readWanted(text: string): string {
    const address = readAddress(text);
    if (address === null || address.prefixLength !== null) {
      throw new PortyardError("bad-request", `"${text}" is not an address.`, {
        path: "Address",
        value: text,
        remedy: "Ask for an address without prefix length, or for none.",
      });
    }
    if (!contains(this.#prefix, address)) throw this.#unusable("address-outside", address, `is not in ${this.subnet}`);
    const role = reservedRole(this.#prefix, address);
    if (role !== null) throw this.#unusable("address-reserved", address, `is the ${role} of ${this.subnet}`);
    return address.text;
  }

  #unusable(code: string, address: IpAddress, fault: string): PortyardError {
    return new PortyardError(code, `${formatAddress(address)} ${fault}.`, {
      path: "Address",
      value: formatAddress(address),
      remedy: `Ask for another address of ${this.subnet}.`,
    });
  }

  #exhausted(): PortyardError {
    const from = this.range ?? this.subnet;
    const larger =
      this.range === null ? "make the network anew with a larger subnet" : `ask for an address of ${this.subnet} outside of it`;
    return new PortyardError("pool-exhausted", `Pool ${this.id} has no address of ${from} left.`, {
      path: "PoolID",
      value: from,
      remedy: `Disconnect a container, or ${larger}.`,
    });
  }
}

function readMac(text: string): string {
  const mac = text.toLowerCase();
  if (MAC.test(mac)) return mac;
  throw new PortyardError("bad-request", `"${text}" is not a MAC address.`, {
    path: "Options",
    value: text,
    remedy: "Write six pairs of hexadecimal digits with colons, such as 02:42:0a:d2:00:02.",
  });
}
