/** What the native tests must leave as it was: the host's devices, namespaces, rules, settings, shared files and processes.
 *  Each part is a set of lines; a line that came or went is named. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FORWARDER = /portyard-(forwarder|standby)/;
/** Settings that forwarding for containers touches; those of a device come and go with it and are seen there. */
const SETTINGS = ["forwarding", "accept_ra", "rp_filter", "send_redirects", "route_localnet", "arp_ignore", "disable_ipv6", "proxy_arp"];

/** Lines of every part, by its name. Empty on systems other than Linux. */
export function hostState() {
  if (process.platform !== "linux") return {};
  return {
    "network device": devices(),
    "network namespace": lines("ip", ["netns", "list"]).map((line) => line.split(" ")[0]),
    route: [...lines("ip", ["route"]), ...lines("ip", ["-6", "route"])].map((line) => line.replace(/ expires \S+/, "").trim()),
    "nftables rule": lines("nft", ["-s", "list", "ruleset"]),
    setting: settings(),
    "shared memory file": entries("/dev/shm"),
    "run file": [...entries("/run/portyard"), ...entries("/run/netns")],
    "state folder": entries("/var/lib/portyard"),
    process: forwarders(),
  };
}

/** One sentence for each difference between two states; none when they are equal. */
export function differences(before, after) {
  return Object.keys(before).flatMap((part) => {
    const came = after[part].filter((line) => !before[part].includes(line));
    const went = before[part].filter((line) => !after[part].includes(line));
    return [...came.map((line) => `${part} left behind: ${line}`), ...went.map((line) => `${part} lost: ${line}`)];
  });
}

function devices() {
  const { stdout } = spawnSync("ip", ["-j", "-d", "link"], { encoding: "utf8" });
  const links = stdout ? JSON.parse(stdout) : [];
  return links.map((link) => `${link.ifname} mtu ${link.mtu} ${link.address ?? ""} ${flagsOf(link)} promiscuity ${link.promiscuity ?? 0}`);
}

function flagsOf({ flags }) {
  return flags.filter((flag) => flag === "UP" || flag === "PROMISC" || flag === "NOARP").join(",");
}

function settings() {
  const global = ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/tcp_tw_reuse"];
  const ofDevices = ["ipv4", "ipv6"].flatMap((family) => {
    const folder = `/proc/sys/net/${family}/conf`;
    return entries(folder).flatMap((device) => SETTINGS.map((name) => join(folder, device, name)));
  });
  const files = [...global, ...ofDevices].filter((file) => existsSync(file));
  return files.map((file) => `${file.slice("/proc/sys/".length).replaceAll("/", ".")} = ${readFileSync(file, "utf8").trim()}`);
}

function forwarders() {
  const processes = entries("/proc").filter((name) => /^\d+$/.test(name));
  return processes.filter((pid) => FORWARDER.test(commandLine(pid))).map((pid) => `forwarder (pid ${pid})`);
}

/** Empty when the process has ended meanwhile. */
function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function entries(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function lines(command, args) {
  const { stdout } = spawnSync(command, args, { encoding: "utf8" });
  return (stdout ?? "").split("\n").filter((line) => line !== "");
}
