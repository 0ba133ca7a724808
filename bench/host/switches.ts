/** The two ways to connect the container to the host: Portyard's agent in the host's namespace, as the command line starts it;
 *  and a Linux bridge with a veth pair, for which the very table of rules is loaded that Portyard made. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { onEnd } from "../support/cleanup.ts";
import type { Candidate } from "../support/comparison.ts";
import { deviceName, ipBatch } from "../support/namespace.ts";
import { projectRoot } from "../support/root.ts";
import { end, run, start } from "../support/shell.ts";
import { type BenchWorld, CONTAINER, GATEWAY, HOST_PORT, NETWORK, PUBLISHED, SUBNET, SUBNET_BITS } from "./world.ts";

/** A way to connect the container to the host. */
export interface HostSwitch extends Candidate {
  /** Connects the container. @returns how that is undone. */
  connect(world: BenchWorld): Promise<() => Promise<void>>;
}

const END_DEVICE = "eth0";
const READY_MS = 30_000;
const END_MS = 15_000;
const instance = `pyb-${process.pid}-host`;

function configFile(folder: string, container: string): string {
  const path = join(folder, "portyard.yaml");
  const tap = { namespace: container, interface: END_DEVICE, address: CONTAINER };
  const config = {
    name: instance,
    networks: [{ name: NETWORK, subnet: SUBNET, gateway: GATEWAY }],
    ports: [{ name: "container", network: NETWORK, tap, publish: [PUBLISHED] }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function portyard(name: string, about: string, options: readonly string[]): HostSwitch {
  return { name, about, connect: (world) => connectPortyard(world, options) };
}

async function connectPortyard({ host, container }: BenchWorld, options: readonly string[]): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "pyb-host-"));
  const command = [
    process.execPath,
    join(projectRoot, "scripts/portyard.mjs"),
    "up",
    "--config",
    configFile(folder, container.name),
    ...options,
  ];
  const child = start("ip", ["netns", "exec", host.name, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = onEnd("the agent", async () => {
    await end(child, END_MS);
    rmSync(folder, { recursive: true, force: true });
  });
  let words = "";
  child.stderr?.on("data", (text) => (words += text));
  const ready = new Promise<boolean>((resolve) => child.stdout?.on("data", (text) => String(text).includes("ready") && resolve(true)));
  const limit = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  const isReady = await Promise.race([ready, once(child, "exit").then(() => false)]);
  clearTimeout(limit);
  if (!isReady) throw new PortyardError("load-failed", `the agent did not come up: ${words.trim()}`);
  return stop;
}

/** The rules that Portyard makes of its host, as text for `nft -f`. */
export async function rulesOf(world: BenchWorld): Promise<string> {
  const stop = await connectPortyard(world, []);
  const rules = run("ip", ["netns", "exec", world.host.name, "nft", "list", "table", "inet", `portyard-${instance}`]);
  await stop();
  return rules;
}

/** @param rules as `rulesOf` gives them. */
export function bridge(rules: () => string): HostSwitch {
  return {
    name: "bridge",
    about: "Linux bridge + veth, with the nftables rules that Portyard makes",
    async connect({ host, container }) {
      const device = deviceName("c");
      ipBatch(
        [
          `link add ${HOST_PORT} type bridge`,
          `address add ${GATEWAY}/${SUBNET_BITS} dev ${HOST_PORT}`,
          `link set ${HOST_PORT} up`,
          `link add ${device} type veth peer name ${END_DEVICE} netns ${container.name}`,
          `link set ${device} master ${HOST_PORT} up`,
        ],
        host.name,
      );
      ipBatch(
        [`address add ${CONTAINER}/${SUBNET_BITS} dev ${END_DEVICE}`, `link set ${END_DEVICE} up`, `route add default via ${GATEWAY}`],
        container.name,
      );
      run("ip", ["netns", "exec", host.name, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
      run("ip", ["netns", "exec", host.name, "nft", "-f", "-"], { input: rules() });
      return async () => ipBatch([`link del ${device}`, `link del ${HOST_PORT}`], host.name);
    },
  };
}

export const PORTYARD: readonly HostSwitch[] = [
  portyard("uring", "Portyard, TAPs, io_uring", ["--io", "uring"]),
  portyard("uring-spin", "Portyard, TAPs, io_uring, spinning 50 us before it sleeps", ["--io", "uring", "--spin", "50"]),
];
