/** Open vSwitch in user space (datapath type netdev), with a database, sockets and logs of its own in a temporary folder, so
 *  that an Open vSwitch that serves the machine is not touched; it runs in a namespace of its own, with which its devices
 *  go. Two kinds of ports: the ends of veth pairs with TCP segmentation offload on, and taps, which it opens there and which
 *  are then moved to the containers. */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { onEnd } from "../support/cleanup.ts";
import { deviceName, makeNamespace } from "../support/namespace.ts";
import { end, isInstalled, run, start } from "../support/shell.ts";
import { waitUntil } from "../support/wait.ts";
import { connectByVeth, makeEnds, moveTaps, running, tapName } from "./ends.ts";
import type { RunningSwitch, SwitchUnderTest } from "./types.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const START_MS = 10000;

export const openVswitchVeth: SwitchUnderTest = {
  name: "ovs-veth",
  about: "Open vSwitch user space, veth with TSO",
  missing: missingPrograms,
  async start(): Promise<RunningSwitch> {
    const ends = makeEnds();
    const middle = makeNamespace("s");
    const devices = [ends.a, ends.b].map((one) => connectByVeth(one, middle.name));
    const daemon = await Daemon.start(middle.name, true);
    daemon.addBridge(devices, "system");
    return running(ends, async () => {
      await daemon.stop();
      await middle.remove();
    });
  },
};

export const openVswitchTap: SwitchUnderTest = {
  name: "ovs-tap",
  about: "Open vSwitch user space, tap",
  missing: missingPrograms,
  async start(): Promise<RunningSwitch> {
    const ends = makeEnds();
    const middle = makeNamespace("s");
    const daemon = await Daemon.start(middle.name, false);
    const devices = [ends.a, ends.b].map(tapName);
    daemon.addBridge(devices, "tap");
    moveTaps(ends, middle.name);
    return running(ends, async () => {
      await daemon.stop();
      await middle.remove();
    });
  },
};

function missingPrograms(): string | null {
  const absent = ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl"].filter((program) => !isInstalled(program));
  if (absent.length > 0) return `${absent.join(", ")} not installed (Debian: openvswitch-switch)`;
  return existsSync(SCHEMA) ? null : `${SCHEMA} is not there`;
}

class Daemon {
  private readonly folder = mkdtempSync(join(tmpdir(), "pyb-ovs-"));
  private readonly environment = { ...process.env, OVS_RUNDIR: this.folder, OVS_DBDIR: this.folder, OVS_LOGDIR: this.folder };
  private readonly database = `unix:${join(this.folder, "db.sock")}`;
  private readonly children: ChildProcess[] = [];
  readonly stop = onEnd("Open vSwitch", () => this.remove());

  static async start(namespace: string, segmentation: boolean): Promise<Daemon> {
    const daemon = new Daemon();
    run("ovsdb-tool", ["create", join(daemon.folder, "conf.db"), SCHEMA]);
    daemon.spawn("ovsdb-server", [join(daemon.folder, "conf.db"), `--remote=p${daemon.database}`]);
    await waitUntil("ovsdb-server to listen", START_MS, () => existsSync(join(daemon.folder, "db.sock")));
    daemon.control(["--no-wait", "init"]);
    if (segmentation) daemon.control(["--no-wait", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable=true"]);
    daemon.spawn("ip", ["netns", "exec", namespace, "ovs-vswitchd", daemon.database, "--pidfile"]);
    await waitUntil("ovs-vswitchd to start", START_MS, () => existsSync(join(daemon.folder, "ovs-vswitchd.pid")));
    return daemon;
  }

  /** A bridge with these ports; vsctl waits until the daemon has taken them into service. */
  addBridge(devices: readonly string[], type: "system" | "tap"): void {
    const name = deviceName("s");
    const ports = devices.flatMap((device) => ["--", "add-port", name, device, "--", "set", "Interface", device, `type=${type}`]);
    this.control(["add-br", name, "--", "set", "Bridge", name, "datapath_type=netdev", "fail_mode=standalone", ...ports]);
    if (devices.some((device) => !this.opened(device)))
      throw new PortyardError("load-failed", `Open vSwitch did not open ${devices.join(", ")}`);
  }

  private opened(device: string): boolean {
    return Number(this.control(["get", "Interface", device, "ofport"]).trim()) > 0;
  }

  private control(args: readonly string[]): string {
    return run("ovs-vsctl", [`--db=${this.database}`, "--timeout=10", ...args], { env: this.environment });
  }

  private spawn(program: string, args: readonly string[]): void {
    this.children.push(
      start(program, [...args, "--log-file", "-vconsole:off"], { env: this.environment, cwd: this.folder, stdio: "ignore" }),
    );
  }

  private async remove(): Promise<void> {
    for (const child of [...this.children].reverse()) await end(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
