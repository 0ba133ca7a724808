/** Where Docker's calls come in: what is made for the socket goes, also when nobody can listen there. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { listenForDocker } from "../../../agent/docker/listen.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite<{ root: string }>("socket for Docker");

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), "portyard-listen-"));
});
test.after.each(({ root }) => rmSync(root, { recursive: true }));

async function codeOf(path: string): Promise<string> {
  const failure = await listenForDocker(createServer(), path, null).catch((error: unknown) => error);
  return failure instanceof PortyardError ? failure.code : String(failure);
}

test("a folder that was made for it goes with it, one that was there stays", async ({ root }) => {
  for (const isThere of [false, true]) {
    const folder = join(root, "docker/plugins");
    if (isThere) mkdirSync(folder, { recursive: true });
    const server = createServer();
    const clear = await listenForDocker(server, join(folder, "portyard.sock"), null);
    assert.ok(existsSync(join(folder, "portyard.sock")));
    await new Promise((resolve) => server.close(resolve));
    clear();
    assert.equal([existsSync(folder), existsSync(join(root, "docker"))], [isThere, isThere]);
    assert.ok(existsSync(root), "what was there is not ours to remove");
  }
});

test("where nobody can listen nothing is left, and the reason has a code", async ({ root }) => {
  assert.is(await codeOf(join(root, "new", `${"x".repeat(120)}.sock`)), "socket-path-long");
  assert.not.ok(existsSync(join(root, "new")));
  writeFileSync(join(root, "file"), "");
  assert.is(await codeOf(join(root, "file/below/portyard.sock")), "file-failed");
});

test.run();
