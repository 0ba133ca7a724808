/** Requests to a service without a kernel: client and backends are this program, their segments go through ports in memory, and time is a number that
 *  leaps from one answer to the next.
 *
 *    container1 --SYN--> service --SYN--> a backend             now
 *    container1 <------ SYN,ACK ------- ... --request-->        now
 *    container1 <------ answer, FIN ---                         after the backend's time
 *    container1 --FIN--> ... <--ACK-- : the next begins         now                                                       */
import { virtualMac } from "../../../bindings/config/mac-address.ts";
import type { Engine } from "../../../bindings/engine.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { macOf } from "../network.ts";
import { AT_ONCE, BACKENDS, CONNECTIONS, CONTAINERS, NETWORK, SERVICE } from "../plan.ts";
import { answerOf, nameIn } from "./answer.ts";
import { type Answers, REQUEST } from "./requests.ts";
import { ACK, type End, FIN, PSH, readSegment, RST, type Segment, SYN, writeSegment } from "./segment.ts";

const FIRST_PORT = 32_768;
const SEQUENCE = 1_000;

export class VirtualRequests {
  readonly #engine: Engine;
  readonly #due: { atMs: number; send: () => void }[] = [];
  readonly #begunMs = new Map<number, number>();
  readonly #service: End = { mac: virtualMac(NETWORK, SERVICE.address), address: SERVICE.address, port: SERVICE.port };
  #nextPort = FIRST_PORT;
  #nowMs: number;
  #left = 0;
  #answers: Answers = { counts: {}, seconds: 0, meanMs: 0 };

  /** Takes the ports of container1 and the backends. @param nowMs what the engine's time is. */
  constructor(engine: Engine, nowMs: number) {
    this.#engine = engine;
    this.#nowMs = nowMs;
    this.#listen(CONTAINERS[0].name, (segment) => this.#hearAnswer(segment));
    for (const { name, delayMs } of BACKENDS) this.#listen(name, (segment) => this.#hearRequest(segment, name, delayMs));
  }

  /** Makes all of an algorithm's requests. @throws PortyardError `request-failed`, and what the engine throws. */
  make(): Answers {
    const startMs = this.#nowMs;
    this.#answers = { counts: {}, seconds: 0, meanMs: 0 };
    this.#left = CONNECTIONS;
    for (let index = 0; index < AT_ONCE; index++) this.#begin();
    for (let next = this.#takeNext(); next !== null; next = this.#takeNext()) {
      this.#nowMs = next.atMs;
      this.#engine.tick(next.atMs);
      next.send();
    }
    if (this.#begunMs.size > 0) throw failed(`${this.#begunMs.size} had no answer`);
    return { ...this.#answers, seconds: (this.#nowMs - startMs) / 1000 };
  }

  /** What is due first; of several what was first said. */
  #takeNext(): { atMs: number; send: () => void } | null {
    const first = this.#due.reduce<number>((best, { atMs }, index, all) => (atMs < (all[best]?.atMs ?? Infinity) ? index : best), 0);
    return this.#due.splice(first, 1)[0] ?? null;
  }

  #listen(name: string, hear: (segment: Segment) => void): void {
    this.#engine.memoryPort(name).onFrame((frame) => {
      const segment = readSegment(Buffer.from(frame));
      if (segment !== null) hear(segment);
    });
  }

  #send(port: string, segment: Segment): void {
    this.#engine.memoryPort(port).send(writeSegment(segment));
  }

  #begin(): void {
    if (this.#left-- <= 0) return;
    const [{ name, address }] = CONTAINERS;
    const from = { mac: macOf(CONTAINERS[0]), address, port: this.#nextPort++ };
    this.#begunMs.set(from.port, this.#nowMs);
    this.#send(name, { from, to: this.#service, sequence: SEQUENCE, acknowledgment: 0, flags: SYN, payload: "" });
  }

  #hearAnswer(segment: Segment): void {
    const [{ name }] = CONTAINERS;
    if ((segment.flags & RST) !== 0) throw failed("it was refused");
    if ((segment.flags & SYN) !== 0) return this.#send(name, { ...replyTo(segment), flags: PSH | ACK, payload: REQUEST });
    if ((segment.flags & FIN) === 0) return this.#end(segment.to.port);
    const backend = nameIn(segment.payload);
    if (backend === null) throw failed(`${JSON.stringify(segment.payload)} is no answer`);
    this.#answers.counts[backend] = (this.#answers.counts[backend] ?? 0) + 1;
    this.#send(name, { ...replyTo(segment), flags: FIN | ACK });
  }

  #hearRequest(segment: Segment, name: string, delayMs: number): void {
    const reply = byNeighbour(replyTo(segment));
    if ((segment.flags & SYN) !== 0) this.#send(name, { ...reply, sequence: SEQUENCE, flags: SYN | ACK });
    if ((segment.flags & FIN) !== 0) this.#send(name, { ...reply, flags: ACK });
    if (segment.payload === "") return;
    const answer = { ...reply, flags: FIN | PSH | ACK, payload: answerOf(name) };
    this.#due.push({ atMs: this.#nowMs + delayMs, send: () => this.#send(name, answer) });
  }

  /** Both sides have closed: the next one begins. */
  #end(port: number): void {
    this.#answers.meanMs += (this.#nowMs - (this.#begunMs.get(port) ?? 0)) / CONNECTIONS;
    this.#begunMs.delete(port);
    this.#begin();
  }
}

/** The other way, as far along as `segment` says. */
const replyTo = ({ from, to, sequence, acknowledgment, flags, payload }: Segment): Segment => ({
  from: to,
  to: from,
  sequence: acknowledgment,
  acknowledgment: sequence + payload.length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0),
  flags: ACK,
  payload: "",
});

/** What a backend sends to container1 goes to that one's MAC, wherever its packets come from. */
const byNeighbour = (segment: Segment): Segment => ({ ...segment, to: { ...segment.to, mac: macOf(CONTAINERS[0]) } });

const failed = (why: string): PortyardError =>
  new PortyardError("request-failed", `A request to ${SERVICE.address}:${SERVICE.port} failed: ${why}`);
