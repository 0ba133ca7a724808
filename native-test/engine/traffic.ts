/** Traffic of native tests: numbered datagrams and TCP streams from one container to another, and what became of them. */
import { setTimeout as delay } from "node:timers/promises";
import { scale } from "../../test/scale.ts";
import type { Station } from "./station.ts";

/** Where traffic begins or ends: a container. */
export interface End {
  readonly station: Station;
}

export interface Outcome {
  sent: number;
  received: number;
  /** Longest time between two datagrams at the receiver. */
  longestGapMs: number;
  /** Longest time from the sender to the receiver; 0 where the datagrams have no room for a stamp. Unlike the gap it does not grow when
   *  the sender gets no processor time. */
  longestWayMs: number;
}

export interface DatagramOptions {
  /** Datagrams a second. */
  perSecond?: number;
  /** Payload of each, 4-65,000. */
  bytes?: number;
  /** How many leave by one call, as one super-frame where the way takes it (UDP_SEGMENT). */
  segments?: number;
}

/** Every flow has a port of its own. */
let lastPort = 5000;

/** Numbered datagrams under way. */
export class Datagrams {
  private readonly from: End;
  private readonly to: End;
  private readonly port: number;
  private readonly limit: number | null;

  private constructor(from: End, to: End, port: number, limit: number | null) {
    this.from = from;
    this.to = to;
    this.port = port;
    this.limit = limit;
  }

  /** Sends from one container to `address` of another until `stop`; resolves when it goes on. */
  static start(from: End, to: End, address: string, options: DatagramOptions = {}): Promise<Datagrams> {
    return Datagrams.begin(from, to, address, null, options);
  }

  /** Sends `count` datagrams and counts those that come. */
  static async send(from: End, to: End, address: string, count: number, options: DatagramOptions = {}): Promise<Outcome> {
    return (await Datagrams.begin(from, to, address, count, options)).stop();
  }

  private static async begin(
    from: End,
    to: End,
    address: string,
    limit: number | null,
    { perSecond = 1000, bytes = 100, segments = 1 }: DatagramOptions,
  ): Promise<Datagrams> {
    const port = ++lastPort;
    await to.station.ask("receive", { port, address, segmentBytes: segments > 1 ? bytes : null });
    await from.station.ask("send", { port, address, perSecond, bytes, limit, segments });
    return new Datagrams(from, to, port, limit);
  }

  /** Ends the sender, lets what is under way arrive, and counts. */
  async stop(): Promise<Outcome> {
    const { port } = this;
    const sent = await this.from.station.ask<number>("sent", { port, now: this.limit === null });
    const counted = await this.to.station.ask<Omit<Outcome, "sent">>("count", { port, expected: sent, quietMs: scale.quietMilliseconds });
    return { sent, ...counted };
  }
}

/** TCP streams that go on, with something under way in both directions all the time. */
export class Streams {
  private readonly from: End;
  private readonly to: End;
  /** Of the end that was listening. */
  readonly port: number;

  private constructor(from: End, to: End, port: number) {
    this.from = from;
    this.to = to;
    this.port = port;
  }

  /** Opens `count` of them from one container to `address` of another. */
  static async open(from: End, to: End, address: string, count: number): Promise<Streams> {
    const port = ++lastPort;
    await to.station.ask("echo", { port, address });
    await from.station.ask("openStreams", { port, address, count });
    return new Streams(from, to, port);
  }

  /** Resolves when something has come back on each of them from now on. @throws Error when one broke, or stands still. */
  async goOn(): Promise<void> {
    const before = await this.state();
    for (const end = Date.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
      const { echoed, faults } = await this.state();
      if (faults.length > 0) throw new Error(`${faults.length} of ${echoed.length} streams broke: ${faults[0]}`);
      if (echoed.every((bytes, index) => bytes > (before.echoed[index] ?? 0))) return;
      if (Date.now() > end) throw new Error("a stream stands still");
    }
  }

  private state(): Promise<{ echoed: number[]; faults: string[] }> {
    return this.from.station.ask("streamState", { port: this.port });
  }

  async close(): Promise<void> {
    await this.from.station.ask("closeStreams", { port: this.port });
    await this.to.station.ask("closeEcho", { port: this.port });
  }
}

/** Copies `bytes` pseudo-random bytes by one TCP connection. @throws Error when what arrives differs, or the connection breaks. */
export async function copyStream(from: End, to: End, address: string, bytes: number): Promise<void> {
  const port = ++lastPort;
  await to.station.ask("listen", { port, address });
  const [sent, received] = await Promise.all([
    from.station.ask<string>("copy", { port, address, bytes }),
    to.station.ask<string>("digest", { port }),
  ]);
  if (sent !== received) throw new Error(`the stream to ${address} differs from what was sent`);
}
