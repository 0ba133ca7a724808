import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import { privateEnvironment } from "../../../cli/docker/private-docker.ts";
import { privateHost } from "../../../cli/docker/private-host.ts";

const test = suite("private Docker");

/** What `look` gives while these variables are as said. */
async function withVariables<Result>(variables: Record<string, string>, look: () => Result | Promise<Result>): Promise<Result> {
  const before = process.env;
  process.env = { ...before, ...variables };
  try {
    return await look();
  } finally {
    process.env = before;
  }
}

async function refusal(): Promise<PortyardError> {
  const error = await privateHost().catch((thrown: unknown) => thrown);
  assert.instance(error, PortyardError);
  return error as PortyardError;
}

test("the client is led to the private one, whatever the caller's variables say", async () => {
  const elsewhere = { DOCKER_HOST: "tcp://192.0.2.1", DOCKER_CONTEXT: "far", DOCKER_TLS_VERIFY: "1", DOCKER_DRIVER: "btrfs" };
  const names = await withVariables(elsewhere, () => Object.entries(privateEnvironment()).filter(([name]) => name.startsWith("DOCKER_")));
  assert.equal(names, [["DOCKER_HOST", "unix:///run/docker.sock"]]);
});

test("without root it says so", async () => {
  const { geteuid } = process;
  process.geteuid = () => 1000;
  try {
    const { code, path, remedy } = await refusal();
    assert.equal([code, path], ["no-rights", "--daemon"]);
    assert.match(remedy ?? "", "leave out --daemon");
  } finally {
    if (geteuid !== undefined) process.geteuid = geteuid;
  }
});

test("what is missing is named, with the packages that have it", async () => {
  const { geteuid, platform } = process;
  if (platform !== "linux") return;
  process.geteuid = () => 0;
  try {
    const { code, value, remedy } = await withVariables({ PATH: "/nowhere" }, refusal);
    assert.is(code, "programs-missing");
    assert.ok((value as string[]).includes("docker") && (value as string[]).includes("unshare"), String(value));
    assert.match(remedy ?? "", /^Install them: apt install docker\.io .*util-linux/);
  } finally {
    if (geteuid !== undefined) process.geteuid = geteuid;
  }
});

test.run();
