/** From the notes of a frame's way to its steps, each with a sentence. A stage's note follows those of what it looked at; nothing is decided
 *  here. What a later stage notes gets its words in `STAGES`. */
import * as flag from "../../assembly/abi/descriptor.ts";
import { MAX_LINK_LOCALS } from "../../assembly/abi/limits.ts";
import * as note from "../../assembly/abi/trace.ts";
import { REASON_NAMES } from "../engine/describe.ts";
import { egressSteps } from "./egress-steps.ts";
import { addressOf, headersText, macText, protocolOf } from "./headers.ts";
import { joinMac, readMac } from "../mac.ts";
import { isVirtual, resolveSteps, serviceSteps } from "./service-steps.ts";
import { learnSteps, lookUpSteps } from "./switch-steps.ts";
import type { Note } from "./trace.ts";
import type { ExplainedStep, StepVerdict } from "./types.ts";

/** What the numbers of notes are called. */
export interface Names {
  port(index: number): string;
  network(index: number): string | null;
  /** Of a record of the service table; null: none has it. */
  service(record: number): string | null;
  /** Of a record of the backend table. */
  backend(record: number): string;
  /** Backends of a record of the service table whose weight is 0: they stand in no slate. */
  drained(record: number): { backend: string; active: number }[];
}

/** What is explained. */
export interface Way {
  /** As it entered. */
  frame: Uint8Array;
  originalBytes: number;
  /** Name of the port that it entered by. */
  port: string;
  isTrunk: boolean;
  names: Names;
}

/** @param notes of the whole way. */
export function stepsOf(way: Way, notes: readonly Note[]): ExplainedStep[] {
  const steps: ExplainedStep[] = [];
  let looked: Note[] = [];
  for (const each of notes) {
    const stage = STAGES[each.step];
    if (stage === undefined) looked.push(each);
    else {
      steps.push(...stage(each, looked, way, steps));
      looked = [];
    }
  }
  return steps;
}

type Stage = (stage: Note, looked: readonly Note[], way: Way, before: readonly ExplainedStep[]) => ExplainedStep[];

const STAGES: Record<number, Stage> = {
  [note.CUT]: cutSteps,
  [note.PARSE]: parseSteps,
  [note.NETWORK]: vlanSteps,
  [note.SOURCE]: sourceSteps,
  [note.ANSWER]: answerSteps,
  [note.SERVICE]: (stage, looked, way) => serviceSteps(verdictOf(stage), looked, way.names),
  [note.SWITCH]: switchSteps,
};

const VERDICTS: Record<number, StepVerdict> = { [flag.CONTINUE]: "continue", [flag.DROP]: "drop", [flag.CONSUME]: "answered" };

/** Of a stage's note: the reason of a drop stands where other notes have a port. */
function verdictOf({ outcome, port }: Note): { verdict: StepVerdict; reason: string | null } {
  return { verdict: VERDICTS[outcome] ?? "continue", reason: outcome === flag.DROP ? (REASON_NAMES.get(port) ?? null) : null };
}

function layersOf({ low, number }: Note) {
  const part = (shift: bigint, mask: bigint): number => Number((low >> shift) & mask);
  return { etherType: part(0n, 0xffffn), l3: part(16n, 0xffffn), l4: part(32n, 0xffffn), protocol: part(48n, 0xffn), flags: number };
}

/** Of the Ethernet header before anything is read, and of what the port's rules need where that is not there. Of a frame that is longer than
 *  a slot the pipeline has seen no more than fits: that is not how it was captured. */
function cutSteps(stage: Note, _looked: readonly Note[], { frame, originalBytes }: Way): ExplainedStep[] {
  if (originalBytes <= frame.length) return [];
  const found = verdictOf(stage);
  const captured = `${frame.length} of ${originalBytes} bytes were captured`;
  const text = found.verdict === "continue" ? captured : `${captured}: a header that is needed is not whole`;
  return [{ step: "cut", ...found, text, capturedBytes: frame.length, originalBytes }];
}

function parseSteps(stage: Note, _looked: readonly Note[], { frame, originalBytes }: Way): ExplainedStep[] {
  const found = verdictOf(stage);
  const layers = layersOf(stage);
  const hasMacs = frame.length >= 12;
  const isParsed = layers.l3 > 0;
  const what = isParsed ? headersText(frame, layers) : PARSE_DROPS[found.reason ?? ""];
  return [
    {
      step: "parse",
      ...found,
      text: found.reason === "bad-offload-header" ? `${what}; its virtio-net header contradicts it` : (what ?? "no frame"),
      bytes: originalBytes,
      source: hasMacs ? joinMac(...readMac(frame, 6)) : null,
      destination: hasMacs ? joinMac(...readMac(frame, 0)) : null,
      etherType: isParsed ? layers.etherType : null,
      protocol: protocolOf(frame, layers),
    },
  ];
}

const PARSE_DROPS: Record<string, string> = {
  runt: "shorter than an Ethernet header",
  oversize: "longer than a slot takes",
  "multicast-source": "its source is a group address",
  "zero-source": "its source is all zeros",
  "reserved-group": "its destination is one of 01:80:c2:00:00:00-0f, which no bridge forwards",
};

function vlanSteps(stage: Note, looked: readonly Note[], { port, isTrunk, names }: Way): ExplainedStep[] {
  const found = verdictOf(stage);
  const tag = looked.find(({ step }) => step === note.TAG_OUT);
  const network = found.verdict === "drop" ? null : names.network(Number(stage.high));
  const vlan = tag === undefined ? null : tag.number;
  const text = VLAN_DROPS[found.reason ?? ""]?.(vlan) ?? networkText(isTrunk, vlan, port, network);
  return [{ step: "vlan", ...found, text, network, vlan }];
}

function networkText(isTrunk: boolean, vlan: number | null, port: string, network: string | null): string {
  if (!isTrunk) return `${port} is an access port of network ${network}`;
  if (vlan === null) return `untagged: ${network} is the native network of trunk ${port}`;
  if (vlan === 0) return `a priority tag, which is taken off: ${network} is the native network of trunk ${port}`;
  return `VLAN ${vlan} of trunk ${port} is network ${network}; the tag is taken off`;
}

const VLAN_DROPS: Record<string, (vlan: number | null) => string> = {
  "port-absent": () => "the port is not there, or is not up",
  "vlan-unknown": (vlan) => `the trunk has no network for VLAN ${vlan}`,
  "vlan-untagged": (vlan) => `${vlan === null ? "untagged" : "a priority tag only"}, and the trunk has no native network`,
};

function sourceSteps(stage: Note, looked: readonly Note[], way: Way): ExplainedStep[] {
  const found = verdictOf(stage);
  const facts = looked.flatMap((each) => sourceFact(each, way));
  const isUnclaimed = found.verdict === "continue" && !looked.some(({ step }) => step === note.BINDING || step === note.LINK_LOCAL);
  const end = isUnclaimed ? ["it claims no address"] : [SOURCE_DROPS[found.reason ?? ""] ?? []].flat();
  const { mss, lowered } = clampOf(looked);
  return [{ step: "source-check", ...found, text: [...facts, ...end, ...lowered].join("; "), isChecked: true, mss }];
}

const SOURCE_DROPS: Record<string, string> = {
  "rogue-router": "a checked port may not play router",
  "rogue-dhcp": "a checked port may not play DHCP server",
};

const REFUSED: Record<number, string> = {
  [note.REFUSED_HIDDEN]: "what it is cannot be seen, and receivers may see ARP or an address in it",
  [note.REFUSED_SENDER_MAC]: "the sender in its ARP is another station",
  [note.REFUSED_CHAIN]: "its extension headers have no end that can be seen",
  [note.REFUSED_UNSPECIFIED]: "it comes from ::, which only neighbour, router and listener discovery may",
  [note.REFUSED_MESSAGE]: "its neighbour discovery is malformed",
  [note.REFUSED_LINK_OPTION]: "the link-layer address in its neighbour discovery is another station's",
  [note.REFUSED_LINK_LOCALS]: `a port may announce ${MAX_LINK_LOCALS} link-local addresses, and has`,
};

/** The maximum segment size of a SYN from a port whose MTU is smaller than its network's. */
function clampOf(looked: readonly Note[]): { mss: number | null; lowered: string[] } {
  const mss = looked.find(({ step }) => step === note.CLAMP)?.number ?? null;
  return { mss, lowered: mss === null ? [] : [`its maximum segment size is lowered to ${mss}`] };
}

function sourceFact({ step, outcome, port, number, low, high }: Note, { port: from, names }: Way): string[] {
  if (step === note.STATION) {
    return outcome === 1
      ? [`${macText(low)} is the station of ${from}`]
      : [`${macText(low)} is not the station of ${from}, which is ${macText(high)}`];
  }
  if (step === note.BINDING) {
    const address = addressOf(number, low, high);
    return [outcome === 1 ? `${address} is bound to ${names.port(port)}` : `${address} is bound to no port`];
  }
  if (step === note.REFUSED) return [REFUSED[outcome] ?? "it is refused"];
  if (step !== note.LINK_LOCAL) return [];
  return [`${addressOf(number, low, high)} is ${LINK_LOCALS[outcome]?.(from)}`];
}

const LINK_LOCALS: Record<number, (from: string) => string> = {
  [note.LINK_LOCAL_NEITHER]: () => "neither made from the MAC nor announced",
  [note.LINK_LOCAL_MADE]: () => "made from the MAC",
  [note.LINK_LOCAL_ANNOUNCED]: (from) => `announced by ${from}`,
  [note.LINK_LOCAL_NEW]: (from) => `announced by ${from} from now on`,
  [note.LINK_LOCAL_OF_ANOTHER]: () => "another station's, which may answer",
};

function answerSteps(stage: Note, looked: readonly Note[], way: Way, before: readonly ExplainedStep[]): ExplainedStep[] {
  const found = verdictOf(stage);
  const asked = looked.find(({ step }) => step === note.BINDING);
  const address = asked === undefined ? null : addressOf(asked.number, asked.low, asked.high);
  const port = asked === undefined || asked.outcome === 0 ? null : way.names.port(asked.port);
  const virtual = looked.find(isVirtual);
  const service = virtual === undefined ? null : way.names.service(virtual.number);
  const why = looked.find(({ step }) => step === note.UNASKED)?.outcome;
  const isHeard = looked.some(({ step }) => step === note.HEARD);
  const asking = { address: address ?? "", owner: ownerText(port, service, way.port), isOwn: port === way.port };
  const text = isHeard ? HEARD : address === null ? unaskedText(why) : answerText(found.verdict, asking) + (UNANSWERED[why ?? 0] ?? "");
  const verdict = isHeard ? "consumed" : found.verdict;
  const step: ExplainedStep = { step: "answer", ...found, verdict, text, address, port, service };
  return [
    ...uncheckedSource(before, looked, way),
    ...resolveSteps(looked, way.names),
    step,
    ...learnSteps(looked, way),
    ...egressSteps(looked, way.names),
  ];
}

const HEARD = "an answer to the engine, which has asked for its sender: it goes no further";

const unaskedText = (why = 0): string => UNASKED[why] ?? "neither an ARP request nor a neighbour solicitation";

const UNASKED: Record<number, string> = {
  [note.UNASKED_TAGGED]: "it carries a tag, and what is asked within one is not for the engine",
  [note.UNASKED_HIDDEN]: "what it is cannot be seen, and so whether it asks for an address",
  [note.UNASKED_FRAGMENT]: "a neighbour solicitation in fragments, which is not answered",
  [note.UNASKED_FAR]: "a neighbour solicitation whose hop limit is not 255: it may come through a router, and is not answered",
  [note.UNASKED_MALFORMED]: "a malformed neighbour solicitation, which is not answered",
};

/** Of a question for an address of another port. */
const UNANSWERED: Record<number, string> = {
  [note.UNASKED_ANNOUNCEMENT]: ": its sender announces it",
  [note.UNASKED_ABSENT]: ": the port is not there, or is not up",
};

interface Asking {
  address: string;
  /** Null: nobody. */
  owner: { is: string; of: string } | null;
  /** Whoever asks is the owner. */
  isOwn: boolean;
}

function ownerText(port: string | null, service: string | null, from: string): Asking["owner"] {
  if (port !== null) return { is: port === from ? "its own" : `which is bound to ${port}`, of: port };
  return service === null ? null : { is: `the virtual address of ${service}`, of: service };
}

function answerText(verdict: StepVerdict, { address, owner, isOwn }: Asking): string {
  if (verdict === "drop") return `asks for ${address}, and no slot is free for the answer`;
  if (owner === null) return `asks for ${address}, which is bound to no port`;
  if (verdict === "answered") return `asks for ${address}, ${owner.is}: the engine answers`;
  return isOwn ? `asks for ${address}, its own: others may answer` : `asks for ${address} of ${owner.of}, and is not answered`;
}

/** The check leaves no note where it is off. */
function uncheckedSource(before: readonly ExplainedStep[], looked: readonly Note[], { port }: Way): ExplainedStep[] {
  if (before.some(({ step }) => step === "source-check")) return [];
  const egress = looked.findIndex(({ step }) => step === note.EGRESS);
  const { mss, lowered } = clampOf(egress < 0 ? looked : looked.slice(0, egress));
  const text = [`port ${port} is not checked`, ...lowered].join("; ");
  return [{ step: "source-check", verdict: "continue", reason: null, text, isChecked: false, mss }];
}

function switchSteps(stage: Note, looked: readonly Note[], way: Way, before: readonly ExplainedStep[]): ExplainedStep[] {
  const destination = before.find((step) => step.step === "rewrite")?.destinationMac ?? joinMac(...readMac(way.frame, 0));
  const outputs = egressSteps(looked, way.names);
  const learned = learnSteps(looked, way);
  const lookedUp = looked
    .filter(({ step }) => step === note.LOOKUP)
    .flatMap((each) => lookUpSteps(each, verdictOf(stage), outputs, destination, way));
  return [...learned, ...lookedUp, ...outputs];
}
