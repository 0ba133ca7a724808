/** nft(8): commands in one transaction, and what stands in the kernel. */
import { PortyardError } from "../../bindings/error.ts";
import { isInstalled, runProgram } from "../../bindings/native/program.ts";
import type { NftCommand } from "./ruleset.ts";

/** nft opens /dev/stdin by its name, which works with a pipe and not with the socket that Node gives its children. */
const THROUGH_PIPE = "cat | nft -j -f -";

/** Carries out commands in one transaction: all or nothing.
 *  @throws PortyardError `nft-missing`, `no-rights`; `nft-failed` with nft's words. */
export async function runNft(commands: readonly NftCommand[]): Promise<void> {
  if (!isInstalled("nft")) throw nftMissing();
  const { status, stderr } = await runProgram("sh", ["-c", THROUGH_PIPE], JSON.stringify({ nftables: commands }));
  if (status !== 0) throw nftFailed(stderr);
}

/** The table as it stands, without what changes by itself (handles, counters, the order of sets); null when it is not there. Two texts are
 *  equal when the rules are. @throws PortyardError `nft-missing`. */
export async function readTable(name: string): Promise<string | null> {
  const { status, stdout } = await runProgram("nft", ["-j", "list", "table", "inet", name]);
  if (status === null) throw nftMissing();
  return status === 0 ? lastingOf(stdout) : null;
}

/** How `readTable` shows a table that these commands make: they are carried out in a network namespace of their own, where nobody else can
 *  change it between the making and the look, and which goes with the program. Null where none can be made. */
export async function showTable(name: string, commands: readonly NftCommand[]): Promise<string | null> {
  const script = `${THROUGH_PIPE} && nft -j list table inet ${name}`;
  const { status, stdout } = await runProgram("unshare", ["--net", "sh", "-c", script], JSON.stringify({ nftables: commands }));
  return status === 0 ? lastingOf(stdout) : null;
}

/** Elements of a set come in the order of a hash that every table has its own of. */
function lastingOf(listing: string): string {
  const { nftables } = JSON.parse(listing) as { nftables: Record<string, unknown>[] };
  const lasting = (key: string, value: unknown) => {
    if (key === "handle" || key === "counter") return undefined;
    if ((key === "elem" || key === "set") && Array.isArray(value)) return value.map((each) => JSON.stringify(each)).sort();
    return value;
  };
  return JSON.stringify(
    nftables.filter((object) => !("metainfo" in object)),
    lasting,
  );
}

export interface Chain {
  family: string;
  table: string;
  name: string;
  /** Of a chain that packets come to by themselves. */
  hook?: string;
  policy?: string;
}

/** Every chain that there is; none where nft is missing or may not look. */
export async function readChains(): Promise<Chain[]> {
  const { status, stdout } = await runProgram("nft", ["-j", "list", "chains"]);
  if (status !== 0) return [];
  const { nftables } = JSON.parse(stdout) as { nftables: { chain?: Chain }[] };
  return nftables.flatMap(({ chain }) => chain ?? []);
}

/** The error of a host without nft. */
export function nftMissing(): PortyardError {
  return new PortyardError("nft-missing", "The program nft (nftables), which a network with a gateway needs, is not installed.", {
    path: "nft",
    remedy: "Install it: `apt-get install nftables`, `dnf install nftables` or `apk add nftables`; or leave out `gateway`.",
  });
}

function nftFailed(stderr: string): PortyardError {
  const words = stderr.trim();
  if (/Operation not permitted/.test(words)) {
    return new PortyardError("no-rights", "This process may not set the rules of the host.", {
      path: "nft",
      value: words,
      remedy: "Run as root, or with the capability CAP_NET_ADMIN.",
    });
  }
  return new PortyardError("nft-failed", `nft refuses the rules: ${words}`, {
    path: "nft",
    value: words,
    remedy:
      "The kernel needs nf_tables with nat and conntrack (CONFIG_NFT_NAT, CONFIG_NFT_MASQ): `modprobe nft_masq` shows whether it has.",
  });
}
