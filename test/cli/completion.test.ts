/** The completion script, read by a real bash: what it offers where. */
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { completionScript } from "../../cli/completion.ts";
import { createProgram } from "../../cli/program.ts";
import { portyard } from "./support/capture.ts";

const test = suite("completion");
const script = completionScript(createProgram(), "bash");

/** What bash offers behind `words`, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const line = ["portyard", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _portyard; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", ask], { encoding: "utf8", cwd: "/" });
  assert.equal([status, stderr], [0, ""]);
  return stdout.split("\n").filter((word) => word !== "");
}

test("commands", () => {
  const commands = offered("");
  for (const command of ["demo", "up", "down", "show", "install", "uninstall", "doctor", "version", "completion"])
    assert.ok(commands.includes(command), command);
  assert.equal(offered("sh"), ["show"]);
});

test("commands below a command", () => {
  assert.equal(offered("show", "p"), ["ports", "published"]);
  assert.ok(offered("show", "").includes("networks"));
  assert.equal(
    offered("service", "").filter((word) => !word.startsWith("-")),
    ["add", "set", "remove", "drain"],
  );
});

test("options of a command, and only its own", () => {
  assert.equal(offered("up", "--log-"), ["--log-level", "--log-file"]);
  assert.equal(offered("show", "macs", "--net"), ["--network"]);
  assert.equal(offered("show", "drops", "--net"), []);
  assert.equal(offered("show", "flows", "--s").sort(), ["--service", "--socket", "--state"]);
});

test("values of an option", () => {
  assert.equal(offered("up", "--io", ""), ["auto", "uring", "syscall"]);
  assert.equal(offered("up", "--isolation", "p"), ["process"]);
  assert.equal(offered("completion", "z"), ["zsh"]);
  assert.equal(offered("service", "add", "--algorithm", "least"), ["least-response-time", "least-load"]);
  assert.equal(offered("show", "flows", "--state", "u"), ["udp-unanswered", "udp"]);
});

test("files where a file is wanted, nothing where a number is", () => {
  assert.ok(offered("up", "--config", "et").includes("etc"));
  assert.ok(offered("install", "--root", "et").includes("etc"));
  assert.equal(offered("up", "--workers", ""), []);
});

test("a value is not taken for a command", () => {
  assert.equal(offered("show", "--name", "ports", "mac"), ["macs"]);
  assert.equal(offered("up", "--name", "show", "--sp"), ["--spin"]);
});

test("both shells get a script that bash can parse", async () => {
  for (const shell of ["bash", "zsh"]) {
    const { status, stdout } = await portyard("completion", shell);
    assert.is(status, 0);
    assert.is(spawnSync("bash", ["-n"], { input: stdout, encoding: "utf8" }).status, 0);
  }
  assert.match((await portyard("completion", "zsh")).stdout, /^#compdef portyard\n/);
});

test.run();
