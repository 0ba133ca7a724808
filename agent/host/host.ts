/** What an agent does to its host for networks with gateways: rules, forwarding, and that both stay as long as they are needed.
 *
 *      update   how forwarding is, is written down -> table of rules, in one step -> forwarding on -> accept rules -> watch
 *      close    watch ends -> accept rules away -> forwarding as it was -> table away
 *      leave    the watch ends, all else stays for the next agent of this name
 *
 *  The table stands before anything is forwarded and goes after that has ended. Changes come one after another, also those by the
 *  watch. An agent without such networks does none of this. */
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { NetworkConfig } from "../../bindings/config/types.ts";
import type { Log } from "../log.ts";
import type { Place } from "../place.ts";
import { ensureAccept, type Firewall, findFirewalls } from "./forward-accept.ts";
import { FAMILIES, Forwarding, type ForwardingFamily } from "./forwarding.ts";
import { type HostNetwork, hostNetworks } from "./host-network.ts";
import { Ledger, ledgerPath } from "./ledger.ts";
import { readTable, runNft, showTable } from "./nft.ts";
import { type ExtraRules, type NftCommand, NO_RULES, removalOf, rulesetOf, type Strangers, tableName } from "./ruleset.ts";
import { forgetUnanswered } from "./stray-flows.ts";
import { RuleWatch } from "./watch.ts";

/** What the rest of an agent asks of its host. */
export interface HostLike {
  /** Makes the host as `networks` need it; those without gateways count for nothing. @throws PortyardError `nft-missing`, `nft-failed`,
   *  `iptables-failed`, `setting-refused`, `no-rights`; then as much as possible is as it was. */
  update(networks: Iterable<NetworkConfig>): Promise<void>;
  /** Replaces the rules of published ports. @throws PortyardError as `update`. */
  publish(rules: ExtraRules): Promise<void>;
  /** `listener` is called whenever rules that somebody took away stand again. */
  onPutBack(listener: () => Promise<void>): void;
  leave(): Promise<void>;
  close(): Promise<void>;
}

export class Host implements HostLike {
  readonly #instance: string;
  readonly #log: Log;
  readonly #forwarding = new Forwarding();
  readonly #ledger: Ledger;
  #networks: HostNetwork[] = [];
  #extra: ExtraRules = NO_RULES;
  #strangers: Strangers = { ipv4: [], ipv6: [] };
  /** The table as it was made; null while there is none. */
  #table: NftCommand[] | null = null;
  /** How the kernel shows that; null until somebody wants to know. */
  #shown: string | null = null;
  #putBack: () => Promise<void> = async () => {};
  #firewalls: Firewall[] = [];
  #watch: RuleWatch | null = null;
  /** Something may have been done to the host. */
  #isMade: boolean;
  #last: Promise<unknown> = Promise.resolve();

  /** @param isMade an agent before this one did something already. */
  constructor({ name, runDirectory }: Place, log: Log, isMade = false) {
    this.#isMade = isMade;
    this.#instance = name;
    this.#log = log;
    this.#ledger = new Ledger(ledgerPath(dirname(runDirectory)), this.#forwarding);
  }

  update(networks: Iterable<NetworkConfig>): Promise<void> {
    return this.#inTurn(async () => {
      const [before, wanted] = [this.#networks, hostNetworks(networks)];
      if (wanted.length === 0 && !this.#isMade) return;
      try {
        await this.#make(wanted);
      } catch (error) {
        await this.#make(before).catch((err) => this.#log.error({ err }, "the rules of the host could not be put back"));
        throw error;
      }
    });
  }

  publish(rules: ExtraRules): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#extra;
      this.#extra = rules;
      if (this.#table === null) return;
      try {
        await this.#makeTable();
      } catch (error) {
        this.#extra = before;
        throw error;
      }
    });
  }

  onPutBack(listener: () => Promise<void>): void {
    this.#putBack = listener;
  }

  async leave(): Promise<void> {
    await this.#endWatch();
    await this.#inTurn(async () => {});
  }

  async close(): Promise<void> {
    await this.#endWatch();
    await this.#inTurn(() => this.#remove());
  }

  async #make(networks: HostNetwork[]): Promise<void> {
    this.#networks = networks;
    if (networks.length === 0) {
      void this.#endWatch(); // a look that is due waits for this change
      return this.#remove();
    }
    this.#isMade = true;
    const families = forwardingFamilies(networks, this.#forwarding);
    this.#strangers = await this.#ledger.acquire(this.#instance, families);
    await this.#makeTable();
    for (const family of families) this.#forwarding.turnOn(family);
    await this.#ledger.release(
      this.#instance,
      FAMILIES.filter((family) => !families.includes(family)),
    );
    await this.#accept();
    this.#watch ??= new RuleWatch({
      look: () => this.#inTurn(() => this.#look()),
      seesAll: () => this.#firewalls.every(({ isLegacy }) => !isLegacy),
    });
  }

  async #makeTable(): Promise<void> {
    const commands = rulesetOf({ instance: this.#instance, networks: this.#networks, strangers: this.#strangers, extra: this.#extra });
    await runNft(commands);
    if (!isDeepStrictEqual(commands, this.#table)) this.#shown = null;
    this.#table = commands;
  }

  /** Returns how many rules were put in or taken out. */
  async #accept(): Promise<number> {
    this.#firewalls = await findFirewalls();
    const isWanted = this.#networks.some(({ internal }) => !internal);
    let changes = 0;
    for (const firewall of this.#firewalls) changes += await ensureAccept(firewall, this.#instance, isWanted);
    return changes;
  }

  /** Puts back what somebody took away or changed. Returns whether there was anything. */
  async #look(): Promise<boolean> {
    if (this.#watch === null || this.#table === null) return false;
    try {
      const isAsMade = await this.#isAsMade(this.#table);
      if (!isAsMade) {
        await this.#makeTable();
        this.#log.warn({ table: tableName(this.#instance) }, "rules of the host were changed by somebody else: they are put back");
        await forgetUnanswered(this.#networks);
        await this.#putBack();
      }
      const changes = await this.#accept();
      if (changes > 0) this.#log.info({ rules: changes }, "accept rules of the FORWARD chain were adapted");
      return !isAsMade || changes > 0;
    } catch (err) {
      this.#log.error({ err }, "the rules of the host could not be put back");
      return true;
    }
  }

  /** Where there is no namespace to try it in, what stands at the first look counts for what was made. */
  async #isAsMade(commands: readonly NftCommand[]): Promise<boolean> {
    const name = tableName(this.#instance);
    this.#shown ??= await showTable(name, commands);
    const actual = await readTable(name);
    this.#shown ??= actual;
    return actual !== null && actual === this.#shown;
  }

  async #endWatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.stop();
  }

  async #remove(): Promise<void> {
    if (!this.#isMade) return;
    this.#table = null;
    await removeFromHost(this.#instance, this.#ledger);
    this.#isMade = false;
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Families in which a network has a way out. */
function forwardingFamilies(networks: readonly HostNetwork[], forwarding: Forwarding): ForwardingFamily[] {
  const gateways = networks.filter(({ internal }) => !internal).flatMap((network) => network.gateways);
  const isUsed = (family: ForwardingFamily) => gateways.some((gateway) => gateway.includes(":") === (family === "ipv6"));
  return FAMILIES.filter((family) => isUsed(family) && forwarding.exists(family));
}

async function removeFromHost(instance: string, ledger: Ledger): Promise<void> {
  for (const firewall of await findFirewalls()) await ensureAccept(firewall, instance, false);
  await ledger.release(instance);
  await runNft(removalOf(instance));
}

/** Removes what a dead agent of `place` did to its host. Returns true when there was something.
 *  @throws PortyardError `nft-missing`, `nft-failed`, `iptables-failed`, `setting-refused`, `no-rights`. */
export async function cleanHost({ name, runDirectory }: Place): Promise<boolean> {
  const ledger = new Ledger(ledgerPath(dirname(runDirectory)), new Forwarding());
  const isThere = (await readTable(tableName(name)).catch(() => null)) !== null;
  if (!isThere && !ledger.knows(name)) return false;
  await removeFromHost(name, ledger);
  return true;
}
