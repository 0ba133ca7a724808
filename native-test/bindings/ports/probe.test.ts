/** What a machine can do, as `portyard doctor` asks: the probes leave nothing, and tell what is taken away from them. */
import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ProbeResult, probeHost } from "../../../bindings/ports/probe.ts";
import { startChild } from "../../support/child.ts";
import { needing } from "../../support/need.ts";

const test = suite("probe");
const NAMES = [
  ["kernel", "architecture", "node", "rights", "koffi", "memory-mapping", "io-uring", "tap", "packet-socket"],
  ["network-namespaces", "user-namespaces", "iproute2", "nftables", "tmpfs-run", "tmpfs-shm"],
].flat();

function traces(): string[] {
  return ["/sys/class/net", "/dev/shm", "/proc/self/fd"].flatMap((folder) => readdirSync(folder));
}

test("names everything once, with a detail, and a remedy where something lacks", async () => {
  const results = await probeHost();
  assert.equal(
    results.map(({ name }) => name),
    NAMES,
  );
  for (const { name, state, detail, remedy } of results) {
    assert.ok(["ok", "limited", "missing"].includes(state), name);
    assert.ok(detail.length > 0, name);
    if (state === "ok") assert.is(remedy, null, name);
    if (state === "missing") assert.type(remedy, "string", name);
  }
});

test(
  ...needing(["root", "tun", "iproute2"], "finds what works here, and leaves nothing", async () => {
    await probeHost();
    const before = traces();
    const results = await probeHost();
    assert.equal(traces(), before);
    const works = results.filter(({ state }) => state === "ok").map(({ name }) => name);
    for (const name of ["node", "rights", "koffi", "memory-mapping", "tap", "packet-socket", "network-namespaces", "iproute2"]) {
      assert.ok(works.includes(name), name);
    }
  }),
);

test(
  ...needing(["root"], "says what a process without rights cannot do", async () => {
    const child = startChild(`
      const { dropCapabilities } = await bindings("native/capability.js");
      const { probeHost } = await bindings("ports/probe.js");
      dropCapabilities();
      console.log(JSON.stringify(await probeHost()));`);
    const results: ProbeResult[] = JSON.parse(await child.line());
    const of = (wanted: string) => results.find(({ name }) => name === wanted) as ProbeResult;
    assert.is(of("rights").state, "missing");
    assert.match(of("rights").detail, "CAP_NET_ADMIN");
    for (const name of ["tap", "packet-socket", "network-namespaces"]) {
      assert.is.not(of(name).state, "ok", name);
      assert.match(String(of(name).remedy), "Run as root", name);
    }
    assert.is(of("memory-mapping").state, "ok");
    await child.finish();
  }),
);

test(
  ...needing(["root", "unshare"], "sees a /dev/shm that is too small, and one that is none", async () => {
    for (const [mount, expected] of [
      [["-t", "tmpfs", "-o", "size=1m", "tmpfs", "/dev/shm"], "limited /dev/shm has 1 MiB free"],
      [["--bind", "/etc", "/dev/shm"], "limited /dev/shm is no tmpfs"],
    ] as const) {
      const child = startChild(
        `const { execFileSync } = await import("node:child_process");
         const { probeTmpfs } = await bindings("ports/probe-system.js");
         execFileSync("mount", ${JSON.stringify(mount)});
         const { state, detail } = probeTmpfs("/dev/shm");
         console.log(state, detail);`,
        { through: ["unshare", "-m"] },
      );
      assert.match(await child.line(), expected);
      await child.finish();
    }
  }),
);

test.run();
