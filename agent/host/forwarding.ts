/** Whether the host forwards packets, of each family: what that changes, how it was before, and how it is put back. All paths are below
 *  /proc/sys/net (ip-sysctl of the kernel's documentation).
 *
 *  Forwarding is turned on for all interfaces at once: an answer comes in by any of them. The kernel then also turns
 *  `ipv4/conf/all/accept_redirects` off. Of IPv6, an interface that forwards ignores router advertisements unless its `accept_ra` is 2: it is
 *  raised from 1 to that first, so that the host keeps the routes that it has by them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOST_PORT_PREFIX } from "../../bindings/config/host-port.ts";
import { PortyardError } from "../../bindings/error.ts";

export const SETTINGS_ROOT = "/proc/sys/net";
export const FAMILIES = ["ipv4", "ipv6"] as const;
export type ForwardingFamily = (typeof FAMILIES)[number];

/** Settings as they were, by path below /proc/sys/net. */
export type SettingsBefore = Record<string, string>;

const SWITCH: Record<ForwardingFamily, string> = { ipv4: "ipv4/ip_forward", ipv6: "ipv6/conf/all/forwarding" };
const KEPT: Record<ForwardingFamily, readonly string[]> = { ipv4: ["forwarding", "accept_redirects"], ipv6: ["forwarding", "accept_ra"] };
/** Entries of conf/ that are no interfaces. */
const NO_INTERFACES = ["all", "default"];

export class Forwarding {
  readonly #root: string;

  /** @param root another folder for tests. */
  constructor(root = SETTINGS_ROOT) {
    this.#root = root;
  }

  isOn(family: ForwardingFamily): boolean {
    return this.#read(SWITCH[family]) === "1";
  }

  /** False where the kernel has no such family. */
  exists(family: ForwardingFamily): boolean {
    return existsSync(join(this.#root, SWITCH[family]));
  }

  /** Everything that turning it on may change. */
  snapshot(family: ForwardingFamily): SettingsBefore {
    const ofInterfaces = this.#entries(family).flatMap((name) => KEPT[family].map((setting) => `${family}/conf/${name}/${setting}`));
    const paths = [SWITCH[family], ...ofInterfaces];
    return Object.fromEntries(paths.flatMap((path) => entry(path, this.#read(path))));
  }

  /** Turns it on. @throws PortyardError `setting-refused`. */
  turnOn(family: ForwardingFamily): void {
    if (this.isOn(family)) return;
    if (family === "ipv6") {
      for (const path of this.#entries(family).map((name) => `ipv6/conf/${name}/accept_ra`)) {
        if (this.#read(path) === "1") this.#write(path, "2");
      }
    }
    this.#write(SWITCH[family], "1");
  }

  /** Puts back what `before` says; interfaces that are gone are passed over. @throws PortyardError `setting-refused`. */
  restore(family: ForwardingFamily, before: SettingsBefore): void {
    const { [SWITCH[family]]: first, ...rest } = before;
    if (first !== undefined && this.#read(SWITCH[family]) !== first) this.#write(SWITCH[family], first);
    for (const [path, value] of Object.entries(rest)) {
      const now = this.#read(path);
      if (now !== null && now !== value) this.#write(path, value);
    }
  }

  #entries(family: ForwardingFamily): string[] {
    const folder = join(this.#root, family, "conf");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  #read(path: string): string | null {
    try {
      return readFileSync(join(this.#root, path), "utf8").trim();
    } catch {
      return null; // the interface, or the family, is not there
    }
  }

  #write(path: string, value: string): void {
    try {
      writeFileSync(join(this.#root, path), value);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      if (code === "ENOENT") return; // the interface went just now
      const setting = path.replaceAll("/", ".");
      throw new PortyardError("setting-refused", `net.${setting} cannot be set to ${value} (${code}).`, {
        path: join(this.#root, path),
        value: code,
        remedy: `Run as root; in a container set it from outside (docker run --sysctl net.${setting}=${value}), or leave out \`gateway\`.`,
      });
    }
  }
}

function entry(path: string, value: string | null): [string, string][] {
  return value === null ? [] : [[path, value]];
}

/** Names of the interfaces that did not forward, as `snapshot` found them. */
export function strangersOf(family: ForwardingFamily, before: SettingsBefore): string[] {
  const form = new RegExp(`^${family}/conf/([^/]+)/forwarding$`);
  return Object.entries(before).flatMap(([path, value]) => {
    const name = form.exec(path)?.[1];
    return name === undefined || value !== "0" || isNone(name) ? [] : [name];
  });
}

function isNone(name: string): boolean {
  return NO_INTERFACES.includes(name) || name === "lo" || name.startsWith(HOST_PORT_PREFIX);
}
