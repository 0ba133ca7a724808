/** What is done for each output of a frame, in words. */
import * as note from "../../assembly/abi/trace.ts";
import { REASON_NAMES } from "../engine/describe.ts";
import type { Names } from "./steps.ts";
import type { Note } from "./trace.ts";
import type { EgressStep } from "./types.ts";

/** One for each note EGRESS; what follows it is about this output. */
export function egressSteps(notes: readonly Note[], names: Names): EgressStep[] {
  const begins = notes.flatMap(({ step }, index) => (step === note.EGRESS ? [index] : []));
  return begins.map((begin, place) => egressStep(notes[begin] as Note, notes.slice(begin + 1, begins[place + 1]), names));
}

function egressStep({ port: index, number: limitBytes, low }: Note, done: readonly Note[], names: Names): EgressStep {
  const find = (wanted: number) => done.find(({ step }) => step === wanted);
  const drop = find(note.DROP);
  const segments = find(note.SEGMENT)?.number ?? null;
  const reason = drop === undefined ? null : (REASON_NAMES.get(drop.outcome) ?? null);
  const facts = {
    port: names.port(index),
    bytes: Number(low),
    limitBytes,
    segments,
    segmentsLost: segments === null ? 0 : done.filter(({ step }) => step === note.DROP).length,
    isChecksumCompleted: find(note.CHECKSUM) !== undefined,
    mss: find(note.CLAMP)?.number ?? null,
    vlan: find(note.TAG_IN)?.number ?? null,
  };
  return { step: "egress", verdict: reason === null ? "continue" : "drop", reason, text: egressText(facts, reason), ...facts };
}

type Facts = Omit<EgressStep, "step" | "verdict" | "reason" | "text">;

function egressText(facts: Facts, reason: string | null): string {
  const { port, bytes, limitBytes, segments, segmentsLost, isChecksumCompleted, mss, vlan } = facts;
  const done = [
    ...(mss === null ? [] : [`its maximum segment size lowered to ${mss}`]),
    ...(segments === null ? [] : [`as ${segments} ${segments === 1 ? "segment" : "segments"}`]),
    ...(isChecksumCompleted ? ["its checksum completed"] : []),
    ...(vlan === null ? [] : [`tagged with VLAN ${vlan}`]),
  ];
  if (reason === null) return [`leaves by ${port}, ${bytes} bytes`, ...done].join(", ");
  const which = segments === null ? "ends" : `${segmentsLost} of ${segments} segments ${segmentsLost === 1 ? "ends" : "end"}`;
  return `${which} at ${port}: ${EGRESS_DROPS[reason]?.(bytes, limitBytes) ?? reason}`;
}

const EGRESS_DROPS: Record<string, (bytes: number, limitBytes: number) => string> = {
  "port-absent": () => "the port is not there, or is not up",
  "not-a-member": () => "the port is not in the frame's network",
  "too-big": (bytes, limitBytes) => `${bytes} bytes, and the port takes frames of up to ${limitBytes}`,
  "vlan-hop": () => "it carries a tag, and would leave untagged: the tag would be taken for another network's",
  "too-many-segments": () => "the super-frame would become too many segments",
  "bad-super-frame": () => "it cannot be segmented: its headers are not those that its virtio-net header names",
  "pool-empty": () => "no slot is free for a frame of its own",
  "queue-full": () => "the queue of writes is full",
};
