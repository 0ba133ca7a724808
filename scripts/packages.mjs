/** Programs that come from the system's packages: what needs which, and their installation on Debian and its kin. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { say } from "./support/root.mjs";

/** `command` is looked for in PATH and the folders of system administration; `package` names its Debian packages. */
export const programs = [
  { command: "ip", package: "iproute2", needs: ["start", "test", "bench"], use: "makes namespaces, devices, addresses and routes" },
  { command: "unshare", package: "util-linux", needs: ["start", "test"], use: "runs the demo without root" },
  { command: "nft", package: "nftables", needs: ["test", "bench"], use: "makes the rules of a host" },
  { command: "iptables", package: "iptables", needs: ["test"], use: "plays the host's own firewall" },
  { command: "conntrack", package: "conntrack", needs: ["test"], use: "forgets flows of published UDP ports" },
  { command: "ping", package: "iputils-ping", needs: ["test"], use: "asks the world outside" },
  { command: "tcpdump", package: "tcpdump", needs: ["test"], use: "captures what containers send and get" },
  { command: "tshark", package: "tshark", needs: ["test"], use: "opens the captures that are written" },
  { command: "setpriv", package: "util-linux", needs: ["test"], use: "runs a unit's command with the rights that the unit leaves" },
  { command: "systemd-analyze", package: "systemd", needs: ["test"], use: "looks for mistakes in the units" },
  { command: "dockerd", package: "docker.io", needs: ["test"], use: "runs the containers of the driver's tests" },
  { command: "docker-compose", package: "docker-compose", needs: ["test"], use: "starts the Compose example" },
  { command: "busybox", package: "busybox-static", needs: ["test"], use: "is the image of these containers" },
  { command: "tcpdump", package: "tcpdump", needs: ["bench"], use: "copies the captures whose replay is measured" },
  { command: "haproxy", package: "haproxy", needs: ["bench"], use: "balances beside services" },
  { command: "cc", package: "gcc libc6-dev", needs: ["bench"], use: "compiles the programs that are measured against" },
  { command: "cc", package: "gcc libc6-dev", needs: ["test"], use: "compiles the wall clock of tests in which it jumps" },
];

const ADMINISTRATION = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Programs of `programs` that `purpose` needs and that are not there. Windows and macOS need none: nothing runs natively. */
export function missingPrograms(purpose) {
  if (process.platform !== "linux") return [];
  return programs.filter((program) => program.needs.includes(purpose) && !find(program.command));
}

/** Names what is missing and installs it where that can be done: on Debian, as root, unless `install` is false.
 *  What is missing after that is not an error here: whatever needs it says so. */
export function ensurePrograms(purpose, install) {
  const missing = missingPrograms(purpose);
  if (missing.length === 0) return;
  for (const { command, package: name, use } of missing) say(`missing: ${command} (package ${name}), which ${use}`);
  const names = missing.flatMap((program) => program.package.split(" "));
  if (!install) return;
  if (!existsSync("/usr/bin/apt-get")) return say(`install with this system's package manager: ${names.join(" ")}`);
  if (process.getuid() !== 0) return say(`install with: sudo apt-get install ${names.join(" ")}`);
  say(`installing: ${names.join(" ")}`);
  if (!aptGet(["install", "-y", "--no-install-recommends", ...names])) {
    aptGet(["update"]);
    if (!aptGet(["install", "-y", "--no-install-recommends", ...names])) say("apt-get failed: its words stand above");
  }
}

function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", ["-q", ...args], { stdio: ["ignore", 2, 2], env }).status === 0;
}

function find(command) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...ADMINISTRATION];
  return folders.find((folder) => isExecutable(join(folder, command))) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
