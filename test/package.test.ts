/** The package as its user gets it (test/support/installed.ts): what is in it, how it installs, what TypeScript thinks of it, and how it runs
 *  without koffi and without rights. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../scripts/check/source-file.ts";
import { InstalledPackage } from "./support/installed.ts";
import { skip } from "./support/skip.ts";

/** Of the tarball. Two fifths of it are the library, two fifths agent and command line, most of the rest is WebAssembly and documentation; maps and
 *  texts of WebAssembly, which nobody who installs it reads, would be as much again. */
const MAX_PACKED_BYTES = 850_000;
const FILES =
  /^(package\.json|README\.md|SECURITY\.md|LICENSE|CHANGELOG\.md|packaging\/|examples\/|docs\/|scripts\/portyard(-standby)?\.mjs$|dist\/wasm\/portyard\.\w+\.wasm$|dist\/(assembly\/abi|bindings)\/.*\.(js|d\.ts)$|dist\/(agent|cli)\/.*\.js$)/;
/** What the README tells readers of the repository, and says so. */
const IN_REPOSITORY = /^(assembly|bench|test|\.ci)\//;
const NOISE = /warn|deprecat|\berr/i;
const MANIFEST = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const readme = readFileSync(join(root, "README.md"), "utf8");
const [, example = "", output = ""] = /```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/.exec(readme) ?? [];

const installed = new InstalledPackage();
process.once("exit", () => installed.remove()); // also when it cannot be packed
const packed = installed.pack();
const { status, stdout, stderr } = installed.install();
const isInstalled = status === 0;

/** A test of the package in its project. */
function inProject(name: string, body: () => void): void {
  test(name, () => {
    if (!isInstalled) return skip(name, "package", `npm could not install: ${stderr.trim().split("\n").at(0)}`);
    body();
  });
}

test("it holds what is used, and is small", () => {
  const paths = packed.files.map(({ path }) => path);
  assert.equal(
    paths.filter((path) => !FILES.test(path)),
    [],
    "files that nobody needs",
  );
  // the build removes what it made of sources that are gone
  const sources = paths.filter((path) => /^dist\/(?!wasm\/).*\.js$/.test(path)).map((path) => path.replace(/^dist\/(.*)\.js$/, "$1.ts"));
  assert.ok(sources.length > 100);
  assert.equal(
    sources.filter((path) => !existsSync(join(root, path))),
    [],
    "packed without a source",
  );
  assert.is(MANIFEST.scripts.prepack, MANIFEST.scripts.build, "nothing is packed that was not built now");
  const named = [MANIFEST.exports["."].types, MANIFEST.exports["."].default, ...Object.values<string>(MANIFEST.bin)];
  for (const path of named) assert.ok(paths.includes(path.replace(/^\.\//, "")), `${path} is named and not packed`);
  assert.ok(packed.size < MAX_PACKED_BYTES, `${packed.size} bytes`);
});

test("what its documents for users link to is in it", () => {
  const paths = packed.files.map(({ path }) => path);
  for (const document of ["README.md", "SECURITY.md", "CHANGELOG.md"]) {
    const links = [...readFileSync(join(root, document), "utf8").matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)].map(
      ([, target = ""]) => target,
    );
    const missing = links.filter((target) => !paths.some((path) => path === target || path.startsWith(`${target}/`)));
    assert.equal(
      missing.filter((target) => !IN_REPOSITORY.test(target)),
      [],
      document,
    );
  }
});

test("nothing of it runs when it is installed", () => {
  const scripts = ["preinstall", "install", "postinstall", "prepare"].filter((script) => script in MANIFEST.scripts);
  assert.equal(scripts, []);
});

inProject("it installs without a word of warning, and without koffi", () => {
  assert.not.match(stdout + stderr, NOISE);
  for (const name of ["koffi", "raw-socket"]) assert.not.ok(existsSync(join(installed.project, "node_modules", name)), name);
});

inProject("the README's example compiles and runs", () => {
  installed.write("example.ts", example);
  assert.is(installed.compile(), "");
  // what Node.js would only warn of is an error
  const run = installed.run("--throw-deprecation", "--pending-deprecation", "--trace-warnings", "built/example.js");
  assert.equal([run.stderr, run.stdout, run.status], ["", output, 0]);
});

inProject("so does the example on the first page of the types", () => {
  const head = readFileSync(join(installed.project, "node_modules/portyard", MANIFEST.exports["."].types), "utf8");
  const [, code = "", printed = ""] = /```ts\n([\s\S]*?) \* {2}```[\s\S]*?It prints `(.*?)`/.exec(head) ?? [];
  installed.write("first-page.ts", code.replaceAll(/^ \* {0,2}/gm, ""));
  assert.is(installed.compile(), "");
  const run = installed.run("--throw-deprecation", "built/first-page.js");
  assert.equal([run.stderr, run.stdout, run.status], ["", `${printed}\n`, 0]);
});

inProject("types are exact, none of them is any, and mistakes are found", () => {
  installed.write("types.ts", readFileSync(join(root, "test/package/types.ts"), "utf8"));
  assert.is(installed.compile(), "");
  for (const file of declarations()) {
    const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert.not.match(code, /\bany\b/, file);
    const packages = [...code.matchAll(/(?:from |import\()"([^."][^"]*)"/g)].map(([, name = ""]) => name);
    assert.equal(
      packages.filter((name) => !(name in MANIFEST.dependencies)),
      [],
      `${file} needs types of a package that is not installed`,
    );
  }
});

/** Every declaration that `import "portyard"` reaches. */
function declarations(): string[] {
  const reached = [join(installed.project, "node_modules/portyard", MANIFEST.exports["."].types)];
  for (const file of reached) {
    const targets = [...readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g)].map(([, target = ""]) =>
      join(file, "..", target.replace(/\.[jt]s$/, ".d.ts")),
    );
    reached.push(...targets.filter((target) => !reached.includes(target)));
  }
  return reached;
}

inProject("its import does nothing: no file, no handle, no output, no listener, no global, no koffi", () => {
  installed.write(
    "import.mjs",
    `import { readdirSync } from "node:fs";
    const state = () => JSON.stringify({
      files: readdirSync("."), handles: process.getActiveResourcesInfo(), environment: process.env,
      // zod keeps its registry there
      globals: Object.keys(globalThis).filter((name) => !name.startsWith("__zod_")),
      listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]), folder: process.cwd(), title: process.title, mask: process.umask(),
    });
    const before = state();
    const exported = Object.keys(await import("portyard"));
    if (state() !== before) throw new Error(before + " became " + state());
    const koffi = process.report.getReport().sharedObjects.filter((path) => path.includes("koffi"));
    process.stdout.write(JSON.stringify({ exported, koffi }));`,
  );
  const run = installed.run("import.mjs");
  assert.is(run.stderr, "");
  const { exported, koffi } = JSON.parse(run.stdout);
  assert.is(run.status, 0, "it ended by itself");
  assert.equal(koffi, []);
  assert.ok(exported.includes("Engine") && exported.includes("parseConfig"));
});

test("nor is koffi loaded by the import where it is installed", () => {
  const code = `
    const loaded = () => process.report.getReport().sharedObjects.some((path) => path.includes("koffi"));
    const { Engine, parseConfig } = await import(${JSON.stringify(pathToFileURL(join(root, MANIFEST.exports["."].default)).href)});
    await (await Engine.create(parseConfig({ networks: [{ name: "blue" }] }), { isolation: "inline" })).close();
    const before = loaded();
    await import("koffi").catch(() => null);
    console.log(JSON.stringify([before, loaded()]));`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", code], { cwd: root, encoding: "utf8" });
  assert.is(run.stderr, "");
  const [before, after] = JSON.parse(run.stdout);
  if (!after) return skip("koffi is not loaded by the import", "package", "koffi is not installed");
  assert.is(before, false);
});

inProject("a kernel port without koffi is an error that says what is missing, and how it comes", () => {
  installed.write(
    "kernel.mjs",
    `import { Engine, PortyardError, parseConfig } from "portyard";
    const config = parseConfig({ networks: [{ name: "blue" }], ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0" } }] });
    for (const isolation of ["process", "thread"]) for (const io of ["auto", "uring", "syscall"])
      await Engine.create(config, { isolation, io, runDirectory: "run" }).then(() => console.log("made"), (error) => {
        console.log(JSON.stringify([isolation, io, error instanceof PortyardError, error.code, error.message, error.remedy]));
      });
    const engine = await Engine.create(parseConfig({ networks: [{ name: "blue" }] }), { isolation: "inline" });
    await engine.addPort(config.ports[0]).catch(({ code }) => console.log(code));
    await engine.close();`,
  );
  const before = readdirSync(installed.project);
  const run = installed.run("kernel.mjs");
  assert.is(run.stderr, "");
  const lines = run.stdout.trim().split("\n");
  assert.is(lines.pop(), "isolation");
  assert.is(lines.length, 6);
  for (const line of lines) {
    const [isolation, io, isOurs, code, message, remedy] = JSON.parse(line);
    assert.equal([isOurs, code], [true, process.platform === "linux" ? "koffi-missing" : "linux-only"], `${isolation} ${io}`);
    if (process.platform !== "linux") continue;
    assert.match(message, "optional dependency koffi");
    assert.match(remedy, "without --omit=optional");
  }
  assert.equal(readdirSync(installed.project), before, "nothing is left behind");
});

inProject("the command line replays, and says what it misses", () => {
  const program = join(installed.project, "node_modules/portyard/scripts/portyard.mjs");
  const capture = join(installed.project, "node_modules/portyard/examples/two-containers.pcap");
  const replayed = installed.run(program, "replay", capture, "--json");
  assert.is(replayed.stderr, "");
  assert.is(JSON.parse(replayed.stdout).frames, 33);
  const { pid, stdout } = installed.run(program, "doctor", "--json");
  const findings: { name: string; state: string; remedy: string | null }[] = JSON.parse(stdout);
  assert.equal(findings.find(({ name }) => name === "koffi")?.state, "missing");
  assert.not.ok(existsSync(`/dev/shm/portyard-probe-${pid}`), "what it tried out is gone");
});

test.run();
