/** What the demo shows of its service: who stands behind its address, and how connections are spread over them. */
import { bar, type Paint } from "../format/text.ts";
import { AT_ONCE, BACKENDS, CONNECTIONS, CONTAINERS, type DemoAlgorithm, SERVICE } from "./plan.ts";
import { EXPECTATION, type Spread } from "./service.ts";

/** Characters of what was measured, up to ten seconds. */
const MEASURED = 20;
/** Of a bar. */
const MOST = 32;
const LEAST = 8;
/** From this width on everything has room. */
const WIDE = 80;

export const serviceHeading = `${SERVICE.name}: ${CONNECTIONS} connections under each algorithm, ${AT_ONCE} at once`;

const nameWidth = Math.max(...BACKENDS.map(({ name }) => name.length));
const named = (name: string): string => name.padEnd(nameWidth);
const milliseconds = (ms: number): string => `${ms} ms`.padStart(5);

/** Client, virtual address and backends, with what each takes for an answer. @param width of the screen. */
export function servicePicture(width: number, paint: Paint): string[] {
  const where = `${SERVICE.address}:${SERVICE.port}`;
  const stem = `  ${CONTAINERS[0].name} ${paint("cyan", "──")} ${where} ${paint("cyan", "─┬─")}`;
  const indent = " ".repeat(2 + CONTAINERS[0].name.length + 4 + where.length + 1);
  return BACKENDS.map(({ name, address, weight, delayMs }, index) => {
    const branch = indent + paint("cyan", index === BACKENDS.length - 1 ? " └─" : " ├─");
    const at = width < WIDE ? "" : ` ${address}`;
    return `${index === 0 ? stem : branch} ${named(name)}${at}  weight ${weight}  ${milliseconds(delayMs)}`;
  });
}

/** What an algorithm is, what its connections took, and for each backend a bar of its share, as wide as `width` lets it be. */
export function spreadLines(algorithm: DemoAlgorithm, spread: Spread, width: number, paint: Paint): string[] {
  const took = `${spread.seconds.toFixed(2)} s, ${spread.meanMs.toFixed(1)} ms each`;
  return [
    "",
    `  ${paint("bold", algorithm)}  ${took}`,
    `  ${paint("dim", EXPECTATION[algorithm])}`,
    ...BACKENDS.map((backend) => backendLine(backend, spread, width, paint)),
  ];
}

function backendLine({ name, weight, delayMs }: (typeof BACKENDS)[number], spread: Spread, width: number, paint: Paint): string {
  const got = spread.counts[name] ?? 0;
  const share = got / CONNECTIONS;
  const measured = spread.measuredMs[name] ?? null;
  const seen = width < WIDE ? "" : paint("dim", `  measured ${measured === null ? "-" : `${measured.toFixed(1)} ms`}`);
  const before = `  ${named(name)}  `;
  const behind = `  ${String(got).padStart(3)}  ${(share * 100).toFixed(1).padStart(5)} %  weight ${weight}  ${milliseconds(delayMs)}`;
  const room = Math.min(MOST, Math.max(LEAST, width - before.length - behind.length - (width < WIDE ? 0 : MEASURED)));
  return before + paint("cyan", bar(share, room)) + behind + seen;
}
