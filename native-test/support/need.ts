/** What a native test needs of the machine. One that lacks something says so in a skip line and returns. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { probeUring } from "../../bindings/native/uring.ts";
import { type SkipCause, skip } from "../../test/support/skip.ts";
import { removeAll } from "./cleanup.ts";

export const NEEDS = {
  /** Network namespaces and devices may be made. */
  root: { cause: "right", holds: () => process.getuid?.() === 0, reason: "needs root: it makes network namespaces and devices" },
  tun: { cause: "machine", holds: tunOpens, reason: "/dev/net/tun cannot be opened" },
  uring: { cause: "machine", holds: () => probeUring().available, reason: "the kernel allows no io_uring" },
  nice: { cause: "machine", holds: mayBeNice, reason: "the machine gives no CAP_SYS_NICE: no thread may run ahead of others" },
  iproute2: { cause: "package", holds: () => isInstalled("ip"), reason: "ip (package iproute2) is not installed" },
  unshare: { cause: "package", holds: () => isInstalled("unshare"), reason: "unshare (package util-linux) is not installed" },
  nft: { cause: "package", holds: () => isInstalled("nft"), reason: "nft (package nftables) is not installed" },
  iptables: { cause: "package", holds: () => isInstalled("iptables"), reason: "iptables (package iptables) is not installed" },
  conntrack: { cause: "package", holds: () => isInstalled("conntrack"), reason: "conntrack (package conntrack) is not installed" },
  ping: { cause: "package", holds: () => isInstalled("ping"), reason: "ping (package iputils-ping) is not installed" },
  tcpdump: { cause: "package", holds: () => isInstalled("tcpdump"), reason: "tcpdump (its package) is not installed" },
  docker: { cause: "package", holds: () => isInstalled("dockerd"), reason: "dockerd (package docker.io) is not installed" },
  compose: { cause: "package", holds: () => isInstalled("docker-compose"), reason: "docker-compose (its package) is not installed" },
  cc: { cause: "package", holds: () => isInstalled("cc"), reason: "cc (packages gcc and libc6-dev) is not installed" },
  busybox: { cause: "package", holds: () => isInstalled("busybox"), reason: "busybox (package busybox-static) is not installed" },
} satisfies Record<string, { cause: SkipCause; holds: () => boolean; reason: string }>;

export type Need = keyof typeof NEEDS;

/** `body` as a test that is skipped, with a line that says why, where this machine lacks one of `needs`. */
export function needing(needs: readonly Need[], name: string, body: () => void | Promise<void>): [string, () => Promise<void>] {
  const test = async () => {
    const lack = needs.find((need) => !NEEDS[need].holds());
    if (lack !== undefined) return skip(name, NEEDS[lack].cause, NEEDS[lack].reason);
    try {
      await body();
    } catch (error) {
      removeAll(); // what it has left would stand in the way of the next, and hold up the end of the process
      throw error;
    }
  };
  return [name, test];
}

function tunOpens(): boolean {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}

/** CAP_SYS_NICE among the effective capabilities (capabilities(7)). */
function mayBeNice(): boolean {
  const [, set = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return (BigInt(`0x${set}`) & (1n << 23n)) !== 0n;
}
