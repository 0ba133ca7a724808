import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import { Screen } from "../../../cli/demo/screen.ts";
import { DockerClient } from "../../../cli/docker/docker-client.ts";
import { dockerVersion, needDriver, refuseTaken } from "../../../cli/docker/preflight.ts";
import { portyard } from "../support/capture.ts";
import { FakeDocker, type FakeDockerOptions } from "./fake-docker.ts";

const test = suite("docker preflight");

async function withDocker<Result>(options: FakeDockerOptions, ask: (docker: DockerClient) => Promise<Result>): Promise<Result> {
  const fake = new FakeDocker(options);
  try {
    return await ask(new DockerClient(new Screen(true), fake.environment));
  } finally {
    fake.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<PortyardError> {
  const error = await work.then(
    () => null,
    (thrown) => thrown,
  );
  assert.instance(error, PortyardError);
  return error;
}

test("a Docker that answers has a version", async () => {
  assert.is(await withDocker({}, dockerVersion), "99.1");
});

test("one that does not is named with Docker's words", async () => {
  const words = "Cannot connect to the Docker daemon. Is the docker daemon running?";
  const { code, message, remedy } = await refusal(withDocker({ fails: "version", words }, dockerVersion));
  assert.is(code, "docker-unreachable");
  assert.is(message, `Docker does not answer: ${words}`);
  assert.match(remedy ?? "", "--daemon");
});

test("no program docker: the package that has it", async () => {
  const { code, remedy } = await refusal(dockerVersion(new DockerClient(new Screen(true), { PATH: "/nowhere" })));
  assert.is(code, "docker-missing");
  assert.match(remedy ?? "", "docker.io");
});

test("free names are no matter", async () => {
  await withDocker({ has: ["container another", "network another"] }, refuseTaken);
});

for (const [has, remedy] of [
  [["container container1"], "docker rm -f container1"],
  [["container container2"], "docker rm -f container2"],
  [["network my-network"], "docker network rm my-network"],
  [
    ["container container1", "container container2", "network my-network"],
    "docker rm -f container1 container2; docker network rm my-network",
  ],
] as const) {
  test(`${has.join(", ")} of somebody else: refused by name`, async () => {
    const error = await refusal(withDocker({ has }, refuseTaken));
    assert.is(error.code, "docker-name-taken");
    assert.equal(
      error.value,
      has.map((one) => one.split(" ")[1]),
    );
    assert.is(error.remedy, `If nobody needs that: ${remedy}`);
  });
}

test("a Docker that fails otherwise is not taken for one without these names", async () => {
  assert.is((await refusal(withDocker({ fails: "container inspect" }, refuseTaken))).code, "docker-failed");
});

test("the driver is there when somebody listens", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portyard-driver-"));
  const path = join(folder, "portyard.sock");
  const server = createServer((connection) => connection.destroy()).listen(path);
  await once(server, "listening");
  try {
    await needDriver(path);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test("and missing when nobody does", async () => {
  const { code, path, remedy } = await refusal(needDriver("/nowhere/portyard.sock"));
  assert.equal([code, path], ["docker-driver-missing", "/nowhere/portyard.sock"]);
  assert.match(remedy ?? "", "portyard up --docker");
});

test("the command as a whole fails by one sentence, or JSON, and exit status 1", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  try {
    const told = await portyard("docker", "example");
    assert.equal([told.status, told.stdout], [1, ""]);
    assert.match(told.stderr, /^error: The program docker cannot be started/);
    const json = await portyard("docker", "example", "--json");
    assert.equal([json.status, json.stdout, JSON.parse(json.stderr).error.code], [1, "", "docker-missing"]);
  } finally {
    process.env.PATH = path;
  }
});

test.run();
