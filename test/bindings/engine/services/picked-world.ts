/** The world in which services change while a worker picks: service N has the virtual address 10.77.0.N, and backends 10.77.N.x. */
import * as field from "../../../../assembly/abi/address.ts";
import * as endpoint from "../../../../assembly/abi/endpoint.ts";
import { ADDRESS_PROBES, ENDPOINT_SLOTS } from "../../../../assembly/abi/limits.ts";
import * as map from "../../../../assembly/abi/memory-map.ts";
import type { Tables } from "../../../../bindings/tables/tables.ts";

const SERVICES = 6;

export const virtualOf = (service: number): string => `10.77.0.${service}`;
export const backendAt = (service: number, number: number): string => `10.77.${service}.${number}`;
/** The service that a backend's address belongs to. */
export const ownerOf = (address: string): number => Number(address.split(".")[2]);

/** Finds services by their virtual addresses as often as the hot path does: places that it has looked at before it looks at first. */
export class EndpointFinder {
  readonly services = SERVICES;
  readonly #tables: Tables;
  readonly #network: number;
  readonly #places = new Map<number, number>();

  constructor(tables: Tables, network: number) {
    this.#tables = tables;
    this.#network = network;
  }

  /** Index of the service in the service table; 0: nobody answers for its address. */
  serviceOf(service: number): number {
    const known = this.#places.get(service);
    if (known !== undefined && this.#isOf(known, service)) return this.#tables.load32(known + endpoint.SERVICE);
    const first = this.#tables.load32(map.HEAD_ENDPOINTS);
    for (let place = 0; place < ENDPOINT_SLOTS + ADDRESS_PROBES; place++) {
      const at = first + place * map.ENDPOINT_BYTES;
      if (!this.#isOf(at, service)) continue;
      this.#places.set(service, at);
      return this.#tables.load32(at + endpoint.SERVICE);
    }
    return 0;
  }

  #isOf(at: number, service: number): boolean {
    if (this.#tables.load32(at + field.STATE) !== field.STATE_BOUND) return false;
    if (this.#tables.load32(at + field.NETWORK) !== this.#network) return false;
    const [a, b, c, d] = this.#tables.bytes.subarray(at + field.ADDRESS, at + field.ADDRESS + 4);
    return a === 10 && b === 77 && c === 0 && d === service;
  }
}
