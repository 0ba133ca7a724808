/** What is installed, read by those whom it is for: units by systemd-analyze, configurations by the parser. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { parseConfig } from "../../bindings/config/parse.ts";
import { exampleConfiguration } from "../../cli/install/example.ts";
import { isOpenToRoot, programPaths, refuseUnreachable } from "../../cli/install/program-path.ts";
import { targetOf } from "../../cli/install/service.ts";
import { unitText } from "../../cli/install/unit-text.ts";
import { root as project } from "../../scripts/check/source-file.ts";
import { skip } from "../support/skip.ts";

const test = suite("install: parts");
const units = readdirSync(join(project, "packaging/systemd"));

for (const docker of [false, true]) {
  test(`the example is a configuration, also with all that it shows${docker ? ", with Docker" : ""}`, () => {
    const text = exampleConfiguration("lab", docker);
    const bare = parseConfig(parse(text));
    assert.equal([bare.name, bare.networks, bare.ports, bare.docker !== undefined], ["lab", [], [], docker]);
    const shown = parseConfig(parse(text.replaceAll(/^#(?=\w| {2}-)/gm, "")));
    assert.equal([shown.networks.length, shown.ports.length], [1, 1]);
  });
}

test("systemd-analyze finds every program of the units", () => {
  const folder = mkdtempSync(join(tmpdir(), "portyard-units-"));
  const programs = join(folder, "a b %i $HOME");
  // with what systemd reads as more than itself, which it does not allow in the path of a program
  const scripts = join(folder, `"c" \\ %i $\{HOME}`);
  const verify = (files: string[]) => {
    return spawnSync("systemd-analyze", ["verify", "--man=no", ...files.map((file) => join(folder, file))], { encoding: "utf8" });
  };
  try {
    mkdirSync(programs);
    writeFileSync(join(programs, "node"), "#!/bin/sh\n");
    chmodSync(join(programs, "node"), 0o755);
    const paths = { node: join(programs, "node"), portyard: join(scripts, "portyard"), standby: join(scripts, "standby") };
    const files = units.map((unit) => unit.replace("@", "@lab"));
    for (const unit of units) writeFileSync(join(folder, unit.replace("@", "@lab")), unitText(unit, paths));
    const { status, stdout, stderr, error } = verify(files);
    if (error) return skip("install: parts", "package", "systemd-analyze (package systemd) is not installed");
    assert.equal([status, `${stdout}${stderr}`], [0, ""]);
    rmSync(join(programs, "node"));
    assert.match(verify(files).stderr, "is not executable", "it would say so");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("but for the programs units are as they are packaged", () => {
  const paths = { node: "/usr/bin/node", portyard: "/opt/p/portyard.mjs", standby: "/opt/p/standby.mjs" };
  const texts = units.map((unit) => unitText(unit, paths));
  const commands = texts.flatMap((text) => text.match(/^Exec.*$/gm) ?? []);
  assert.equal(
    commands.map((line) => line.split(" ").slice(0, 2).join(" ")),
    [
      "ExecStart=/usr/bin/node /opt/p/portyard.mjs",
      "ExecReload=/usr/bin/node /opt/p/portyard.mjs",
      "ExecStart=/usr/bin/node /opt/p/standby.mjs",
      "ExecStart=/usr/bin/node /opt/p/standby.mjs",
    ],
  );
});

test("programs below /tmp are refused: services have one of their own", () => {
  const open = { node: "/usr/bin/env", portyard: "/usr/bin/env", standby: "/usr/bin/env" };
  refuseUnreachable(open);
  const closed = (portyard: string) => () => refuseUnreachable({ ...open, portyard });
  const told = (value: string) => (error: { code: string; value: string }) => error.code === "program-unreachable" && error.value === value;
  assert.throws(closed("/tmp/portyard/portyard.mjs"), told("/tmp"));
  assert.throws(closed("/var/tmp/portyard.mjs"), told("/tmp"));
});

test("a folder is open to root by its permissions, as those of its owner are not root's", () => {
  const folder = mkdtempSync(join(tmpdir(), "portyard-folder-"));
  const isRoot = process.geteuid?.() === 0;
  for (const [mode, isOpen] of [
    [0o755, true],
    [0o700, isRoot],
    [0o655, !isRoot],
    [0o600, false],
  ] as const) {
    chmodSync(folder, mode);
    assert.is(isOpenToRoot(folder), isOpen, mode.toString(8));
  }
  rmSync(folder, { recursive: true });
});

test("commands are run on the system that runs, by systemd, and nowhere else", () => {
  const programs = programPaths();
  assert.is(targetOf("/image", programs).notRun, "with --root nothing is run");
  assert.is(targetOf("/image", programs).root, "/image");
  assert.is(targetOf(null, programs).root, "/");
  assert.is(targetOf(null, programs).notRun, existsSync("/run/systemd/system") ? null : "systemd does not run here");
});

test.run();
