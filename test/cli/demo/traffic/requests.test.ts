/** Requests and answers of the demo over this machine's loopback: counted whole, or refused with a reason. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../../bindings/error.ts";
import { answerOf, answerRequests, nameIn } from "../../../../cli/demo/traffic/answer.ts";
import { makeRequests } from "../../../../cli/demo/traffic/requests.ts";

const HOST = "127.0.0.1";
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/** Makes requests to a server that does `serve` with each connection. */
async function askedOf(serve: (socket: Socket) => void, count: number, atOnce: number, report: (count: number) => void = () => {}) {
  const server = createServer(serve).listen(0, HOST);
  await once(server, "listening");
  try {
    return await makeRequests(HOST, portOf(server), count, atOnce, report);
  } finally {
    await close(server);
  }
}

async function failure(work: Promise<unknown>): Promise<PortyardError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  assert.instance(error, PortyardError);
  assert.is(error.code, "request-failed");
  return error;
}

test("each request is a connection, has one answer and is counted under the name in it", async () => {
  let connections = 0;
  const result = await askedOf(
    (socket) => {
      const name = `backend${1 + (connections++ % 2)}`;
      socket.once("data", () => socket.end(answerOf(name)));
    },
    101,
    7,
  );
  assert.equal(result.counts, { backend1: 51, backend2: 50 });
  assert.is(connections, 101);
});

test("as many as are asked for wait at once, and no more", async () => {
  let [open, most] = [0, 0];
  await askedOf(
    (socket) => {
      most = Math.max(most, ++open);
      socket.once("data", () => setImmediate(() => socket.end(answerOf("a"))));
      socket.once("close", () => open--);
    },
    60,
    6,
  );
  assert.ok(most <= 6 && most > 1, `${most}`);
});

test("after each fifty it says how many were answered", async () => {
  const said: number[] = [];
  await askedOf(
    (socket) => void socket.once("data", () => socket.end(answerOf("a"))),
    130,
    4,
    (count) => said.push(count),
  );
  assert.equal(said, [50, 100]);
});

test("a backend answers no sooner than its time is over, and takes as many at once as there are", async () => {
  const server = await answerRequests("slow", 0, 60);
  const { counts, meanMs, seconds } = await makeRequests(HOST, portOf(server), 8, 8, () => {});
  assert.equal(counts, { slow: 8 });
  assert.ok(meanMs >= 59, `${meanMs}`);
  assert.ok(seconds < 8 * 0.06, `one after the other: ${seconds}`);
  await close(server);
});

test("a client that goes away in the middle does not end a backend", async () => {
  const server = await answerRequests("patient", 0, 20);
  const rude = connect(portOf(server), HOST, () => rude.write("GET", () => rude.resetAndDestroy()));
  await once(rude, "close");
  assert.equal((await makeRequests(HOST, portOf(server), 3, 1, () => {})).counts, { patient: 3 });
  await close(server);
});

test("where nobody listens the request has failed, with the address", async () => {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const port = portOf(server);
  await close(server);
  assert.match((await failure(makeRequests(HOST, port, 5, 2, () => {}))).message, `${HOST}:${port} failed: `);
});

for (const [what, serve] of [
  ["an end without an answer", (socket: Socket) => void socket.resume().end()],
  ["a reset", (socket: Socket) => void socket.once("data", () => socket.resetAndDestroy())],
  ["half an answer", (socket: Socket) => void socket.once("data", () => socket.end(answerOf("name").slice(0, -1)))],
  ["something else", (socket: Socket) => void socket.once("data", () => socket.end("220 ready\r\n"))],
] as const) {
  test(`${what} is no answer`, async () => {
    await failure(askedOf(serve, 3, 2));
  });
}

test("the name is found in whole answers only", () => {
  assert.is(nameIn(answerOf("backend3")), "backend3");
  for (const other of ["", "backend3\n", answerOf(""), answerOf("two words"), `x${answerOf("a")}`, answerOf("a").replace("200", "500")]) {
    assert.is(nameIn(other), null, other);
  }
});

test.run();
