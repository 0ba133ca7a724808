/** A folder that looks like /proc/sys/net of a host with these interfaces: its files do nothing by themselves, except where `kernel`
 *  plays what the real ones do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class FakeSettings {
  readonly root = mkdtempSync(join(tmpdir(), "portyard-settings-"));

  constructor(interfaces: readonly string[] = ["eth0", "eth1"]) {
    this.set("ipv4/ip_forward", "0");
    for (const name of ["all", "default", "lo", ...interfaces]) this.add(name);
  }

  add(name: string): void {
    for (const [path, value] of [
      ["ipv4/conf/NAME/forwarding", "0"],
      ["ipv4/conf/NAME/accept_redirects", "1"],
      ["ipv6/conf/NAME/forwarding", "0"],
      ["ipv6/conf/NAME/accept_ra", "1"],
    ] as const) {
      this.set(path.replace("NAME", name), value);
    }
  }

  remove(name: string): void {
    for (const family of ["ipv4", "ipv6"]) rmSync(join(this.root, family, "conf", name), { recursive: true });
  }

  set(path: string, value: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), value);
  }

  get(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** What the kernel does when somebody turns forwarding on or off: all interfaces follow. */
  kernel(): void {
    const all = (family: string) => readdirSync(join(this.root, family, "conf"));
    const [ipv4, ipv6] = [this.get("ipv4/ip_forward").trim(), this.get("ipv6/conf/all/forwarding").trim()];
    for (const name of all("ipv4")) this.set(`ipv4/conf/${name}/forwarding`, ipv4);
    this.set("ipv4/conf/all/accept_redirects", ipv4 === "1" ? "0" : "1");
    for (const name of all("ipv6")) this.set(`ipv6/conf/${name}/forwarding`, ipv6);
  }

  /** Every setting. */
  listing(): Record<string, string> {
    const paths = (
      readdirSync(this.root, { recursive: true, withFileTypes: true }) as unknown as {
        isFile(): boolean;
        parentPath?: string;
        path: string;
        name: string;
      }[]
    )
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(this.root.length + 1));
    return Object.fromEntries(paths.sort().map((path) => [path, this.get(path).trim()]));
  }

  close(): void {
    rmSync(this.root, { recursive: true });
  }
}
