/** The services that a predecessor left in the tables. One that is asked for again, by name and network, goes on with its records: flows keep their
 *  backends, schedules their turns. One that nobody asks for goes when the engine settles. */
import { MAX_BACKENDS, MAX_SERVICES } from "../../assembly/abi/limits.ts";
import type { Family } from "../config/ip-address.ts";
import { readAddress } from "../config/ip-address.ts";
import type { BackendNumbers } from "../service/backend-numbers.ts";
import type { SlateRoom } from "../service/slates.ts";
import * as backends from "../tables/backend-table.ts";
import { type EndpointRecord, endpoints } from "../tables/endpoint-table.ts";
import * as table from "../tables/service-table.ts";
import type { Tables } from "../tables/tables.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Numbers } from "./numbers.ts";
import type { ServicePlace } from "./service-entry.ts";

/** A service of the tables. */
export interface LeftService {
  name: string;
  /** Index of its network. */
  network: number;
  places: ServicePlace[];
  /** Those that something may begin with. */
  backends: backends.BackendRecord[];
}

export interface LeftParts {
  tables: Tables;
  numbers: Numbers;
  backendNumbers: BackendNumbers;
  room: SlateRoom;
  endpoints: Endpoints;
}

export class LeftServices {
  /** By name. */
  private readonly byName = new Map<string, LeftService>();
  private readonly byRecord = new Map<number, LeftService>();

  /** Enters what stands in the tables, and takes its numbers. What a predecessor had half made, or half removed, is to be freed.
   *  @returns records of services that are to be ended. */
  begin({ tables, numbers, backendNumbers, room, endpoints: kept }: LeftParts): number[] {
    const broken = this.readServices(tables, numbers, room);
    const found = [...endpoints(tables)];
    const chained = new Set(found.flatMap((endpoint) => endpoint.backends));
    const written = Array.from({ length: MAX_BACKENDS }, (_, index) => index).filter((index) => backends.isWritten(tables, index));
    backendNumbers.reserve(new Set(written));
    for (const index of written) backends.dropPicks(tables, index);
    const known = new Set(written.filter((index) => chained.has(index) && this.enterBackend(backends.readBackend(tables, index))));
    kept.begin(found.map((endpoint) => this.known(endpoint, known)));
    for (const index of written) if (!known.has(index)) this.leave(tables, backendNumbers, kept, index);
    kept.tidy();
    return broken;
  }

  private readServices(tables: Tables, numbers: Numbers, room: SlateRoom): number[] {
    const broken: number[] = [];
    for (let service = 1; service < MAX_SERVICES; service++) {
      if (table.serviceName(tables, service) === "") continue;
      numbers.reserve(service);
      const record = table.readService(tables, service);
      const slate = table.slatePlace(tables, service);
      if (record === null) broken.push(service);
      else this.enter(service, record);
      if (record !== null && slate !== null) room.reserve(slate.at, slate.bytes);
    }
    return broken;
  }

  private enter(service: number, { name, network, address }: table.ServiceRecord): void {
    const left = this.byName.get(name) ?? { name, network, places: [], backends: [] };
    const family: Family | null = address === null ? null : readAddress(address)!.family;
    left.places.push({ service, family, address });
    this.byName.set(name, left);
    this.byRecord.set(service, left);
  }

  private enterBackend(record: backends.BackendRecord | null): boolean {
    const left = this.byRecord.get(record?.service ?? 0);
    if (record === null || left === undefined) return false;
    left.backends.push(record);
    return true;
  }

  /** One that is not chained is gone, and waits for the end of its flows; that of nobody has none. */
  private leave(tables: Tables, numbers: BackendNumbers, kept: Endpoints, index: number): void {
    const record = backends.readBackend(tables, index);
    const left = this.byRecord.get(record?.service ?? 0);
    numbers.leave(index, left?.network ?? 0);
    if (record === null || left === undefined) backends.keepPicks(tables, index);
    else kept.retireBackend(left.network, record.address, index);
  }

  /** Without what belongs to nobody. */
  private known(endpoint: EndpointRecord, known: ReadonlySet<number>): EndpointRecord {
    const own = this.byRecord.get(endpoint.service);
    const isOwn =
      own?.network === endpoint.network &&
      own.places.some(({ service, address }) => service === endpoint.service && address === endpoint.address);
    return { ...endpoint, service: isOwn ? endpoint.service : 0, backends: endpoint.backends.filter((index) => known.has(index)) };
  }

  get(name: string): LeftService | null {
    return this.byName.get(name) ?? null;
  }
  /** The one that has a record. */
  at(service: number): LeftService | null {
    return this.byRecord.get(service) ?? null;
  }
  all(): LeftService[] {
    return [...this.byName.values()];
  }

  /** It is asked for, or goes. */
  take(left: LeftService): void {
    this.byName.delete(left.name);
    for (const { service } of left.places) this.byRecord.delete(service);
  }
}
