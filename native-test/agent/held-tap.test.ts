/** A port whose TAP a container runtime moves, and which could not be made again: when it is removed its TAP goes too, which nobody would know
 *  of any more.
 *
 *      agent 1 ── TAP ── container      agent 2: the network is refused, the port held ── removed ──> no TAP            */
import pino from "pino";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Publisher } from "../../agent/host/publish/publisher.ts";
import { Objects } from "../../agent/objects.ts";
import { Operations } from "../../agent/operations.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import { findHandedTap } from "../../bindings/ports/handed-tap.ts";
import { openTapPort } from "../../bindings/ports/tap.ts";
import { FakeEngine } from "../../test/agent/support/fake-engine.ts";
import { FakeHost } from "../../test/agent/support/fake-host.ts";
import { onEnd } from "../support/cleanup.ts";
import { ip, ipJson } from "../support/ip.ts";
import { makeNamespace } from "../support/namespace.ts";
import { needing } from "../support/need.ts";

const test = suite("held TAP");
const NAME = `pyh${process.pid}`;
const MAC = "02:00:00:00:00:0a";

test(
  ...needing(["root", "tun", "iproute2"], "a held port is removed with the TAP that stands in its container still", async () => {
    const container = makeNamespace("a");
    const removed = onEnd(NAME, () => ipJson("link show").some(({ ifname }) => ifname === NAME) && ip(`link del ${NAME}`));
    const tap = { namespace: container.path, interface: NAME, addresses: [] as string[], offload: true, handover: true as const };
    const request = { instance: "lab", name: "docker-e", tap, mac: MAC, mtu: 1400 };
    (await openTapPort(request)).leave();
    ip(`link set ${NAME} netns ${container.name}`);

    const config = parseConfig({ name: "lab" });
    const objects = new Objects(config);
    const port = { name: "docker-e", network: "docker-n", mac: MAC, tap: { namespace: container.path, interface: NAME, handover: true } };
    objects.hold({ networks: [], ports: [{ owner: "docker", config: port, addresses: [] }], interfaces: [], hostPorts: [] } as never);
    const log = pino({ level: "silent" });
    const publisher = new Publisher({
      networks: () => [],
      kept: objects.hostPorts,
      log,
      openSocket: async () => assert.unreachable() as never,
      forgetFlows: async () => true,
    });
    const operations = new Operations({
      config,
      engine: new FakeEngine(config),
      host: new FakeHost(),
      publisher,
      objects,
      save: async () => {},
      log,
    });
    await operations.makeHeld();
    assert.ok(objects.heldPorts.has("docker-e"), "its network is not there");
    assert.equal(await findHandedTap(request), { namespace: container.path, name: NAME });
    await operations.removePort("docker-e", "docker");
    assert.is(await findHandedTap(request), null);
    assert.not.ok(objects.heldPorts.has("docker-e"));
    removed();
    container.remove();
  }),
);

test.run();
