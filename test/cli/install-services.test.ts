/** `install` and `uninstall` where systemd runs: which commands they run and when, and what becomes of one that is cut short at any step. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type InstallRequest, install, planInstall } from "../../cli/install/installation.ts";
import { planRemoval, remove } from "../../cli/install/removal.ts";
import { System } from "./support/system.ts";

const test = suite<{ system: System; before: Record<string, string> }>("install: services");
const START = "systemctl start portyard-docker@lab.socket portyard-agent@lab.service";
const STOP = "systemctl stop portyard-agent@lab.service portyard-forwarder@lab.service portyard-standby@lab.service";

test.before.each((context) => {
  context.system = new System();
  context.before = context.system.tree();
});
test.after.each(({ system }) => system.remove());

const request = (system: System, version = "1"): InstallRequest => {
  return { name: "lab", docker: true, keepConfiguration: false, target: system.target(version) };
};

/** Takes `steps` steps. @returns whether there were that many. */
async function cut(work: AsyncGenerator<void>, steps: number): Promise<boolean> {
  for (let step = 0; step < steps; step++) if ((await work.next()).done) return false;
  return true;
}

const whole = async (work: AsyncGenerator<void>): Promise<void> => void (await cut(work, Number.POSITIVE_INFINITY));
const installed = async (system: System, version?: string) => whole(install(await planInstall(request(system, version))));
const uninstalled = async (system: System, purge = false) => {
  await whole(remove(await planRemoval({ name: "lab", target: system.target(), purge })));
};

/** Does 0, 1, 2, … steps of what `begin` begins, and `end` after each, which leaves nothing behind. @returns how many there are. */
async function atEveryStep(begin: () => Promise<AsyncGenerator<void>>, end: () => Promise<void>): Promise<number> {
  for (let steps = 0; ; steps++) {
    const isCut = await cut(await begin(), steps);
    await end();
    if (!isCut) return steps;
  }
}

test("units are written, then read, then started; a second time nothing is run", async ({ system }) => {
  const plan = await planInstall(request(system));
  await whole(install(plan));
  assert.equal(system.calls(), ["systemctl daemon-reload", START]);
  assert.equal(
    plan.commands.map((words) => words.join(" ")),
    ["systemctl daemon-reload", START],
  );
  await installed(system);
  assert.equal(system.calls(), []);
});

test("programs that lie elsewhere by now replace the units, and the agent begins anew", async ({ system, before }) => {
  await installed(system);
  system.calls();
  await installed(system, "2");
  assert.equal(system.calls(), ["systemctl daemon-reload", "systemctl stop portyard-agent@lab.service", START]);
  assert.match(system.read("/etc/systemd/system/portyard-forwarder@.service"), " /opt/2/standby.mjs %i\n");
  await uninstalled(system);
  assert.equal(system.tree(), before);
});

test("an uninstall ends the socket, the instance and its forwarders, then removes, then lets systemd forget", async ({
  system,
  before,
}) => {
  await installed(system);
  system.calls();
  await uninstalled(system);
  assert.equal(system.calls(), ["systemctl stop portyard-docker@lab.socket", "portyard down --name lab", STOP, "systemctl daemon-reload"]);
  assert.equal(system.tree(), before);
  await uninstalled(system);
  assert.equal(system.calls(), []);
});

test("--purge forgets what the API made as well", async ({ system }) => {
  await installed(system);
  await uninstalled(system, true);
  assert.ok(system.calls().includes("portyard down --name lab --purge"));
});

test("a start that fails is told with the command's words, and done by the next install", async ({ system }) => {
  system.failAt("start");
  try {
    await installed(system);
    assert.unreachable();
  } catch (error) {
    const { code, path, message } = error as { code: string; path: string; message: string };
    assert.equal([code, path], ["command-failed", START]);
    assert.match(message, `\`${START}\` failed: no`);
  }
  system.failAt(null);
  system.calls();
  await installed(system);
  assert.equal(system.calls().at(-1), START);
});

test("an instance that cannot be stopped keeps its files", async ({ system }) => {
  await installed(system);
  const there = system.tree();
  system.failAt("stop");
  try {
    await uninstalled(system);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code: string }).code, "command-failed");
  }
  assert.equal(system.tree(), there);
});

test("an install that was cut short anywhere goes without a trace", async ({ system, before }) => {
  const begin = async () => install(await planInstall(request(system)));
  const steps = await atEveryStep(begin, async () => {
    await uninstalled(system);
    assert.equal(system.tree(), before);
  });
  assert.ok(steps > 9, `${steps} steps`);
});

test("so does one over an older one", async ({ system, before }) => {
  const begin = async () => {
    await installed(system);
    return install(await planInstall(request(system, "2")));
  };
  await atEveryStep(begin, async () => {
    await uninstalled(system);
    assert.equal(system.tree(), before);
  });
});

test("one that was cut short is finished by the next", async ({ system }) => {
  await installed(system);
  const complete = system.tree();
  await uninstalled(system);
  const begin = async () => install(await planInstall(request(system)));
  await atEveryStep(begin, async () => {
    await installed(system);
    assert.equal(system.tree(), complete);
    assert.ok(system.calls().includes(START));
    await uninstalled(system);
  });
});

test("an uninstall that was cut short anywhere is finished by the next", async ({ system, before }) => {
  const begin = async () => {
    await installed(system);
    return remove(await planRemoval({ name: "lab", target: system.target(), purge: false }));
  };
  await atEveryStep(begin, async () => {
    await uninstalled(system);
    assert.equal(system.tree(), before);
  });
});

test("of a file that was being written nothing is left", async ({ system, before }) => {
  await cut(install(await planInstall(request(system))), 3);
  system.write("/etc/systemd/system/portyard-forwarder@.service.portyard-new", "[Uni");
  system.write("/var/lib/portyard/install.json.new", "{");
  await uninstalled(system);
  assert.equal(system.tree(), before);
});

test("a unit that was never written is not stopped", async ({ system }) => {
  await cut(install(await planInstall(request(system))), 3);
  await uninstalled(system);
  assert.equal(system.calls(), ["systemctl daemon-reload"]);
});

test.run();
