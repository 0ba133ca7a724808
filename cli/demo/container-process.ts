/** What runs in a demo container: a process with a network namespace of its own, as every container is. It reads one
 *  task a line from standard input, answers in lines on standard output, and ends with the demo: by the end of its input,
 *  or, in the middle of a blocking call, by the signal that the kernel sends when the parent is gone. */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { PortyardError } from "../../bindings/error.ts";
import { check } from "../../bindings/native/errno.ts";
import type { Answer, Task } from "./container.ts";
import { libc } from "./libc.ts";
import { answerRequests } from "./traffic/answer.ts";
import { ping } from "./traffic/ping.ts";
import { makeRequests } from "./traffic/requests.ts";
import { receiveStream, sendStream } from "./traffic/stream.ts";

const CLONE_NEWNET = 0x40000000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** Written at once, not queued: the next call may block for seconds. */
const answer = (line: Answer): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

async function perform(task: Task): Promise<void> {
  switch (task.task) {
    case "ping":
      await ping(task.address, task.count ?? Number.POSITIVE_INFINITY, task.intervalMs, (sequence, echo) =>
        answer({ event: "echo", sequence, echo }),
      );
      return answer({ event: "done" });
    case "receive":
      return answer({
        event: "done",
        result: receiveStream(
          (port) => answer({ event: "listening", port }),
          (transfer) => answer({ event: "sofar", transfer }),
        ),
      });
    case "send":
      return answer({ event: "done", result: sendStream(task.address, task.port, task.seconds) });
    case "answer":
      await answerRequests(task.name, task.port, task.delayMs);
      return answer({ event: "done" });
    case "request": {
      const { address, port, count, atOnce } = task;
      return answer({
        event: "done",
        result: await makeRequests(address, port, count, atOnce, (answered) => answer({ event: "answered", count: answered })),
      });
    }
  }
}

function fail(error: unknown): void {
  const known = error instanceof PortyardError;
  answer({
    event: "failed",
    code: known ? error.code : "container-failed",
    message: error instanceof Error ? error.message : String(error),
  });
}

libc().prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});
try {
  check(libc().unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
  answer({ event: "ready" });
} catch (error) {
  fail(error);
  process.exit(1);
}
createInterface({ input: process.stdin })
  .on("line", (line) => {
    perform(JSON.parse(line) as Task).catch(fail);
  })
  .on("close", () => process.exit(0));
