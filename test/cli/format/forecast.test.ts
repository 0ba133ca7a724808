/** A forecast as people read it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Forecast } from "../../../bindings/engine/forecast.ts";
import { forecastLines } from "../../../cli/format/forecast.ts";

const forecast: Forecast = {
  forwarder: "living",
  foundLayout: 3,
  wantedLayout: 4,
  isSameLayout: false,
  ports: { goOn: ["a", "b"], anew: ["c"], end: [], added: [] },
  stations: { carried: 1234, lost: 5 },
  flows: { carried: 70_000, lost: 0 },
  losses: ["5 learned stations of ports or networks that end or are made anew."],
};

test("what is found, what goes on and what is lost has a line each", () => {
  assert.equal(forecastLines(forecast), [
    "A forwarder runs, which is taken over from: the tables are carried over to others (layout 3 to 4, or other sizes).",
    "Ports that go on (2): a, b.",
    "Ports that are made anew (1): c.",
    "Learned stations that are kept: 1,234.",
    "Connections that are kept: 70,000.",
    "Lost: 5 learned stations of ports or networks that end or are made anew.",
  ]);
});

test("with the same layout the tables stay, and with nothing there is nothing to say", () => {
  assert.match(forecastLines({ ...forecast, isSameLayout: true })[0]!, "mapped as they are");
  const nothing: Forecast = { ...forecast, forwarder: "absent", foundLayout: null, stations: null, flows: null, losses: [] };
  assert.is(forecastLines(nothing)[0], "There is nothing to take over.");
});

test.run();
