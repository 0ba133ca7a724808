/** Explanations of new connections foretell the backend that the next one gets, under each algorithm, and change nothing: not flows, not counts, not whose
 *  turn it is. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as map from "../../../assembly/abi/memory-map.ts";
import type { ServiceConfig } from "../../../bindings/config/types.ts";
import { ALGORITHMS } from "../../../bindings/service/algorithms.ts";
import { scale } from "../../scale.ts";
import { ethernet, station, TYPE_IPV4 } from "../../support/packet/ethernet.ts";
import { ipv4, TCP } from "../../support/packet/ip.ts";
import { SYN, tcp } from "../../support/packet/transport.ts";
import { addressOf, macOf, type Name, SERVICE, Served, VIRTUAL } from "../../support/served.ts";
import { BUILDS } from "../../support/wasm.ts";

function syn(client: Name, sourcePort: number): Uint8Array {
  const ends = { source: addressOf(client), destination: VIRTUAL };
  const segment = tcp(ends, { sourcePort, targetPort: 80, sequence: 1, flags: SYN });
  return ethernet(station(99), macOf(client), TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, segment));
}

/** What an explanation says of the backend. */
function foretold({ engine }: Served, client: Name, frame: Uint8Array): string | null | undefined {
  const { steps } = engine.explain(client, frame);
  return steps.find((step) => step.step === "pick")?.backend;
}

function tablesOf({ engine }: Served): Buffer {
  // biome-ignore lint/complexity/useLiteralKeys: it is private
  const { tables, layout } = engine["parts"].store;
  return Buffer.from(tables.bytes.slice(map.TABLES, layout.workersBase));
}

const weighted = (algorithm: ServiceConfig["algorithm"]): ServiceConfig => ({
  ...SERVICE,
  algorithm,
  backends: SERVICE.backends.map((backend, index) => ({ ...backend, weight: [5, 1, 2][index]! })),
});

for (const build of BUILDS) {
  test(`under each algorithm the backend is the one that the connection then gets (${build})`, async () => {
    for (const algorithm of ALGORITHMS) {
      const served = await Served.create(build, weighted(algorithm));
      const gotten = new Set<string>();
      for (let number = 0; number < scale.foretoldFlows; number++) {
        const client = (["c1", "c2", "c3"] as const)[number % 3]!;
        const frame = syn(client, 1024 + number);
        const said = foretold(served, client, frame);
        served.engine.memoryPort(client).send(frame);
        const [heard] = served.takeAll();
        assert.is(heard?.port, said, `${algorithm}, connection ${number}`);
        gotten.add(said ?? "");
      }
      // of so few clients
      if (algorithm !== "source-hash") assert.ok(gotten.size > 1, `${algorithm}: ${[...gotten]}`);
      await served.close();
    }
  });

  test(`many explanations in a row leave flows, counts and turns as they are (${build})`, async () => {
    const served = await Served.create(build, { ...weighted("weighted-round-robin"), affinitySeconds: 60 });
    for (const port of [1, 2, 3]) served.engine.memoryPort("c1").send(syn("c1", port));
    served.takeAll();
    const [before, services, flows] = [tablesOf(served), served.engine.services(), served.engine.flows()];
    const said = foretold(served, "c2", syn("c2", 1));
    for (let number = 0; number < scale.explanationsInARow; number++) {
      assert.is(foretold(served, "c2", syn("c2", 1 + (number % 60_000))), said);
    }
    assert.is(before.compare(tablesOf(served)), 0, "the tables are as they were");
    assert.equal([served.engine.services(), served.engine.flows()], [services, flows]);
    served.engine.memoryPort("c2").send(syn("c2", 1));
    assert.is(served.takeAll()[0]?.port, said);
    await served.close();
  });

  test(`a backend that has gone and still has flows is told by its address (${build})`, async () => {
    const served = await Served.create(build);
    const frame = syn("c1", 1);
    served.engine.memoryPort("c1").send(frame);
    await served.engine.setService({ ...SERVICE, backends: SERVICE.backends.slice(1) });
    const flow = served.engine.explain("c1", frame).steps.find((step) => step.step === "flow");
    assert.equal([flow?.outcome, flow?.service, flow?.backend], ["original", "my-service", addressOf("b1")]);
    await served.close();
  });
}

test.run();
