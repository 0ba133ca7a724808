/** How an engine speaks with its forwarder, whatever its isolation. Everything about frames goes through the tables; here
 *  are only lives and descriptors. */
import type { LeftPort } from "../tables/left-tables.ts";

/** One port's descriptor, held open by the engine. */
export interface Attachment {
  port: number;
  descriptor: number;
}

/** What a forwarder that is taken over holds for a port, and how it calls it. */
export interface HeldAttachment extends Attachment {
  identity: LeftPort | null;
}

export interface ForwarderLink {
  /** Process id of the forwarder, null when it is this process. */
  readonly pid: number | null;
  /** Process id of the one that stands by for it; null while there is none. */
  readonly standbyPid: number | null;
  /** Starts the forwarder, also after its end; resolves when its workers run and have every descriptor.
   *  @param attachments what it is to have, asked for when it can take it. */
  start(attachments: () => Attachment[]): Promise<void>;
  /** Takes over the forwarder that outlived the last owner of the tables; resolves with what it holds.
   *  @throws PortyardError `forwarder-failed`; it is dead then. */
  adopt(): Promise<HeldAttachment[]>;
  /** The forwarder listens at the usual place from now on, which that of a predecessor had until then. */
  settleIn(): void;
  /** Hands over a port's descriptor; resolves when it is on its way. A forwarder that is not up gets it at its start. */
  attach(attachment: Attachment): Promise<void>;
  /** The forwarder closes its copy; only after the grace period. */
  detach(port: number): Promise<void>;
  /** Wakes the workers: the tables changed. */
  wake(): void;
  /** Lets go of the forwarder, which goes on without its owner, as after the owner's death. */
  leave(): void;
  /** Ends the forwarder and waits for its end. */
  stop(): Promise<void>;
}

/** What a link reports by itself. */
export interface LinkListener {
  /** The forwarder ended unasked, or a worker of it that cannot be begun anew; not while `start` is under way, which then fails. */
  down(reason: string): void;
  /** A forwarder stands by from now on. */
  standby(pid: number): void;
  log(level: "debug" | "info" | "warn" | "error", message: string, details?: Record<string, unknown>): void;
}
