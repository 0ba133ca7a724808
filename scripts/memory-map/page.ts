/** The page docs/memory-map.md, made of assembly/abi/: regions with addresses and sizes, records with their offsets, and
 *  what the sizes that a user sets cost. */
import * as address from "../../assembly/abi/address.ts";
import * as backend from "../../assembly/abi/backend.ts";
import * as counter from "../../assembly/abi/counter.ts";
import * as descriptor from "../../assembly/abi/descriptor.ts";
import * as event from "../../assembly/abi/event.ts";
import * as flow from "../../assembly/abi/flow.ts";
import * as mac from "../../assembly/abi/mac.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as network from "../../assembly/abi/network.ts";
import * as port from "../../assembly/abi/port.ts";
import * as service from "../../assembly/abi/service.ts";
import * as worker from "../../assembly/abi/worker.ts";
import * as workerState from "../../assembly/abi/worker-state.ts";
import { type Constant, type Paragraph, readAbi, type Section } from "./constants.ts";
import { costTables } from "./cost.ts";
import { drawnFields } from "./drawing.ts";
import { bytes, hexadecimal, table } from "./table.ts";

const RECORDS: readonly [title: string, file: string, values: Record<string, number>][] = [
  ["Worker record", "worker", worker],
  ["Network record", "network", network],
  ["Port record", "port", port],
  ["Address binding", "address", address],
  ["Event", "event", event],
  ["Port counters", "counter", counter],
  ["MAC entry", "mac", mac],
  ["Flow entry", "flow", flow],
  ["Service record and slate", "service", service],
  ["Backend record", "backend", backend],
  ["Worker state", "worker-state", workerState],
  ["Frame descriptor", "descriptor", descriptor],
];

/** The whole page, ending in a line break. */
export function memoryMapText(): string {
  const file = readAbi("memory-map", map);
  return [
    "# Memory map",
    "<!-- Generated from assembly/abi by `npm run docs`; `npm run check` compares. Do not edit. -->",
    "One shared WebAssembly memory of fixed size holds everything that the engine knows. It is laid out by" +
      " [memory-map.ts](../assembly/abi/memory-map.ts), which the hot path and its bindings both compile. Words are little endian.",
    "```text",
    ...file.head.slice(file.head.indexOf("") + 1),
    "```",
    ...file.sections.slice(1).flatMap(regionTable),
    ...costTables(),
    "## Records",
    ...RECORDS.flatMap(([title, name, values]) => recordText(title, name, values)),
  ]
    .join("\n\n")
    .replace(/(```text)\n\n([\s\S]*?)\n\n```/g, (_, open, content) => `${open}\n${content.replaceAll("\n\n", "\n")}\n\`\`\``)
    .concat("\n");
}

/** A region begins at the first constant of a paragraph that has a heading, and ends where the next begins. Constants in
 *  between are its fields. */
function regionTable({ title, paragraphs }: Section): string[] {
  const starts = paragraphs.filter(({ heading, constants }) => heading !== "" && !constants[0]?.name.endsWith("_BYTES"));
  const regions = starts.length > 0 ? starts : paragraphs.slice(0, 1);
  const extents = regions.map((region, index) => extentOf(region, regions[index + 1], region.heading || title));
  const fields = extents.flatMap((extent) => fieldsOf(extent, paragraphs));
  const rows = extents.map(({ name, start, end, text }) => [`\`${name}\``, hexadecimal(start), bytes(end - start), text]);
  const regionText = [`## ${capital(title)}`, table(["region", "begins at", "bytes", "what"], rows)];
  return fields.length === 0 ? regionText : [...regionText, "Fields in there:", table(["field", "at", "what"], fields)];
}

interface Extent {
  name: string;
  start: number;
  end: number;
  text: string;
}

function extentOf(region: Paragraph, next: Paragraph | undefined, text: string): Extent {
  const first = region.constants[0];
  return { name: first?.name ?? "", start: first?.value ?? 0, end: next?.constants[0]?.value ?? endOf(region), text };
}

function fieldsOf({ name, start, end }: Extent, paragraphs: readonly Paragraph[]): string[][] {
  const prefix = name === "CONFIGURATION" ? "CONFIG_" : `${name}_`;
  const constants = paragraphs.flatMap((paragraph) => paragraph.constants).filter((constant) => constant.name.startsWith(prefix));
  const isSize = (constant: Constant): boolean => [`${name}_BYTES`, `${name}_END`].includes(constant.name);
  const fields = constants.filter((constant) => constant.value >= start && constant.value < end && !isSize(constant));
  return fields.map((field) => [`\`${field.name}\``, hexadecimal(field.value), field.text]);
}

function endOf({ constants }: Paragraph): number {
  const first = constants[0];
  const size = constants.find(({ name }) => name === `${first?.name}_BYTES`);
  const end = constants.find(({ name }) => name === `${first?.name}_END`);
  return end?.value ?? (first?.value ?? 0) + (size?.value ?? 0);
}

function recordText(title: string, name: string, values: Record<string, number>): string[] {
  const file = readAbi(name, values);
  const drawn = drawnFields(file.head);
  const paragraphs = file.sections.flatMap((section) => section.paragraphs).filter(isOffsets);
  const fields = paragraphs.flatMap(({ heading, constants }, index) => {
    const rows = constants.map((field) => [
      String(field.value),
      `\`${field.name}\``,
      field.text || (index === 0 ? drawn.get(field.value) : "") || "",
    ]);
    return [...(heading ? [`${capital(heading)}:`] : []), table(["offset", "field", "what"], rows)];
  });
  return [`### ${title}`, `[${name}.ts](../assembly/abi/${name}.ts)`, "```text", ...file.head, "```", ...fields];
}

/** Offsets rise from a multiple of 4, by two bytes or more, but for one; states, kinds and flags count from 0 or 1 upwards. */
function isOffsets({ constants }: Paragraph): boolean {
  const steps = constants.slice(1).map(({ value }, index) => value - (constants[index]?.value ?? 0));
  const isWide = steps.filter((step) => step === 1).length <= (steps.length > 4 ? 1 : 0);
  const isRising = isWide && steps.every((step) => step > 0) && (constants[0]?.value ?? 0) % 4 === 0;
  return isRising && (constants.length > 1 || (constants[0]?.value ?? 0) % 8 === 0);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
