/** Services of an engine, as a worker finds them in the tables. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as abi from "../../../../assembly/abi/service.ts";
import { virtualMac } from "../../../../bindings/config/mac-address.ts";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import { PortyardError } from "../../../../bindings/error.ts";
import type { PickedBackend } from "../../../../bindings/service/types.ts";
import { backendOf, portOf, portRule, serviceOf, ServiceYard } from "./yard.ts";

const stories: [string, () => Promise<void>][] = [];
/** A case with an engine of its own, which has nothing of services left at its end. */
function story(
  name: string,
  services: ServiceConfig[],
  body: (yard: ServiceYard) => Promise<void> | void,
  ports = [portOf("a", ["10.77.0.2"])],
): void {
  stories.push([
    name,
    async () => {
      const yard = await ServiceYard.create(services, ports);
      try {
        await body(yard);
        for (const { name: left } of yard.engine.services()) await yard.engine.removeService(left);
        assert.equal(yard.used(), { services: 0, backends: 0 }, "records are empty");
        assert.equal([...yard.endpoints(), ...yard.endpoints("green")], []);
        assert.equal(yard.served(), { isOn: false, bytes: [] });
      } finally {
        await yard.engine.close();
      }
    },
  ]);
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return "no error";
  } catch (error) {
    return error instanceof PortyardError ? error.code : String(error);
  }
}

story("a service is found by its virtual address", [serviceOf({ affinitySeconds: 60 })], (yard) => {
  assert.equal(yard.seen("10.77.0.100"), {
    service: "web",
    mac: virtualMac("blue", "10.77.0.100"),
    affinity: 60,
    algorithm: abi.ROUND_ROBIN,
    rules: ["tcp 80-80 to 8080"],
    slate: ["10.77.0.2", "10.77.0.3"],
  });
  assert.equal(yard.served(), { isOn: true, bytes: [2, 3, 100] });
  assert.equal(yard.served("green"), { isOn: false, bytes: [] });
});

story("its MAC is a station's, locally administered, and follows from network and address", [], () => {
  const mac = virtualMac("blue", "10.77.0.100");
  assert.is(Number.parseInt(mac.slice(0, 2), 16) & 3, 2);
  assert.is(mac, virtualMac("blue", "10.77.0.100"));
  assert.is.not(mac, virtualMac("green", "10.77.0.100"));
  assert.is.not(mac, virtualMac("blue", "10.77.0.101"));
});

story(
  "each family has a record, and a program picks from all backends",
  [serviceOf({ addresses: ["10.77.0.100", "fd77::64"], backends: [backendOf("10.77.0.2"), backendOf("fd77::2"), backendOf("10.77.0.3")] })],
  (yard) => {
    assert.equal(yard.seen("10.77.0.100")?.slate, ["10.77.0.2", "10.77.0.3"]);
    assert.equal(yard.seen("fd77::64")?.slate, ["fd77::2"]);
    const { pick } = yard.engine.balancer("web");
    assert.equal(
      [pick(), pick(), pick()].map(({ backend, done }) => [backend.address, done()][0]),
      ["10.77.0.2", "fd77::2", "10.77.0.3"],
    );
    assert.is(yard.used().services, 3);
  },
);

story("one without an address is found by its backends and by name", [serviceOf({ addresses: [], ports: [] })], (yard) => {
  assert.is(yard.used().services, 1);
  assert.equal([...yard.endpoints().keys()].sort(), ["10.77.0.2", "10.77.0.3"]);
  const { backend, done } = yard.engine.balancer("web").pick();
  done();
  assert.is(backend.address, "10.77.0.2");
});

story(
  "backends of several services at one address are chained",
  [serviceOf(), serviceOf({ name: "api", addresses: ["10.77.0.101"], backends: [backendOf("10.77.0.3"), backendOf("10.77.0.2")] })],
  async (yard) => {
    const chain = (address: string) => yard.endpoints().get(address)?.backends;
    const [web, api] = ["web", "api"].map((name) => yard.indexOf(name, "b-10.77.0.2"));
    assert.equal(chain("10.77.0.2"), [web, api]);
    await yard.engine.removeService("web");
    assert.equal(chain("10.77.0.2"), [api]);
    await yard.engine.addService(serviceOf());
    assert.equal(chain("10.77.0.2")?.length, 2);
  },
);

story("the station of a backend is that of its port, as long as there is one", [serviceOf()], async (yard) => {
  const macs = () => [yard.mac("web", "b-10.77.0.2"), yard.mac("web", "b-10.77.0.3")];
  assert.equal(macs(), ["02:00:00:00:00:61", null]);
  await yard.engine.addPort(portOf("b", ["10.77.0.3"]));
  assert.equal(macs(), ["02:00:00:00:00:61", "02:00:00:00:00:62"]);
  await yard.engine.setPorts([portOf("a", []), portOf("b", ["10.77.0.2", "10.77.0.3"])]);
  assert.equal(macs(), ["02:00:00:00:00:62", "02:00:00:00:00:62"]);
  await yard.engine.removePort("b");
  assert.equal(macs(), [null, null]);
});

story("a network that is set keeps its services", [serviceOf()], async (yard) => {
  const before = yard.served();
  await yard.engine.setNetwork({ ...yard.networkConfig(), macAgeSeconds: 60 });
  assert.equal(yard.served(), before);
  assert.is(await codeOf(yard.engine.removeNetwork("blue")), "network-in-use");
});

story("all but name and network of a service change while it is there", [serviceOf()], async (yard) => {
  const [kept] = [yard.indexOf("web", "b-10.77.0.3")];
  await yard.engine.setService(
    serviceOf({
      affinitySeconds: 5,
      algorithm: "least-load",
      ports: [portRule(443, { lastPort: 445, targetPort: 8443 }), portRule(53, { protocol: "udp" })],
      backends: [backendOf("10.77.0.3", { weight: 4, port: 99 }), backendOf("10.77.0.4")],
    }),
  );
  assert.equal(yard.seen("10.77.0.100"), {
    service: "web",
    mac: virtualMac("blue", "10.77.0.100"),
    affinity: 5,
    algorithm: abi.LEAST_LOAD,
    rules: ["tcp 443-445 to 8443", "udp 53-53 to 53"],
    slate: ["10.77.0.3", "10.77.0.4"],
  });
  assert.is(yard.indexOf("web", "b-10.77.0.3"), kept);
  assert.equal(yard.served().bytes, [3, 4, 100]);
});

story("as many rules as there can be are exchanged for others", [serviceOf()], async (yard) => {
  const rules = (first: number) => Array.from({ length: 32 }, (_, index) => portRule(first + index));
  for (const first of [100, 116, 1000]) {
    await yard.engine.setService(serviceOf({ ports: rules(first) }));
    assert.is(yard.seen("10.77.0.100")?.rules.length, 32);
    assert.ok(yard.seen("10.77.0.100")?.rules.includes(`tcp ${first + 31}-${first + 31} to ${first + 31}`));
  }
});

story("another virtual address takes the place of the one before", [serviceOf()], async (yard) => {
  await yard.engine.setService(serviceOf({ addresses: ["10.77.0.200"] }));
  assert.is(yard.seen("10.77.0.100"), null);
  assert.equal(yard.seen("10.77.0.200")?.slate, ["10.77.0.2", "10.77.0.3"]);
  await yard.engine.setService(serviceOf({ addresses: [] }));
  assert.is(yard.seen("10.77.0.200"), null);
  assert.equal(yard.served().bytes, [2, 3]);
});

story("a schedule goes on where it was when the set changes", [serviceOf()], async (yard) => {
  const balancer = yard.engine.balancer("web");
  const picks: PickedBackend[] = [];
  const next = () => {
    picks.push(balancer.pick());
    return picks.at(-1)?.backend.address;
  };
  assert.is(next(), "10.77.0.2");
  await yard.engine.setService(serviceOf({ backends: ["2", "3", "4"].map((last) => backendOf(`10.77.0.${last}`)) }));
  assert.equal([next(), next(), next()], ["10.77.0.3", "10.77.0.4", "10.77.0.2"]);
  for (const service of yard.engine.services())
    assert.is(
      service.backends.reduce((sum, { active }) => sum + active, 0),
      4,
    );
  await yard.engine.setService(serviceOf({ backends: [backendOf("10.77.0.4")] }));
  assert.is(yard.used().backends, 3, "picks that are not done hold their records");
  await yard.engine.setService(serviceOf());
  assert.is(yard.used().backends, 3, "one that comes back has the record that it had");
  for (const { done } of picks) done();
  yard.engine.tick(1000);
  await yard.engine.settle();
  assert.is(yard.used().backends, 2);
});

story("what is wrong leaves nothing behind, and the others as they were", [serviceOf()], async (yard) => {
  const before = [yard.seen("10.77.0.100"), yard.used(), yard.served()];
  const api = (more: Partial<ServiceConfig>) => serviceOf({ name: "api", addresses: ["10.77.0.101"], ...more });
  assert.is(await codeOf(yard.engine.addService(serviceOf())), "service-exists");
  assert.is(await codeOf(yard.engine.addService(api({ network: "red" }))), "network-missing");
  assert.is(await codeOf(yard.engine.addService(api({ addresses: ["10.77.0.100"] }))), "address-taken");
  assert.is(await codeOf(yard.engine.addService(api({ addresses: ["10.77.0.2"] }))), "address-taken");
  assert.is(await codeOf(yard.engine.setService(api({}))), "service-missing");
  assert.is(await codeOf(yard.engine.setService(serviceOf({ network: "green" }))), "not-settable");
  assert.is(await codeOf(yard.engine.removeService("api")), "service-missing");
  assert.is(await codeOf(yard.engine.endFlows("web", "b-9")), "backend-missing");
  const many = Array.from({ length: 16_384 }, (_, index) => backendOf(`10.${index >> 14}.${(index >> 8) & 63}.${index & 255}`));
  assert.is(await codeOf(yard.engine.addService(api({ backends: many }))), "backends-exhausted");
  assert.is(
    await codeOf(yard.engine.setService(serviceOf({ backends: many.map((one) => ({ ...one, weight: 65_535 })), addresses: [] }))),
    "backends-exhausted",
  );
  assert.equal([yard.seen("10.77.0.100"), yard.used(), yard.served()], before);
});

story("room for slates and services runs out, and comes back", [serviceOf()], async (yard) => {
  const names: string[] = [];
  let code = "no error";
  for (let index = 0; code === "no error" && index < 100; index++) {
    const name = `s${index}`;
    code = await codeOf(yard.engine.addService(serviceOf({ name, addresses: [], algorithm: "maglev" })));
    if (code === "no error") names.push(name);
  }
  assert.is(code, "slates-exhausted");
  const used = yard.used();
  assert.is(
    await codeOf(yard.engine.setService(serviceOf({ algorithm: "maglev", addresses: ["10.77.0.100", "fd77::64"] }))),
    "slates-exhausted",
  );
  assert.equal(yard.used(), used);
  assert.is(yard.seen("fd77::64"), null);
  await yard.engine.removeService(names[0] as string);
  assert.is(await codeOf(yard.engine.addService(serviceOf({ name: "again", addresses: [], algorithm: "maglev" }))), "no error");
});

story("a backend that workers count as failing is left out", [serviceOf()], (yard) => {
  const { engine } = yard;
  const index = yard.indexOf("web", "b-10.77.0.2");
  const states = () => engine.services()[0]?.backends.map(({ state }) => state);
  engine.tick(1000);
  for (let failure = 0; failure < 2; failure++) yard.wasm.failOnBackend(index);
  engine.tick(1100);
  assert.equal(states(), ["usable", "usable"]);
  yard.wasm.failOnBackend(index);
  engine.tick(1200);
  assert.equal(states(), ["ejected", "usable"]);
  const { pick } = engine.balancer("web");
  assert.equal(
    [pick(), pick()].map(({ backend, done }) => [backend.address, done()][0]),
    ["10.77.0.3", "10.77.0.3"],
  );
  engine.tick(31_300);
  assert.equal(states(), ["usable", "usable"]);
});

story("a backend that comes later starts slowly", [serviceOf({ algorithm: "least-load", slowStartSeconds: 10 })], async (yard) => {
  const { engine } = yard;
  engine.tick(1000);
  await engine.setService(
    serviceOf({ algorithm: "least-load", slowStartSeconds: 10, backends: ["2", "3", "4"].map((last) => backendOf(`10.77.0.${last}`)) }),
  );
  const share = () => {
    const picks = Array.from({ length: 42 }, () => engine.balancer("web").pick());
    for (const { done } of picks) done();
    return picks.filter(({ backend }) => backend.address === "10.77.0.4").length;
  };
  assert.is(share(), 2);
  engine.tick(6000);
  assert.is(share(), 8);
  engine.tick(12_000);
  assert.is(share(), 14);
});

for (const [name, body] of stories) test(name, body);
test.run();
