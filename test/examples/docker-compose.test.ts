import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { networkInputOf } from "../../agent/docker/network-input.ts";
import { createNetwork } from "../../agent/docker/protocol.ts";
import { root } from "../../scripts/check/source-file.ts";

test("the compose file names our drivers, and options that the driver takes", () => {
  const { services, networks } = parse(readFileSync(join(root, "examples/docker-compose/compose.yaml"), "utf8"));
  assert.equal(Object.keys(services), ["container1", "container2"]);
  const { driver, ipam, driver_opts: options } = networks["my-network"];
  assert.equal([driver, ipam.driver], ["portyard", "portyard"]);
  const call = createNetwork.parse({ NetworkID: "0123456789abcdef", Options: { "com.docker.network.generic": options } });
  assert.is(networkInputOf(call).mtu, 9000);
});

test.run();
