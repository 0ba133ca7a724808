/** iproute2 in batches: host, and pyt-PID-l with its loopback. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import { readLink, runLinkBatch } from "../../../bindings/ports/link.ts";
import { startChild } from "../../support/child.ts";
import { makeNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";

const test = suite("link batch");

async function failure(promise: Promise<unknown>): Promise<PortyardError> {
  const error = await promise.then(
    () => assert.unreachable("it went well"),
    (reason) => reason,
  );
  assert.instance(error, PortyardError);
  return error as PortyardError;
}

test(
  ...needing(["root", "iproute2"], "does its lines in any namespace that has a path, and reads what came of it", async () => {
    const namespace = makeNamespace("l");
    await runLinkBatch(["link set lo mtu 4000", "address add 10.9.9.9/32 dev lo"], namespace.path);
    const [lo] = await readLink<{ mtu: number; addr_info: { local: string }[] }[]>(["address", "show", "dev", "lo"], namespace.path);
    assert.is(lo?.mtu, 4000);
    assert.ok(lo?.addr_info.some(({ local }) => local === "10.9.9.9"));
    const [own] = await readLink<{ addr_info: { local: string }[] }[]>(["address", "show", "dev", "lo"]);
    assert.not.ok(own?.addr_info.some(({ local }) => local === "10.9.9.9"));
    namespace.remove();
  }),
);

test(
  ...needing(["root", "iproute2"], "stops at the line that fails and gives its words", async () => {
    const namespace = makeNamespace("f");
    const lines = ["link set lo mtu 4000", "link set nothing up", "link set lo mtu 5000"];
    const error = await failure(runLinkBatch(lines, namespace.path));
    assert.equal([error.code, error.path, error.value], ["link-failed", "ip link set nothing up", 'Cannot find device "nothing"']);
    assert.is(error.message, 'ip link set nothing up: Cannot find device "nothing"');
    const [lo] = await readLink<{ mtu: number }[]>(["link", "show", "dev", "lo"], namespace.path);
    assert.is(lo?.mtu, 4000, "what came before is done, what comes after is not");
    namespace.remove();
  }),
);

test(
  ...needing(["iproute2"], "of no lines starts nothing, and of nonsense says so", async () => {
    await runLinkBatch([]);
    const error = await failure(readLink(["nonsense"]));
    assert.is(error.code, "link-failed");
    assert.match(String(error.value), "nonsense");
  }),
);

/** In a mount namespace of its own: folders with programs are covered by empty ones, that of `mount` last. */
const WITHOUT_PROGRAMS = `
  const { runLinkBatch } = await bindings("ports/link.js");
  const { execFileSync } = await import("node:child_process");
  const { realpathSync } = await import("node:fs");
  const folders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"].map((folder) => realpathSync(folder));
  for (const folder of new Set(folders)) execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  process.env.PATH = "/usr/bin";
  await runLinkBatch(["link show lo"]).catch((error) => console.log(JSON.stringify(error)));
`;

test(
  ...needing(["root", "unshare"], "without iproute2 says what to install", async () => {
    const child = startChild(WITHOUT_PROGRAMS, { through: ["unshare", "-m"] });
    const { error } = JSON.parse(await child.line());
    assert.equal([error.code, error.path], ["iproute2-missing", "ip"]);
    assert.match(error.remedy, "apt-get install iproute2");
    assert.is(await child.finish(), 0);
  }),
);

test.run();
