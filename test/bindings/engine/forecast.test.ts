/** What is said before a takeover, from the file alone: what goes on, what does not, and how many stations find room. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LAYOUT_VERSION } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as field from "../../../assembly/abi/port.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { EngineConfig } from "../../../bindings/config/types.ts";
import { type Forecast, foresee } from "../../../bindings/engine/forecast.ts";
import { splitMac } from "../../../bindings/mac.ts";
import * as networkTable from "../../../bindings/tables/network-table.ts";
import * as portTable from "../../../bindings/tables/port-table.ts";
import { giveMemory, takeMemory } from "../../support/engine-memory.ts";
import { station } from "../../support/packet/ethernet.ts";

const MACS = 64;
const STATIONS = 6;

const parsed = parseConfig({
  name: `pyt-forecast-${process.pid}`,
  workers: 2,
  networks: [{ name: "blue", subnet: "10.0.0.0/24" }],
  ports: ["a", "b"].map((name) => ({ name, network: "blue", packet: { interface: name } })),
});
const config: EngineConfig = { ...parsed, tables: { macs: MACS, flows: 0 } };
const [a, b] = config.ports as [EngineConfig["ports"][number], EngineConfig["ports"][number]];

/** A file as an engine of `config` has left it, with stations on both ports; `bend` may change it. */
function leftFile(bend: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const memory = takeMemory("release", MACS, config.tables.flows);
  const { tables, wasm } = memory;
  const worker = wasm.formatWorker(0, 0);
  const [network] = config.networks;
  networkTable.write(tables, 1, network!);
  networkTable.identify(tables, 1, network!);
  for (const [index, port] of config.ports.entries()) {
    const record = { kind: field.KIND_PACKET, flags: 0, network: 1, mtu: 1500, mac: null, owner: 0, trunk: 0, native: 0, macLimit: 8 };
    portTable.write(tables, index, record);
    portTable.identify(tables, index, port, 0);
  }
  for (let number = 0; number < STATIONS; number++) {
    wasm.setTime(worker, number * 1000);
    wasm.learnMac(worker, 1, ...splitMac(station(number + 1)), number % 2, 1);
  }
  const bytes = new Uint8Array(tables.bytes.slice(map.TABLES, map.TABLES + tables.load32(map.HEAD_TABLES_BYTES)));
  giveMemory(memory);
  bend(bytes);
  return bytes;
}

function foreseen(file: Uint8Array | null, wanted: EngineConfig): Forecast {
  const folder = mkdtempSync(join(tmpdir(), "portyard-forecast-"));
  try {
    if (file !== null) writeFileSync(join(folder, "tables"), file);
    return foresee(wanted, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("without a file there is nothing to take over", () => {
  const forecast = foreseen(null, config);
  assert.equal([forecast.forwarder, forecast.foundLayout, forecast.losses], ["absent", null, []]);
  assert.equal(forecast.ports, { goOn: [], anew: [], end: [], added: ["a", "b"] });
});

test("tables of the same layout are mapped as they are: nothing is lost", () => {
  const forecast = foreseen(leftFile(), config);
  assert.equal([forecast.forwarder, forecast.isSameLayout, forecast.foundLayout], ["dead", true, LAYOUT_VERSION]);
  assert.equal(forecast.stations, { carried: STATIONS, lost: 0 });
  assert.equal([forecast.ports.goOn, forecast.losses], [["a", "b"], []]);
});

test("with more workers stations go on, and what does not is named", () => {
  const forecast = foreseen(leftFile(), { ...config, workers: 3 });
  assert.equal([forecast.isSameLayout, forecast.stations], [false, { carried: STATIONS, lost: 0 }]);
  assert.is(forecast.losses.length, 1);
  assert.match(forecast.losses[0]!, "totals of the workers");
});

test("in a smaller table, and below a port's limit, some find no room", () => {
  const smaller = foreseen(leftFile(), { ...config, tables: { macs: 4, flows: 0 } });
  assert.equal(smaller.stations, { carried: 4, lost: 2 });
  assert.ok(smaller.losses.some((loss) => loss.startsWith("2 learned stations")));
});

test("ports that differ are made anew, those that are not named end, and their stations with them", () => {
  const forecast = foreseen(leftFile(), {
    ...config,
    ports: [
      { ...a, macLimit: 9 },
      { ...b, name: "c" },
    ],
  });
  assert.equal(forecast.ports, { goOn: [], anew: ["a"], end: ["b"], added: ["c"] });
  assert.equal(forecast.stations, { carried: 0, lost: STATIONS });
});

test("a network that is gone takes its stations along", () => {
  const forecast = foreseen(leftFile(), { ...config, ports: [a], networks: [] });
  assert.equal(forecast.ports, { goOn: ["a"], anew: [], end: ["b"], added: [] });
  assert.is(forecast.stations?.lost, STATIONS / 2);
});

test("of a layout that is not known, and of what is no tables file, nothing is carried over", () => {
  const bends: [number, number][] = [
    [map.HEAD_LAYOUT - map.TABLES, 1234],
    [map.HEAD_MAGIC - map.TABLES, 0],
  ];
  for (const [offset, word] of bends) {
    const bent = leftFile((bytes) => new DataView(bytes.buffer).setUint32(offset, word, true));
    const forecast = foreseen(bent, config);
    assert.equal([forecast.stations, forecast.ports.anew], [null, ["a", "b"]]);
    assert.is(forecast.losses.length, 2);
  }
});

test.run();
