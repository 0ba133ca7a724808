/** Network namespaces of a native test, `pyt-PID-LABEL`: removed when the process ends, and those of a killed one by the
 *  next. Devices in the host's namespace are called `pytPID` and a label, at most 15 characters. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { onEnd } from "./cleanup.ts";
import { ip } from "./ip.ts";

const FOLDER = "/run/netns";
const PREFIX = "pyt-";

export interface TestNamespace {
  name: string;
  path: string;
  /** Before the end of the process; again does nothing. */
  remove: () => void;
}

/** A new network namespace with loopback up. */
export function makeNamespace(label: string): TestNamespace {
  removeLeftovers();
  const name = `${PREFIX}${process.pid}-${label}`;
  ip(`netns add ${name}`);
  const remove = onEnd(`namespace ${name}`, () => removeNamespace(name));
  ip(`-n ${name} link set lo up`);
  return { name, path: join(FOLDER, name), remove };
}

/** A device name of this process. */
export function deviceName(label: string): string {
  return `pyt${process.pid}${label}`;
}

/** Both ends of a new veth pair in the host's namespace, up, without IPv6; removed at the end unless their namespace was. One of the same name
 *  is removed first: it may be left for a while by a namespace that an earlier test has removed. */
export function makeVeth(label: string): { near: string; far: string } {
  const [near, far] = [deviceName(`${label}n`), deviceName(`${label}f`)];
  removeDevice(near);
  ip(`link add ${near} type veth peer name ${far}`);
  onEnd(`veth ${near}`, () => removeDevice(near));
  return { near, far };
}

/** A device whose other end was in a namespace goes with that, a while after it: before it is looked for, or between that and its removal. */
export function removeDevice(name: string): void {
  try {
    ip(`link del ${name}`);
  } catch (error) {
    if (!/Cannot find device|No such device/.test(String(error))) throw error;
  }
}

/** Runs a module's text by Node in a namespace; what it prints on stdout arrives when it has ended with 0. Nothing arrives when it is killed
 *  because the test has failed: that error is the one to be told.
 *  @throws Error with its status, or the signal that ended it, and its stderr. */
export function runInside(namespace: TestNamespace, script: string): { child: ChildProcess; output: Promise<string> } {
  const start = () => spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "pipe"] });
  const child = withNamespace(namespace.path, start);
  let isRemoved = false;
  onEnd(`process ${child.pid}`, () => {
    isRemoved = true;
    child.kill("SIGKILL");
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const output = new Promise<string>((resolve, reject) => {
    child.on("close", (status, signal) => {
      if (status === 0) resolve(stdout);
      else if (!isRemoved) reject(new Error(`ended with ${status ?? signal}: ${stderr}`));
    });
  });
  output.catch(() => undefined); // it may fail before the test comes to wait for it
  return { child, output };
}

/** Removes the namespaces of test processes that are there no more; returns their names. */
export function removeLeftovers(): string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  const dead = names.filter((name) => name.startsWith(PREFIX) && !existsSync(`/proc/${name.split("-")[1]}`));
  dead.forEach(removeNamespace);
  return dead;
}

function removeNamespace(name: string): void {
  if (existsSync(join(FOLDER, name))) ip(`netns del ${name}`);
}
