/** A service as its engine knows it, and its records in the service table. */
import type { ServiceConfig } from "../config/types.ts";
import { readAddress } from "../config/ip-address.ts";
import { virtualMac } from "../config/mac-address.ts";
import type { BalancedService, Place } from "../service/balanced-service.ts";
import type { Group } from "../service/treatments.ts";
import * as table from "../tables/service-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { NetworkEntry } from "./networks.ts";

/** A record of the service table that is this service's. */
export interface ServicePlace extends Place {
  /** The virtual address; null in the record of all backends. */
  address: string | null;
}

export interface ServiceEntry {
  config: ServiceConfig;
  network: NetworkEntry;
  balanced: BalancedService;
  places: readonly ServicePlace[];
}

/** What records a service has: one for each virtual address, and one for all of its backends where no other has all of them. */
export function familiesOf({ addresses, backends }: ServiceConfig): { family: Group; address: string | null }[] {
  const virtual = addresses.map((address) => ({ family: readAddress(address)!.family, address }));
  const [first] = virtual;
  const isWhole = virtual.length === 1 && backends.every(({ address }) => readAddress(address)?.family === first?.family);
  return isWhole ? virtual : [...virtual, { family: null, address: null }];
}

/** The record of all backends. */
export function wholeOf({ places }: ServiceEntry): ServicePlace {
  return places.find(({ family }) => family === null) ?? (places[0] as ServicePlace);
}

/** Writes who a service is, where nobody looks. */
export function identify(tables: Tables, { service, address }: ServicePlace, { name }: ServiceConfig, network: NetworkEntry): void {
  const mac = address === null ? null : virtualMac(network.config.name, address);
  table.identifyService(tables, service, { name, network: network.index, address }, mac);
}
