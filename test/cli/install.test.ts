/** `portyard install` and `portyard uninstall` as they are typed, with --root: what they say, write, refuse and remove. */
import { rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root as project } from "../../scripts/check/source-file.ts";
import { portyard } from "./support/capture.ts";
import { System } from "./support/system.ts";

const test = suite<{ system: System; before: Record<string, string> }>("install");
const LAB = "/etc/portyard/lab.yaml";
const AGENT = "/etc/systemd/system/portyard-agent@.service";
const RECORD = "/var/lib/portyard/install.json";

test.before.each((context) => {
  context.system = new System();
  context.before = context.system.tree();
});
test.after.each(({ system }) => system.remove());

async function done(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await portyard(...words);
  assert.is(status, 0, stderr);
  return stdout;
}

const lab = ({ root }: System): string[] => ["--name", "lab", "--root", root];

test("it says what it will do, and does exactly that; no command is run", async ({ system, before }) => {
  const said = await done("install", "--docker", ...lab(system));
  const made = Object.keys(system.tree()).filter((path) => before[path] === undefined);
  assert.equal(
    made.filter((path) => /portyard|wants/.test(path)),
    [
      LAB,
      "/etc/systemd/system/multi-user.target.wants",
      "/etc/systemd/system/multi-user.target.wants/portyard-agent@lab.service",
      AGENT,
      "/etc/systemd/system/portyard-docker@.socket",
      "/etc/systemd/system/portyard-forwarder@.service",
      "/etc/systemd/system/portyard-standby@.service",
      "/etc/systemd/system/sockets.target.wants",
      "/etc/systemd/system/sockets.target.wants/portyard-docker@lab.socket",
      "/var/lib/portyard",
      RECORD,
    ],
  );
  for (const path of made) assert.ok(said.includes(system.path(path)), path);
  assert.match(said, /not run +systemctl daemon-reload/);
  assert.match(said, /not run +systemctl start portyard-docker@lab\.socket portyard-agent@lab\.service/);
  assert.equal(system.calls(), []);
});

test("units name this Node.js and this Portyard; links are systemctl's", async ({ system }) => {
  await done("install", "--docker", ...lab(system));
  assert.match(system.read(AGENT), `\nExecStart=${process.execPath} ${project}scripts/portyard.mjs up --keep`);
  assert.match(system.read(AGENT), `\nExecReload=${process.execPath} ${project}scripts/portyard.mjs reload --name %i\n`);
  assert.match(
    system.read("/etc/systemd/system/portyard-standby@.service"),
    `\nExecStart=${process.execPath} ${project}scripts/portyard-standby.mjs %i\n`,
  );
  const tree = system.tree();
  assert.is(tree["/etc/systemd/system/multi-user.target.wants/portyard-agent@lab.service"], `-> ${AGENT}`);
  assert.is(tree["/etc/systemd/system/sockets.target.wants/portyard-docker@lab.socket"], "-> /etc/systemd/system/portyard-docker@.socket");
  assert.match(tree[LAB]!, /^file 644 /);
});

test("without --docker there is no socket, until it is asked for", async ({ system, before }) => {
  await done("install", ...lab(system));
  assert.not(Object.keys(system.tree()).some((path) => path.includes("docker")));
  assert.not.match(system.read(LAB), "docker:");
  await done("install", "--docker", ...lab(system));
  assert.match(system.read(LAB), "\ndocker: {}\n");
  const whole = system.tree();
  assert.match(await done("install", ...lab(system)), /^Nothing to do/, "it stays");
  assert.equal(system.tree(), whole);
  await done("uninstall", ...lab(system));
  assert.equal(system.tree(), before);
});

test("a second time there is nothing to do", async ({ system }) => {
  await done("install", "--docker", ...lab(system));
  const whole = system.tree();
  assert.is(await done("install", "--docker", ...lab(system)), "Nothing to do: instance lab is installed.\n");
  const { changed, commands } = JSON.parse(await done("install", "--docker", ...lab(system), "--json"));
  assert.equal([changed, commands], [false, []]);
  assert.equal(system.tree(), whole);
});

test("a dry run says the same and changes nothing", async ({ system, before }) => {
  const said = await done("install", "--docker", "--dry-run", ...lab(system));
  assert.equal(system.tree(), before);
  assert.ok((await done("install", "--docker", ...lab(system))).startsWith(said));
  const whole = system.tree();
  const planned = await done("uninstall", "--dry-run", ...lab(system));
  assert.equal(system.tree(), whole);
  assert.ok((await done("uninstall", ...lab(system))).startsWith(planned));
});

test("after an uninstall all is as it was", async ({ system, before }) => {
  await done("install", "--docker", ...lab(system));
  await done("uninstall", ...lab(system));
  assert.equal(system.tree(), before);
  assert.is(await done("uninstall", ...lab(system)), "No instance lab is installed.\n");
});

test("a configuration of somebody else is refused, and taken with --keep-config", async ({ system }) => {
  system.write(LAB, "name: lab # mine\n");
  const mine = system.tree();
  const { status, stderr } = await portyard("install", ...lab(system), "--json");
  const { error } = JSON.parse(stderr);
  assert.equal([status, error.code, error.path, error.value], [1, "file-taken", system.path(LAB), [system.path(LAB)]]);
  assert.match(error.remedy, "--keep-config");
  assert.equal(system.tree(), mine);
  await done("install", "--keep-config", ...lab(system));
  assert.match(system.read(LAB), "# mine");
  await done("uninstall", "--purge", ...lab(system));
  assert.equal(system.tree(), mine, "it is none of ours, also for --purge");
});

for (const [what, spoil] of [
  ["a unit of somebody else", (system: System) => system.write(AGENT, "[Service]\nExecStart=true\n")],
  ["a folder", (system: System) => system.write(`${AGENT}/file`, "")],
] as const) {
  test(`${what} in the way is refused before anything is changed`, async ({ system }) => {
    spoil(system);
    const spoiled = system.tree();
    const { status, stderr } = await portyard("install", ...lab(system));
    assert.is(status, 1);
    assert.match(stderr, `${AGENT} is there and is not as \`portyard install\` wrote it: nothing was changed.`);
    assert.match(stderr, "Move it away");
    assert.equal(system.tree(), spoiled);
  });
}

test("a unit that was changed since is refused, and kept by an uninstall", async ({ system }) => {
  await done("install", ...lab(system));
  system.write(AGENT, `${system.read(AGENT)}# mine\n`);
  const changed = system.tree();
  assert.is((await portyard("install", "--docker", ...lab(system))).status, 1);
  assert.equal(system.tree(), changed);
  assert.match(await done("uninstall", ...lab(system)), `Instance lab is uninstalled, but for what was changed: ${system.path(AGENT)}.`);
  assert.match(system.read(AGENT), "# mine");
});

test("an edited configuration stays and is named; --purge removes it too", async ({ system, before }) => {
  await done("install", ...lab(system));
  system.write(LAB, "name: lab # mine\n");
  assert.match(await done("install", "--docker", ...lab(system)), /keep +\S+lab\.yaml {2}\(yours\)/);
  const { kept } = JSON.parse(await done("uninstall", ...lab(system), "--json"));
  assert.equal(kept, [system.path(LAB)]);
  assert.equal(system.tree(), { ...before, [LAB]: "file 644 name: lab # mine\n" });
  await done("install", "--keep-config", ...lab(system));
  await done("uninstall", ...lab(system));
  rmSync(system.path(LAB));
  await done("install", ...lab(system));
  system.write(LAB, "name: lab # mine again\n");
  await done("uninstall", "--purge", ...lab(system));
  assert.equal(system.tree(), before);
});

test("instances share units, which go with the last", async ({ system, before }) => {
  await done("install", "--docker", ...lab(system));
  await done("install", "--name", "blue", "--root", system.root);
  const whole = system.tree();
  assert.match(await done("uninstall", "--name", "red", "--root", system.root), "No instance red is installed; there is lab, blue.");
  assert.equal(system.tree(), whole);
  await done("uninstall", ...lab(system));
  const left = Object.keys(system.tree()).filter((path) => /lab|docker/.test(path));
  assert.equal(left, []);
  assert.ok(system.tree()[AGENT]);
  await done("uninstall", "--name", "blue", "--root", system.root);
  assert.equal(system.tree(), before);
});

test("a record of another version is an error that names it", async ({ system }) => {
  system.write(RECORD, '{"version":99}');
  for (const command of ["install", "uninstall"]) {
    const { status, stderr } = await portyard(command, ...lab(system), "--json");
    const { error } = JSON.parse(stderr);
    assert.equal([status, error.code, error.path], [1, "state-unreadable", system.path(RECORD)]);
  }
});

test("a root that is not there is made", async ({ system }) => {
  const root = system.path("image/of/it");
  await done("install", "--root", root);
  assert.ok(system.tree()["/image/of/it/etc/portyard/default.yaml"]);
  await done("uninstall", "--root", root);
  assert.equal(
    Object.keys(system.tree()).filter((path) => path.startsWith("/image")),
    ["/image", "/image/of", "/image/of/it"],
  );
});

test.run();
