/** A container of native tests: a network namespace, its addresses, and a station in it that is started when it is needed. */
import { writeFileSync } from "node:fs";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { makeNamespace, type TestNamespace } from "../support/namespace.ts";
import { Station } from "./station.ts";

function acceptAddressesAtOnce(): void {
  for (const scope of ["all", "default"]) writeFileSync(`/proc/sys/net/ipv6/conf/${scope}/accept_dad`, "0");
}

export class Container {
  readonly namespace: TestNamespace;
  readonly ipv4: string;
  readonly ipv6: string;
  private started: Station | null = null;

  /** Makes the namespace `c`NUMBER (1 and up); not attached yet.
   *  @param detectsDuplicates IPv6 addresses are usable only after a second or two of duplicate address detection. */
  constructor(number: number, detectsDuplicates = false) {
    this.namespace = makeNamespace(`c${number}`);
    if (!detectsDuplicates) withNamespace(this.namespace.path, acceptAddressesAtOnce);
    this.ipv4 = `10.77.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    this.ipv6 = `fd77::${number.toString(16)}`;
  }

  get station(): Station {
    this.started ??= new Station(this.namespace.name);
    return this.started;
  }

  /** Kills the station outright; the next one is another process. */
  async kill(): Promise<void> {
    const station = this.started;
    this.started = null;
    await station?.kill();
  }

  async remove(): Promise<void> {
    await this.started?.end();
    this.namespace.remove();
  }
}
