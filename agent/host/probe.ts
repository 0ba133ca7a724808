/** What stands in the way of containers that want out by this host: `portyard doctor` shows it. Facts are gathered first and judged
 *  then. Nothing here changes anything, and nothing throws. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProbeResult } from "../../bindings/ports/probe.ts";
import { RUN_ROOT } from "../place.ts";
import { findFirewalls, type ForwardRules, readForwardRules } from "./forward-accept.ts";
import { FAMILIES, Forwarding, type ForwardingFamily, SETTINGS_ROOT } from "./forwarding.ts";
import { Ledger, ledgerPath } from "./ledger.ts";
import { type Chain, readChains } from "./nft.ts";
import { runProgram } from "../../bindings/native/program.ts";

const NAMES: Record<ForwardingFamily, string> = { ipv4: "IPv4", ipv6: "IPv6" };
const OWN_TABLE = /^portyard-/;
const UFW_SETTINGS = "/etc/ufw/ufw.conf";

export interface HostFacts {
  /** Families that the kernel has, with their forwarding, and the instances for which it was turned on. */
  forwarding: { family: ForwardingFamily; isOn: boolean; isWritable: boolean; users: string[] }[];
  /** Interfaces of devices of their own, and whether they ignore the router advertisements that they were told to believe. */
  advertisements: { interface: string; isIgnored: boolean }[];
  /** What iptables shows, by program. */
  firewalls: { program: string; rules: ForwardRules }[];
  /** Chains of nftables, those of iptables' newer back end among them. */
  chains: Chain[];
  isUfwOn: boolean;
}

/** The verdicts on this host. */
export async function probeWayOut(): Promise<ProbeResult[]> {
  return judgeHost(await gatherFacts());
}

async function gatherFacts(): Promise<HostFacts> {
  const forwarding = new Forwarding();
  const ledger = new Ledger(ledgerPath(RUN_ROOT), forwarding);
  return {
    forwarding: FAMILIES.filter((family) => forwarding.exists(family)).map((family) => ({
      family,
      isOn: forwarding.isOn(family),
      users: ledger.users(family),
      isWritable: isWritable(join(SETTINGS_ROOT, family === "ipv4" ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding")),
    })),
    advertisements: advertisements(),
    firewalls: await Promise.all((await findFirewalls()).map(readFirewall)),
    chains: await readChains(),
    isUfwOn: read(UFW_SETTINGS).split("\n").includes("ENABLED=yes"),
  };
}

async function readFirewall({ program }: { program: string }): Promise<HostFacts["firewalls"][number]> {
  const { status, stdout } = await runProgram(program, ["-S"]);
  return { program, rules: readForwardRules(status === 0 ? stdout : "", "") };
}

function advertisements(): HostFacts["advertisements"] {
  const folder = join(SETTINGS_ROOT, "ipv6/conf");
  const interfaces = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(`/sys/class/net/${name}/device`)) : [];
  const setting = (name: string, key: string) => read(join(folder, name, key)).trim();
  return interfaces
    .filter((name) => setting(name, "accept_ra") !== "0")
    .map((name) => ({ interface: name, isIgnored: setting(name, "accept_ra") === "1" && setting(name, "forwarding") === "1" }));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A verdict on each thing that may stand in the way. */
export function judgeHost(facts: HostFacts): ProbeResult[] {
  return [judgeForwarding(facts), judgeAdvertisements(facts), judgeForwardChains(facts), judgeFirewalld(facts), judgeUfw(facts)];
}

function ok(name: string, detail: string): ProbeResult {
  return { name, state: "ok", detail, remedy: null };
}

function limited(name: string, detail: string, remedy: string): ProbeResult {
  return { name, state: "limited", detail, remedy };
}

function judgeForwarding({ forwarding }: HostFacts): ProbeResult {
  const name = "ip-forwarding";
  const closed = forwarding.filter(({ isOn, isWritable }) => !isOn && !isWritable).map(({ family }) => family);
  const words = forwarding.map(({ family, isOn, users }) => {
    if (users.length > 0 && isOn) return `${NAMES[family]} on for ${users.join(", ")}, off before`;
    return `${NAMES[family]} ${isOn ? "on" : "off, turned on while a network has a gateway"}`;
  });
  if (closed.length === 0) return ok(name, words.join("; ") || "the kernel has none");
  const settings = closed.map((family) => (family === "ipv4" ? "net.ipv4.ip_forward=1" : "net.ipv6.conf.all.forwarding=1"));
  const detail = `${closed.map((family) => NAMES[family]).join(" and ")} off, and it cannot be turned on from here`;
  return limited(
    name,
    detail,
    `Run as root: sysctl -w ${settings.join(" ")}; for a container: docker run --sysctl ${settings.join(" --sysctl ")}.`,
  );
}

function judgeAdvertisements({ advertisements: all }: HostFacts): ProbeResult {
  const name = "router-advertisements";
  const ignored = all.filter(({ isIgnored }) => isIgnored).map((one) => one.interface);
  if (ignored.length > 0) {
    const detail = `${ignored.join(", ")}: ignored, because IPv6 forwarding is on and accept_ra is 1`;
    return limited(name, detail, `sysctl -w ${ignored.map((device) => `net.ipv6.conf.${device}.accept_ra=2`).join(" ")}`);
  }
  const believed = all.map((one) => one.interface);
  return ok(name, believed.length === 0 ? "no interface believes any" : `${believed.join(", ")}: believed, also while IPv6 is forwarded`);
}

/** Chains of nftables that forwarded packets pass and that end with a drop; those of iptables have their own words. */
function droppingChains({ chains }: HostFacts): Chain[] {
  const drops = chains.filter(({ hook, policy, table }) => hook === "forward" && policy === "drop" && !OWN_TABLE.test(table));
  return drops.filter((chain) => !isOfIptables(chain));
}

function isOfIptables({ family, table, name }: Chain): boolean {
  return (family === "ip" || family === "ip6") && table === "filter" && name === "FORWARD";
}

function judgeForwardChains(facts: HostFacts): ProbeResult {
  const name = "forward-chains";
  const drops = droppingChains(facts);
  if (drops.length > 0) {
    const places = drops.map(({ family, table, name: chain }) => `${family} ${table} ${chain}`);
    const rules = places.flatMap((place) => ["iifname", "oifname"].map((key) => `nft insert rule ${place} ${key} '"py-*"' accept`));
    return limited(name, `dropped by ${places.join(", ")}: an accept in Portyard's table does not override that`, rules.join("; "));
  }
  const unreachable = facts.chains.some((chain) => isOfIptables(chain) && chain.policy === "drop") && facts.firewalls.length === 0;
  if (unreachable) return limited(name, "iptables' FORWARD chain drops, and iptables is not installed", "Install the package iptables.");
  const closed = facts.firewalls.filter(({ rules }) => rules.hasDockerUser || rules.drops);
  if (closed.length === 0) return ok(name, "none drops");
  const words = closed.map(({ program, rules }) => `${program} ${rules.hasDockerUser ? "DOCKER-USER" : "FORWARD"}`);
  return ok(name, `accept rules for host ports are put at the head of ${words.join(", ")}`);
}

function judgeFirewalld({ chains }: HostFacts): ProbeResult {
  const name = "firewalld";
  if (!chains.some(({ table }) => table === "firewalld")) return ok(name, "not running");
  const remedy = "For each network: firewall-cmd --permanent --zone=trusted --add-interface=py-NETWORK && firewall-cmd --reload";
  return limited(name, "running: it rejects what comes from an interface that is in no zone that lets it pass", remedy);
}

function judgeUfw({ isUfwOn, chains }: HostFacts): ProbeResult {
  const name = "ufw";
  if (!isUfwOn && !chains.some(({ name: chain }) => /^ufw6?-before-forward$/.test(chain))) return ok(name, "off");
  const detail = "on: containers get out, but do not reach the host's own services";
  return limited(name, detail, "If they should, for each network: ufw allow in on py-NETWORK");
}
