/** Where a seccomp profile forbids io_uring, as those of containers do, `io: "auto"` takes system calls and says so, and
 *  `io: "uring"` is an error.
 *
 *    machine ── seccomp: io_uring_setup is EPERM ── engine ── TAPs ── namespaces c1, c2: ping                            */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { needing } from "../support/need.ts";
import { EngineMachine } from "./engine-machine.ts";

const test = suite("without io_uring");
const NETWORKS = [{ name: "blue", subnet: "10.77.0.0/16" }];
const tap = (number: number) => ({
  name: `p${number}`,
  network: "blue",
  tap: { namespace: `c${number}`, interface: "eth0", address: `10.77.0.${number}/16` },
});

test(
  ...needing(["root", "iproute2", "tun", "unshare"], "auto falls back to system calls, and uring is refused", async () => {
    const machine = new EngineMachine({ prepare: ["ip netns add c1", "ip netns add c2"] });
    try {
      await machine.have("forbidUring");
      const before = await machine.traces();
      const { error } = await machine.ask("create", { config: { name: "yard", networks: NETWORKS }, options: { io: "uring" } });
      assert.is(error?.code, "uring-unavailable");
      assert.match(error?.message ?? "", "seccomp");
      assert.equal(await machine.traces(), before);
      const config = { name: "yard", networks: NETWORKS, ports: [tap(1), tap(2)] };
      assert.equal(await machine.have("create", { config, options: { io: "auto" } }), { io: "syscall" });
      const ports = await machine.have<{ io: string; state: string }[]>("ports");
      assert.equal(
        ports.map(({ io, state }) => [io, state]),
        [
          ["syscall", "up"],
          ["syscall", "up"],
        ],
      );
      assert.is((await machine.have<{ io: string }[]>("workers"))[0]?.io, "syscall");
      assert.is(await machine.have("datagrams", { from: "c1", to: "c2", address: "10.77.0.2", count: 5 }), 5);
    } finally {
      await machine.end();
    }
  }),
);

test.run();
