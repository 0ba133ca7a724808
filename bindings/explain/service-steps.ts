/** What the service stage found and decided of a packet, in words: in the order of its notes, one step for each thing. */
import * as flow from "../../assembly/abi/flow.ts";
import * as note from "../../assembly/abi/trace.ts";
import { FLOW_STATES } from "../engine/describe-flows.ts";
import { PROTOCOLS } from "../tables/ip-protocol.ts";
import { egressSteps } from "./egress-steps.ts";
import { addressOf, macText } from "./headers.ts";
import { isCandidate, pickStep } from "./pick-step.ts";
import { rewriteStep } from "./rewrite-step.ts";
import type { FlowStep, FragmentStep, RefuseStep, ResolveStep, ServiceStageStep, ServiceStep } from "./service-types.ts";
import type { StepVerdict } from "./step-of.ts";
import type { Names } from "./steps.ts";
import type { Note } from "./trace.ts";
import type { ExplainedStep } from "./types.ts";

/** What the stage came to. */
interface Found {
  verdict: StepVerdict;
  reason: string | null;
}

const PASS = { verdict: "continue", reason: null } as const;

/** Of the stage; `looked` are the notes before its own. The verdict is that of the last step, behind which only what it sends stands. */
export function serviceSteps(found: Found, looked: readonly Note[], names: Names): ExplainedStep[] {
  const steps = looked.flatMap((each, place) => WORDS[each.step]?.(each, looked.slice(0, place), names, looked[place + 1], found) ?? []);
  const refusal = CANNOT_BEGIN[found.reason ?? ""];
  if (refusal !== undefined) steps.push(refusedStep(refusal));
  if (steps.length === 0) steps.push(noService("services have nothing to do with it"));
  const last = steps[steps.length - 1] as ServiceStageStep;
  Object.assign(last, found);
  return [...steps, ...egressSteps(looked, names)];
}

type Words = (
  each: Note,
  before: readonly Note[],
  names: Names,
  next: Note | undefined,
  found: Found,
) => ServiceStageStep | ServiceStageStep[];

const WORDS: Record<number, Words> = {
  [note.PIECE]: ({ outcome: number }) => {
    const outcome = PIECES[number] ?? "unknown";
    return { step: "fragment", ...PASS, text: PIECE_TEXTS[outcome], outcome };
  },
  [note.ABOUT]: ({ outcome }) => {
    const isOfFlow = outcome === 1;
    const text = isOfFlow ? "an error about a packet of a flow, which is translated as well" : "an error about a packet of no known flow";
    return { step: "icmp-error", ...PASS, text, isOfFlow };
  },
  [note.FLOW]: (each, before, names) => flowStep(each, before.some(isKnownFlow), names),
  [note.ENDPOINT]: (each, _before, names, next) => serviceStep(each, next, names),
  [note.CHOSEN]: (each, before, names) => {
    const service = before.find(isVirtual)?.number ?? 0;
    return pickStep(each, before.filter(isCandidate), names.drained(service), names);
  },
  [note.ASK]: ({ outcome, port, number, low, high }, _before, names) => {
    const [address, backend, isAsked] = [addressOf(number, low, high), names.backend(port), outcome === 1];
    const text = `no station is known at ${address} of ${backend}: ${isAsked ? "the engine asks for it" : "the engine has asked for it just now"}`;
    return { step: "ask", ...PASS, text, address, backend, isAsked };
  },
  [note.READDRESS]: (each, before) => rewriteStep(each, before),
  [note.TELL]: ({ outcome }, _before, _names, _next, { reason }) => {
    const told = TOLD[outcome] ?? "nothing";
    return { step: "refuse", ...PASS, text: `${REFUSALS[reason ?? ""] ?? "nobody serves it"}: ${TOLD_TEXTS[told]}`, told };
  },
  [note.ECHO]: ({ number }, _before, names, _next, { verdict }) => {
    const service = names.service(number);
    const end = verdict === "answered" ? "the engine answers" : "no slot is free for the reply";
    return { step: "echo", ...PASS, text: `echo to the virtual address of ${service ?? "a service"}: ${end}`, service };
  },
};

const PIECES: Record<number, FragmentStep["outcome"]> = {
  [note.PIECE_UNKNOWN]: "unknown",
  [note.PIECE_FOLLOWS]: "follows",
  [note.PIECE_OVERLAPS]: "overlaps",
};
const PIECE_TEXTS = {
  unknown: "a fragment whose first one is not known",
  follows: "a fragment, which goes where the first one of its packet went",
  overlaps: "a fragment that overlaps another one of its packet, or is one too many",
};

const TOLD: Record<number, RefuseStep["told"]> = { [note.TELL_RESET]: "reset", [note.TELL_UNREACHABLE]: "unreachable" };
const TOLD_TEXTS = {
  reset: "its sender gets a reset",
  unreachable: "its sender gets ICMP, port unreachable",
  nothing: "its sender is told nothing",
};
const REFUSALS: Record<string, string> = {
  "no-service": "nobody serves this port",
  "no-backend": "there is no backend for it",
  "no-flow": "in the middle of a connection that is not known",
};

/** Drops of a flow that should begin. */
const CANNOT_BEGIN: Record<string, string> = {
  "flows-full": "no flow can begin: none that is there can be spared",
  "source-ports-taken": "no flow can begin: all source ports that were tried are taken",
};

// ---------------------------------------------------------------- flows
const DIRECTIONS: Record<number, FlowStep["outcome"]> = {
  [note.FLOW_NONE]: "none",
  [note.FLOW_ORIGINAL]: "original",
  [note.FLOW_REPLY]: "reply",
  [note.FLOW_NEW]: "new",
};
const NO_FLOW = { service: null, backend: null, state: null, isTranslated: null, isSourceTranslated: null };

function isKnownFlow({ step, outcome }: Note): boolean {
  return step === note.FLOW && outcome !== note.FLOW_NONE;
}

/** @param hadFlow another one had these ends, and makes room. */
function flowStep({ outcome: number, port, number: backendNumber, low, high }: Note, hadFlow: boolean, names: Names): FlowStep {
  const outcome = DIRECTIONS[number] ?? "none";
  if (outcome === "none") {
    const text = hadFlow ? "that one is over: another may begin" : "of no known flow";
    return { step: "flow", ...PASS, text, outcome, ...NO_FLOW };
  }
  const flags = Number(high);
  const facts = {
    service: names.service(Number(low)),
    backend: backendNumber === 0 ? null : names.backend(backendNumber - 1),
    state: FLOW_STATES[port] ?? null,
    isTranslated: (flags & flow.FLAG_DIRECT) === 0,
    isSourceTranslated: (flags & flow.FLAG_SOURCE) !== 0,
  };
  return { step: "flow", ...PASS, text: flowText(outcome, facts), outcome, ...facts };
}

type FlowFacts = Pick<FlowStep, "service" | "backend" | "state" | "isTranslated" | "isSourceTranslated">;

function flowText(outcome: FlowStep["outcome"], { service, backend, state, isTranslated, isSourceTranslated }: FlowFacts): string {
  const to = `${backend ?? "a backend"}${service === null ? "" : ` of ${service}`}`;
  const what = isTranslated ? to : `${to} itself`;
  const how = [
    state,
    ...(isTranslated ? [] : ["followed as it is"]),
    ...(isSourceTranslated ? ["its source becomes the virtual address"] : []),
  ];
  const words = { new: "a new flow to", original: "flow to", reply: "answer in the flow to", none: "", refused: "" };
  return `${words[outcome]} ${what}: ${how.join(", ")}`;
}

function refusedStep(text: string): FlowStep {
  return { step: "flow", ...PASS, text, outcome: "refused", ...NO_FLOW };
}

// ---------------------------------------------------------------- services
/** Of a note that says what an address is to services: it is a virtual one. */
export function isVirtual({ step, outcome }: Note): boolean {
  return step === note.ENDPOINT && outcome === note.ENDPOINT_VIRTUAL;
}

const nobody = { address: null, service: null, backend: null, port: null, targetPort: null };
function noService(text: string): ServiceStep {
  return { step: "service", ...PASS, text, outcome: "none", ...nobody };
}

const PROTOCOL_NAMES: Record<number, string> = { [PROTOCOLS.tcp]: "TCP", [PROTOCOLS.udp]: "UDP" };

/** @param rule of the service for the port, if it was looked for. */
function serviceStep({ outcome, port: where, number, low, high }: Note, rule: Note | undefined, names: Names): ServiceStep {
  const address = addressOf(where >>> 16, low, high);
  const port = (where & 0xffff) === 0 ? null : where & 0xffff;
  const at = { ...nobody, address, port };
  if (outcome === note.ENDPOINT_NONE) return { ...noService(`${address} has nothing to do with services`), ...at };
  if (outcome === note.ENDPOINT_BACKEND) {
    const backend = names.backend(number - 1);
    return { step: "service", ...PASS, text: `${address} is that of backend ${backend}`, outcome: "backend", ...at, backend };
  }
  const service = names.service(number);
  const virtual = `${address} is the virtual address of ${service ?? "a service"}`;
  if (rule?.step !== note.RULE) return { step: "service", ...PASS, text: virtual, outcome: "virtual", ...at, service };
  const named = `${PROTOCOL_NAMES[rule.number] ?? ""} port ${where & 0xffff}`;
  const targetPort = rule.outcome === 1 ? rule.port : null;
  const text = targetPort === null ? `${virtual}, which has no ${named}` : `${virtual}, and ${named} leads to its port ${targetPort}`;
  return { step: "service", ...PASS, text, outcome: "virtual", ...at, service, targetPort };
}

// ---------------------------------------------------------------- stations of backends
/** Of backends whose station has just told where it is. */
export function resolveSteps(looked: readonly Note[], names: Names): ResolveStep[] {
  return looked
    .filter(({ step }) => step === note.RESOLVED)
    .map(({ port, low }) => {
      const [backend, mac] = [names.backend(port), macText(low)];
      return { step: "resolve", ...PASS, text: `backend ${backend} is at ${mac} from now on`, backend, mac };
    });
}
