/** Who holds a port of the host: ss(8) of iproute2 tells the programs behind listening sockets to those who may know. */
import { runProgram } from "../../../bindings/native/program.ts";
import type { Protocol } from "./published-port.ts";

export interface Holder {
  program: string;
  pid: number;
}

/** Holders in a line of `ss`: `users:(("nginx",pid=812,fd=6),("nginx",pid=811,fd=6))`. */
export function readHolders(printed: string): Holder[] {
  const found = [...printed.matchAll(/\("((?:[^"\\]|\\.)*)",pid=(\d+),/g)].map(([, program, pid]) => ({
    program: program!,
    pid: Number(pid),
  }));
  return found.filter(({ pid }, index) => found.findIndex((other) => other.pid === pid) === index);
}

/** Programs that hold this port of any address of the host, none when nobody can tell. */
export async function holdersOf(protocol: Protocol, port: number): Promise<Holder[]> {
  const args = ["-H", "-n", "-p", protocol === "tcp" ? "-lt" : "-lu", `sport = :${port}`];
  const { stdout } = await runProgram("ss", args); // without ss the error names the port alone
  return readHolders(stdout);
}
