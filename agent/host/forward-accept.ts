/** An accept in our table does not override another table's drop. Where the FORWARD chain of iptables drops, as Docker and ufw leave
 *  it, or where there is Docker's DOCKER-USER, which its rules begin with, two rules with our comment stand at the head of DOCKER-USER,
 *  else of FORWARD: what comes from a host port, and what goes to one. They let pass what our own table has judged.
 *
 *  iptables has two back ends with rules of their own, nf_tables and the older x_tables, each for IPv4 and IPv6. The older is asked
 *  only where its filter table exists already: asking makes it. */
import { readFileSync } from "node:fs";
import { HOST_PORT_PREFIX } from "../../bindings/config/host-port.ts";
import { PortyardError } from "../../bindings/error.ts";
import { isInstalled, runProgram } from "../../bindings/native/program.ts";
import { tableName } from "./ruleset.ts";

const ANY_HOST_PORT = `${HOST_PORT_PREFIX}+`;
const DIRECTIONS = ["-i", "-o"] as const;
/** Seconds to wait for another program that changes the rules. */
const WAIT_SECONDS = "5";

/** A program that shows and changes rules of one family in one back end. */
export interface Firewall {
  program: string;
  isLegacy: boolean;
}

/** Those that this host has. */
export async function findFirewalls(): Promise<Firewall[]> {
  const found = await Promise.all((["iptables", "ip6tables"] as const).map(ofFamily));
  return found.flat();
}

async function ofFamily(name: "iptables" | "ip6tables"): Promise<Firewall[]> {
  const nft = isInstalled(`${name}-nft`) ? `${name}-nft` : await plain(name, false);
  const legacy = !hasLegacyFilter(name) ? null : isInstalled(`${name}-legacy`) ? `${name}-legacy` : await plain(name, true);
  return [...(nft === null ? [] : [{ program: nft, isLegacy: false }]), ...(legacy === null ? [] : [{ program: legacy, isLegacy: true }])];
}

/** `name` itself, when it is of the wanted kind. */
async function plain(name: string, isLegacy: boolean): Promise<string | null> {
  const { status, stdout } = await runProgram(name, ["--version"]);
  return status === 0 && stdout.includes("nf_tables") !== isLegacy ? name : null;
}

/** Who may not read the list may not ask for the rules either. */
function hasLegacyFilter(name: "iptables" | "ip6tables"): boolean {
  const file = name === "iptables" ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names";
  try {
    return readFileSync(file, "utf8").split("\n").includes("filter");
  } catch {
    return false;
  }
}

/** What `iptables -S` says, as far as it is looked at. */
export interface ForwardRules {
  hasDockerUser: boolean;
  /** FORWARD's policy or one of its rules drops or rejects. */
  drops: boolean;
  /** Our rules, as the words behind -A. */
  ours: string[][];
}

/** Reads the output of `iptables -S`. */
export function readForwardRules(listing: string, instance: string): ForwardRules {
  const lines = listing.split("\n").map((line) => line.split(" ").map((word) => word.replaceAll('"', "")));
  const rules = lines.filter(([flag]) => flag === "-A");
  const isOurs = (words: string[]) => words[words.indexOf("--comment") + 1] === tableName(instance) && words.includes("--comment");
  const isDrop = (words: string[]) => words[1] === "FORWARD" && ["DROP", "REJECT"].includes(words[words.indexOf("-j") + 1] ?? "");
  return {
    hasDockerUser: lines.some(([flag, chain]) => flag === "-N" && chain === "DOCKER-USER"),
    drops: lines.some(([flag, chain, policy]) => flag === "-P" && chain === "FORWARD" && policy === "DROP") || rules.some(isDrop),
    ours: rules.filter(isOurs).map((words) => words.slice(1)),
  };
}

/** What must be done so that exactly our two rules stand where they are needed: arguments of iptables, in order.
 *  @param isWanted false: none is needed any more. */
export function planAccept({ hasDockerUser, drops, ours }: ForwardRules, instance: string, isWanted: boolean): string[][] {
  const chain = !isWanted ? null : hasDockerUser ? "DOCKER-USER" : drops ? "FORWARD" : null;
  const wanted = chain === null ? [] : DIRECTIONS.map((direction) => ruleIn(chain, direction, instance));
  const texts = wanted.map((rule) => rule.join(" "));
  const stays = ours.map((rule, index) => {
    const text = rule.join(" ");
    return texts.includes(text) && ours.findIndex((other) => other.join(" ") === text) === index;
  });
  const there = ours.filter((_, index) => stays[index]).map((rule) => rule.join(" "));
  return [
    ...ours.filter((_, index) => !stays[index]).map((rule) => ["-D", ...rule]),
    ...wanted.filter((rule) => !there.includes(rule.join(" "))).map(([name = "", ...rule]) => ["-I", name, "1", ...rule]),
  ];
}

function ruleIn(chain: string, direction: string, instance: string): string[] {
  return [chain, direction, ANY_HOST_PORT, "-m", "comment", "--comment", tableName(instance), "-j", "ACCEPT"];
}

/** Puts our rules where they are needed, or takes them away. Returns how many were changed.
 *  @throws PortyardError `iptables-failed` with the words of the program. */
export async function ensureAccept(firewall: Firewall, instance: string, isWanted: boolean): Promise<number> {
  const { program } = firewall;
  const { status, stdout } = await runProgram(program, ["-w", WAIT_SECONDS, "-S"]);
  if (status !== 0) return 0; // a kernel without this back end has no rules in it
  const steps = planAccept(readForwardRules(stdout, instance), instance, isWanted);
  for (const step of steps) await change(program, step);
  return steps.length;
}

async function change(program: string, args: string[]): Promise<void> {
  const { status, stderr } = await runProgram(program, ["-w", WAIT_SECONDS, ...args]);
  if (status === 0 || (args[0] === "-D" && /does a matching rule exist|Bad rule/.test(stderr))) return;
  throw new PortyardError("iptables-failed", `${program} ${args.join(" ")}: ${stderr.trim()}`, {
    path: program,
    value: stderr.trim(),
    remedy: `Look at the rules: ${program} -S.`,
  });
}
