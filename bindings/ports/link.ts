/** Interfaces are set through iproute2 (ip-link(8), ip-address(8)): a batch is one program start for all its lines, and the
 *  first line that fails ends it. A program inherits the network namespace of the thread that starts it, so `ip` runs in
 *  any namespace that has a path, not only in those with a name. */
import { PortyardError } from "../error.ts";
import { type Output, runProgram } from "../native/program.ts";

/** Carries out lines of `ip` in order.
 *  @param lines as `link set eth0 up`, without the word ip; none does nothing.
 *  @param namespace path of a network namespace; null is the calling thread's own.
 *  @throws PortyardError `iproute2-missing`; `namespace-missing`; `no-rights`; `link-failed` whose message has the line and the kernel's words
 *  (`value`), the lines before it being done. */
export async function runLinkBatch(lines: readonly string[], namespace: string | null = null): Promise<void> {
  if (lines.length === 0) return;
  const { status, stderr } = await runIp(["-batch", "-"], `${lines.join("\n")}\n`, namespace);
  if (status !== 0) throw batchFailed(lines, stderr);
}

/** What `ip -json -details …` prints.
 *  @param args as ["address", "show", "dev", "eth0"].
 *  @throws PortyardError as `runLinkBatch`. */
export async function readLink<Answer>(args: readonly string[], namespace: string | null = null): Promise<Answer> {
  const { status, stdout, stderr } = await runIp(["-json", "-details", ...args], "", namespace);
  if (status !== 0) throw linkFailed(args.join(" "), stderr.trim());
  return JSON.parse(stdout === "" ? "[]" : stdout) as Answer;
}

async function runIp(args: readonly string[], input: string, namespace: string | null): Promise<Output> {
  const output = await runProgram("ip", args, input, namespace);
  if (output.cause === null) return output;
  throw output.cause.code === "ENOENT" ? iproute2Missing(output.cause) : output.cause;
}

/** `ip` ends with "Command failed -:LINE" behind what was wrong. */
function batchFailed(lines: readonly string[], stderr: string): PortyardError {
  const number = Number(/^Command failed .*:(\d+)\s*$/m.exec(stderr)?.[1] ?? 1);
  return linkFailed(lines[number - 1] ?? "", stderr.replace(/^Command failed .*$/m, "").trim());
}

function linkFailed(line: string, words: string): PortyardError {
  if (words.includes("Operation not permitted")) {
    return new PortyardError("no-rights", `This process may not set interfaces: ip ${line}.`, {
      path: `ip ${line}`,
      value: words,
      remedy: "Run as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN.",
    });
  }
  return new PortyardError("link-failed", `ip ${line}: ${words}`, { path: `ip ${line}`, value: words });
}

function iproute2Missing(cause: Error): PortyardError {
  return new PortyardError("iproute2-missing", "The program ip (iproute2), which sets interfaces, is not installed.", {
    path: "ip",
    remedy: "Install it: `apt-get install iproute2`, `dnf install iproute` or `apk add iproute2`.",
    cause,
  });
}

/** True when an `ip` line failed with these words of the kernel. */
export function linkFailedWith(error: unknown, words: string): boolean {
  return error instanceof PortyardError && error.code === "link-failed" && String(error.value).includes(words);
}

/** True when an `ip` line failed because the interface is gone: before `ip` looked for it, or since. */
export function linkIsGone(error: unknown): boolean {
  return linkFailedWith(error, "Cannot find device") || linkFailedWith(error, "No such device");
}
