/** The command line as a whole: help for every command, exit status 2 for wrong usage, errors as JSON where they are asked. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createProgram } from "../../cli/program.ts";
import { portyard } from "./support/capture.ts";

const test = suite("program");

function everyCommand(command: Command, path: string[] = []): string[][] {
  return [path, ...command.commands.flatMap((child) => everyCommand(child, [...path, child.name()]))];
}

for (const path of everyCommand(createProgram())) {
  test(`portyard ${[...path, "--help"].join(" ")} explains and gives an example`, async () => {
    const { status, stdout, stderr } = await portyard(...path, "--help");
    assert.equal([status, stderr], [0, ""]);
    assert.match(stdout, /^Usage: portyard/);
    assert.match(stdout, /--help/);
    assert.ok(/Examples?:\n.*portyard /.test(stdout) || path[0] === "demo", stdout);
  });
}

for (const words of [
  [],
  ["shwo"],
  ["show"],
  ["show", "prots"],
  ["show", "ports", "--colour"],
  ["show", "ports", "--limit", "0"],
  ["show", "ports", "--limit", "many"],
  ["show", "ports", "--limit"],
  ["show", "ports", "--name", "No Name"],
  ["show", "ports", "extra"],
  ["up"],
  ["up", "--config", "x.yaml", "--io", "magic"],
  ["up", "--config", "x.yaml", "--io", "memory"],
  ["up", "--config", "x.yaml", "--workers", "0"],
  ["up", "--config", "x.yaml", "--workers", "17"],
  ["up", "--config", "x.yaml", "--isolation", "inline"],
  ["up", "--config", "x.yaml", "--spin", "1001"],
  ["up", "--config", "x.yaml", "--log-level", "loud"],
  ["down", "--name", "../x"],
  ["down", "extra"],
  ["install", "--dry-run", "--name", "../x"],
  ["install", "--dry-run", "extra"],
  ["uninstall", "--dry-run", "--docker"],
  ["doctor", "--fix"],
  ["completion"],
  ["completion", "fish"],
]) {
  test(`portyard ${words.join(" ")} is wrong usage`, async () => {
    const { status, stdout, stderr } = await portyard(...words);
    assert.equal([status, stdout], [2, ""]);
    assert.ok(stderr.length > 0);
  });

  test(`portyard ${words.join(" ")} --json says so as JSON`, async () => {
    const { status, stdout, stderr } = await portyard(...words, "--json");
    assert.equal([status, stdout], [2, ""]);
    const { error } = JSON.parse(stderr);
    assert.is(error.code, "usage");
    assert.ok(error.message && error.remedy);
  });
}

test("an option without its value is wrong usage", async () => {
  assert.is((await portyard("up", "--config")).status, 2);
});

test("a word that is nearly a command is corrected", async () => {
  assert.match((await portyard("shwo")).stderr, /Did you mean show\?/);
});

test("no agent: one sentence, the remedy, exit status 1", async () => {
  const { status, stdout, stderr } = await portyard("show", "ports", "--socket", "/nowhere/agent.sock");
  assert.equal([status, stdout], [1, ""]);
  assert.match(stderr, /^error: No agent listens on \/nowhere\/agent\.sock\.\n {7}Start one with/);
});

test("no agent, as JSON: code, message, path, value, remedy", async () => {
  const { status, stderr } = await portyard("show", "ports", "--socket", "/nowhere/agent.sock", "--json");
  const { error } = JSON.parse(stderr);
  assert.equal([status, error.code, error.path, error.value], [1, "agent-missing", "/nowhere/agent.sock", "ENOENT"]);
  assert.equal(Object.keys(error), ["code", "message", "path", "value", "remedy"]);
});

test("up with a wrong configuration tells every problem and makes nothing", async () => {
  const { status, stderr } = await portyard("up", "--config", "/nowhere/portyard.yaml");
  assert.is(status, 1);
  assert.match(stderr, /^error: \/nowhere\/portyard\.yaml cannot be read: ENOENT\./);
  assert.not(existsSync("/run/portyard/nowhere"));
});

test("version says what to write into a report", async () => {
  const { version, layoutVersion, node } = JSON.parse((await portyard("version", "--json")).stdout);
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok(Number.isInteger(layoutVersion));
  assert.is(node, process.versions.node);
  assert.is((await portyard("--version")).stdout, `${version}\n`);
  assert.ok((await portyard("version")).stdout.startsWith(`portyard ${version}\n`));
});

test.run();
