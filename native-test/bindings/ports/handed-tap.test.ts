/** TAPs that somebody else moves (bindings/ports/handed-tap.ts), with `ip` in the part of the container runtime:
 *
 *      host  pyhanded ── ip link set netns ──> pyt-PID-a  eth0 10.77.0.2                                                 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkHandedTap, findHandedTap, removeHandedTap } from "../../../bindings/ports/handed-tap.ts";
import type { OpenPort } from "../../../bindings/ports/open-port.ts";
import { openTapPort, reopenTapPort } from "../../../bindings/ports/tap.ts";
import type { TapPortRequest } from "../../../bindings/ports/tap-device.ts";
import { onEnd } from "../../support/cleanup.ts";
import { ip, ipJson } from "../../support/ip.ts";
import { makeNamespace, runInside, type TestNamespace } from "../../support/namespace.ts";
import { needing } from "../../support/need.ts";
import { readFrame } from "../../support/wire.ts";

const test = suite("handed TAP");
const NEEDS = ["root", "tun", "iproute2"] as const;
const NAME = `pyh${process.pid}`;
const MAC = "02:00:00:00:00:0a";

const requestFor = ({ path }: TestNamespace): TapPortRequest => ({
  instance: "lab",
  name: "handed",
  tap: { namespace: path, interface: NAME, addresses: ["10.77.0.2/24"], offload: true, handover: true },
  mac: MAC,
  mtu: 1400,
});

/** One datagram. */
const SEND = `
import { createSocket } from "node:dgram";
const socket = createSocket("udp4");
socket.send("frame", 9, "10.77.0.3", () => socket.close());
`;

const inHost = () => ipJson("link show").find(({ ifname }) => ifname === NAME);

/** As a runtime does. */
function move({ name }: TestNamespace): void {
  ip(`link set ${NAME} netns ${name}`);
  for (const line of [`link set ${NAME} name eth0`, "address add 10.77.0.2/24 dev eth0", "link set eth0 up"]) ip(`-n ${name} ${line}`);
}

/** A test with a namespace, after which no TAP stands in the host's. */
const story = (name: string, body: (namespace: TestNamespace) => Promise<void>) =>
  needing([...NEEDS], name, async () => {
    const removed = onEnd(NAME, () => inHost() && ip(`link del ${NAME}`));
    const namespace = makeNamespace("a");
    await body(namespace);
    assert.is(inHost(), undefined, "nothing is left");
    removed();
    namespace.remove();
  });

test(
  ...story("waits in the host's namespace for whoever moves it, and is the port's wherever it goes", async (namespace) => {
    const port = await openTapPort(requestFor(namespace));
    assert.equal([inHost()?.address, inHost()?.mtu, inHost()?.operstate], [MAC, 1400, "DOWN"]);
    assert.equal(await findHandedTap(requestFor(namespace)), { namespace: null, name: NAME });
    move(namespace);
    assert.equal(await findHandedTap(requestFor(namespace)), { namespace: namespace.path, name: "eth0" });
    ip(`-n ${namespace.name} neigh add 10.77.0.3 lladdr 02:00:00:00:00:0b dev eth0`);
    await runInside(namespace, SEND).output;
    assert.ok(readFrame(port.descriptor), "frames come by the descriptor that was opened outside");
    await port.close();
    assert.is(await findHandedTap(requestFor(namespace)), null);
  }),
);

test(
  ...story("outlives who made it, and is opened again where it stands", async (namespace) => {
    const first = await openTapPort(requestFor(namespace));
    assert.ok(first.outlives);
    first.leave();
    const second = (await reopenTapPort(requestFor(namespace))) as OpenPort;
    assert.is(second.pins, null, "in the host's namespace it keeps none");
    second.leave();
    move(namespace);
    const third = (await reopenTapPort(requestFor(namespace))) as OpenPort;
    assert.type(third.pins, "number");
    third.leave();
    const fourth = await openTapPort(requestFor(namespace));
    assert.type(fourth.pins, "number", "to open it anew finds it as well");
    await fourth.close();
  }),
);

test(
  ...story("is made where its container is not there yet, and refused where its name is somebody's", async (namespace) => {
    const request = requestFor(namespace);
    const early = { ...request, tap: { ...request.tap, namespace: "/var/run/docker/netns/not-yet" } };
    const port = await openTapPort(early);
    assert.ok(inHost());
    await port.close();
    ip(`tuntap add ${NAME} mode tap`);
    const error = await checkHandedTap(request).catch((fault) => fault);
    assert.equal([error.code, error.value], ["interface-taken", NAME]);
    assert.is(await reopenTapPort(request), null);
    ip(`link del ${NAME}`);
  }),
);

test(
  ...story("is removed wherever nobody holds it, and another's of the same name is not", async (namespace) => {
    (await openTapPort(requestFor(namespace))).leave();
    move(namespace);
    assert.equal(await removeHandedTap(requestFor(namespace)), { namespace: namespace.path, name: "eth0" });
    assert.is(await removeHandedTap(requestFor(namespace)), null);
    ip(`tuntap add ${NAME} mode tap`);
    assert.is(await removeHandedTap(requestFor(namespace)), null, "its MAC is not the port's");
    ip(`link del ${NAME}`);
  }),
);

test.run();
