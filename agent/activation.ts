/** Sockets that a service manager opened and hands over (sd_listen_fds(3)): descriptors from 3 on, as many as LISTEN_FDS says, for the
 *  process that LISTEN_PID names, with names in LISTEN_FDNAMES, separated by colons. So a socket is there before the agent is, and while
 *  one agent follows another: who calls in between waits instead of being refused. */
import { fstatSync } from "node:fs";
import { PortyardError } from "../bindings/error.ts";

/** SD_LISTEN_FDS_START of <systemd/sd-daemon.h>. */
const FIRST_DESCRIPTOR = 3;
const VARIABLES = ["LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"];

/** Takes over what was handed to process `pid`, and takes the variables out of `environment`, so that programs which this one starts do
 *  not believe that they were meant. Ask once, before anything else is opened.
 *  @param name what the socket is called (FileDescriptorName=). One that is alone is taken by any name.
 *  @returns its descriptor; null when none was handed over.
 *  @throws PortyardError `descriptor-unusable` when it is no socket. */
export function takeInheritedSocket(name: string, environment = process.env, pid = process.pid): number | null {
  const descriptor = descriptorOf(name, environment, pid);
  for (const variable of VARIABLES) delete environment[variable];
  if (descriptor === null || isSocket(descriptor)) return descriptor;
  throw new PortyardError("descriptor-unusable", `Descriptor ${descriptor}, which was handed over as ${name}, is no socket.`, {
    path: "LISTEN_FDS",
    value: descriptor,
    remedy: "Let the service manager hand over a listening unix socket, or none.",
  });
}

function descriptorOf(name: string, { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" }: NodeJS.ProcessEnv, pid: number): number | null {
  const count = Number(LISTEN_FDS);
  if (Number(LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1) return null;
  const index = LISTEN_FDNAMES.split(":").slice(0, count).indexOf(name);
  if (index >= 0) return FIRST_DESCRIPTOR + index;
  return count === 1 ? FIRST_DESCRIPTOR : null;
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false; // none is open under that number
  }
}
