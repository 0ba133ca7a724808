/** A forecast of a start, as lines for people. */
import type { Forecast } from "../../bindings/engine/forecast.ts";
import { count } from "./text.ts";

const FOUND: Record<Forecast["forwarder"], string> = {
  living: "A forwarder runs, which is taken over from",
  dead: "The forwarder is dead; its tables are there",
  absent: "There is nothing to take over",
};

/** What is found, what goes on, and what is lost. */
export function forecastLines(forecast: Forecast): string[] {
  const { forwarder, foundLayout, wantedLayout, isSameLayout, ports, stations, flows, losses } = forecast;
  const tables = isSameLayout ? "mapped as they are" : `carried over to others (layout ${foundLayout} to ${wantedLayout}, or other sizes)`;
  const list = (what: string, names: string[]) =>
    names.length === 0 ? [] : [`Ports ${what} (${count(names.length)}): ${names.join(", ")}.`];
  return [
    forwarder === "absent" ? `${FOUND.absent}.` : `${FOUND[forwarder]}: the tables are ${tables}.`,
    ...list("that go on", ports.goOn),
    ...list("that are made anew", ports.anew),
    ...list("that end", ports.end),
    ...list("that are new", ports.added),
    ...(stations === null ? [] : [`Learned stations that are kept: ${count(stations.carried)}.`]),
    ...(flows === null || flows.carried + flows.lost === 0 ? [] : [`Connections that are kept: ${count(flows.carried)}.`]),
    ...losses.map((loss) => `Lost: ${loss}`),
  ];
}
