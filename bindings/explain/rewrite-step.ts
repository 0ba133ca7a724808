/** The other ends that a packet of a flow gets, in words. */
import * as note from "../../assembly/abi/trace.ts";
import { addressOf, macText } from "./headers.ts";
import type { End, RewriteStep } from "./service-types.ts";
import type { Note } from "./trace.ts";

/** Of a note READDRESS. @param before the notes before it, of which some tell of the ends. */
export function rewriteStep({ low, high }: Note, before: readonly Note[]): RewriteStep {
  const hasPorts = !before.some(({ step }) => step === note.ABOUT);
  const change = (which: number): RewriteStep["source"] => {
    const find = (wanted: number) => before.find(({ step, outcome }) => step === wanted && outcome === which);
    const [from, to] = [find(note.REPLACED), find(note.REWRITE)];
    return from === undefined || to === undefined ? null : { from: endOf(from, hasPorts), to: endOf(to, hasPorts) };
  };
  const [source, destination] = [change(note.END_SOURCE), change(note.END_DESTINATION)];
  const [destinationMac, sourceMac] = [macText(low), macText(high)];
  const ends = [
    ...(source === null ? [] : [`source ${endText(source.from)} becomes ${endText(source.to)}`]),
    ...(destination === null ? [] : [`destination ${endText(destination.from)} becomes ${endText(destination.to)}`]),
  ];
  const text = [...ends, `to ${destinationMac} from ${sourceMac}`].join("; ");
  return { step: "rewrite", verdict: "continue", reason: null, text, source, destination, sourceMac, destinationMac };
}

/** A piece of a packet that is not the first has no port. */
function endOf({ port, number, low, high }: Note, hasPort: boolean): End {
  return { address: addressOf(number, low, high), port: hasPort && port !== 0 ? port : null };
}

function endText({ address, port }: End): string {
  if (port === null) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
