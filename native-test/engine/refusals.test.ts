/** What cannot be done is refused in words, and nothing half made is left: no device, no file, no process.
 *
 *      machine ── namespace c1 (eth0 of p1 goes there) ── veth near/far ── engine                                       */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { needing } from "../support/need.ts";
import { EngineMachine, type MachineOptions } from "./engine-machine.ts";

const test = suite("refusals");
const CONFIG = { name: "yard", networks: [{ name: "blue", subnet: "10.77.0.0/16" }] };
const tap = (namespace: string, name = "p1", device = "eth0", host = 2) => ({
  name,
  network: "blue",
  tap: { namespace, interface: device, address: `10.77.0.${host}/16` },
});
const packet = (name: string) => ({ name: "w", network: "blue", packet: { interface: name } });
const NAMESPACE = "ip netns add c1";
const VETH = "ip link add near type veth peer name far";
const ADDRESS = "ip address add 10.1.0.1/24 dev far";
const OWN_FOLDER = { runDirectory: "/run/own/yard" };
const AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

interface Refusal {
  config?: Record<string, unknown>;
  options?: Record<string, unknown>;
  code: string;
  /** What the error must name. */
  names: string;
}

/** Creating an engine fails as `refusal` says, and leaves the machine as it was. */
async function refuses(machine: EngineMachine, what: string, { config = CONFIG, options = {}, code, names }: Refusal): Promise<void> {
  const before = await machine.traces();
  const { error } = await machine.ask("create", { config, options });
  assert.is(error?.code, code, `${what}: ${error?.message}`);
  assert.ok(JSON.stringify(error).includes(names), `${what}: ${JSON.stringify(error)} names ${names}`);
  assert.ok(error?.remedy, `${what}: it says what to do`);
  assert.equal(await machine.traces(), before, what);
}

function refused(what: string, options: MachineOptions, refusals: Record<string, Refusal>): void {
  const body = async () => {
    const machine = new EngineMachine(options);
    try {
      for (const [which, refusal] of Object.entries(refusals)) await refuses(machine, which, refusal);
    } finally {
      await machine.end();
    }
  };
  test(...needing(["root", "iproute2", "tun", "unshare"], what, body));
}

refused(
  "ports that cannot be made",
  { prepare: [NAMESPACE, "ip -n c1 link add used type veth peer name other", VETH, ADDRESS] },
  {
    "a namespace that is not there": { config: { ...CONFIG, ports: [tap("nowhere")] }, code: "namespace-missing", names: "nowhere" },
    "a name that an interface has": { config: { ...CONFIG, ports: [tap("c1", "p1", "used")] }, code: "interface-taken", names: "used" },
    "the second port, when the first was made already": {
      config: { ...CONFIG, ports: [tap("c1"), tap("nowhere", "p2", "eth0", 3)] },
      code: "namespace-missing",
      names: "nowhere",
    },
    "a packet port without an interface": { config: { ...CONFIG, ports: [packet("absent")] }, code: "interface-missing", names: "absent" },
    "a packet port on an interface that the host uses": {
      config: { ...CONFIG, ports: [packet("far")] },
      code: "interface-in-use",
      names: "10.1.0.1",
    },
  },
);

refused(
  "nobody",
  { prepare: [NAMESPACE, VETH, "install -d -o 65534 /run/own"], before: AS_NOBODY },
  {
    "a run folder": { code: "no-rights", names: "/run/portyard" },
    "a TAP": { config: { ...CONFIG, ports: [tap("c1")] }, options: OWN_FOLDER, code: "no-rights", names: "c1" },
    "a packet port": { config: { ...CONFIG, ports: [packet("near")] }, options: OWN_FOLDER, code: "no-rights", names: "near" },
  },
);

refused("a full tmpfs", { size: "4m" }, { tables: { code: "tmpfs-full", names: "/run/portyard/yard/tables" } });

refused(
  "a run folder that is no good",
  { prepare: ["mkdir /run/fixed", "mount -t tmpfs -o ro tmpfs /run/fixed", "mkdir -p /run/taken/forwarder.sock/full"] },
  {
    "on a file system that is read only": {
      options: { runDirectory: "/run/fixed/yard" },
      code: "file-failed",
      names: "/run/fixed/yard",
    },
    "with a path that is too long for a socket: the forwarder cannot start": {
      options: { runDirectory: `/run/${"long/".repeat(22)}yard` },
      code: "forwarder-failed",
      names: "path of a socket",
    },
    "in which something else has the socket's place": {
      options: { runDirectory: "/run/taken" },
      code: "file-failed",
      names: "/run/taken/forwarder.sock",
    },
  },
);

test(
  ...needing(["root", "iproute2", "tun", "unshare"], "a second engine of the same name; the first goes on", async () => {
    const machine = new EngineMachine({ prepare: [NAMESPACE] });
    try {
      await machine.have("create", { config: { ...CONFIG, ports: [tap("c1")] } });
      const before = await machine.traces();
      const { error } = await machine.ask("create", { config: CONFIG });
      assert.is(error?.code, "agent-running");
      assert.equal(await machine.traces(), before);
      const [port] = await machine.have<{ state: string }[]>("ports");
      assert.is(port?.state, "up");
    } finally {
      await machine.end();
    }
  }),
);

test(
  ...needing(["root", "iproute2", "tun", "unshare"], "a port of a running engine; the others go on, and the name is free", async () => {
    const machine = new EngineMachine({ prepare: [NAMESPACE, "ip netns add c2"] });
    try {
      await machine.have("create", { config: { ...CONFIG, ports: [tap("c1")] } });
      const before = await machine.traces();
      const { error } = await machine.ask("addPort", { port: tap("c2", "p2") });
      assert.is(error?.code, "address-taken");
      assert.equal(await machine.traces(), before);
      await machine.have("addPort", { port: tap("c2", "p2", "eth0", 3) });
      assert.is((await machine.have<unknown[]>("ports")).length, 2);
      await machine.have("close");
      assert.equal(
        (await machine.traces()).filter((trace) => /eth0|yard/.test(trace)),
        [],
      );
    } finally {
      await machine.end();
    }
  }),
);

test.run();
