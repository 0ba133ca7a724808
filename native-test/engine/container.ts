/** A container of native tests: a network namespace, its addresses, and a station in it that is started when it is needed. */
import { makeNamespace, type TestNamespace } from "../support/namespace.ts";
import { Station } from "./station.ts";

export class Container {
  readonly namespace: TestNamespace;
  readonly ipv4: string;
  readonly ipv6: string;
  private started: Station | null = null;

  /** Makes the namespace `c`NUMBER (1 and up); not attached yet. */
  constructor(number: number) {
    this.namespace = makeNamespace(`c${number}`);
    this.ipv4 = `10.77.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    this.ipv6 = `fd77::${number.toString(16)}`;
  }

  get station(): Station {
    this.started ??= new Station(this.namespace);
    return this.started;
  }

  async remove(): Promise<void> {
    await this.started?.end();
    this.namespace.remove();
  }
}
