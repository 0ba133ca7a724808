/** How an engine speaks with its forwarder, whatever its isolation. Everything about frames goes through the tables; here
 *  are only lives and descriptors. */

/** One port's descriptor, held open by the engine. */
export interface Attachment {
  port: number;
  descriptor: number;
}

export interface ForwarderLink {
  /** Process id of the forwarder, null when it is this process. */
  readonly pid: number | null;
  /** Starts the forwarder with the descriptors that it is to have; resolves when its workers run. */
  start(attachments: Attachment[]): Promise<void>;
  /** Hands over a port's descriptor; resolves when it is on its way. */
  attach(attachment: Attachment): Promise<void>;
  /** The forwarder closes its copy; only after the grace period. */
  detach(port: number): Promise<void>;
  /** Wakes the workers: the tables changed. */
  wake(): void;
  /** Ends the forwarder and waits for its end. */
  stop(): Promise<void>;
}

/** What a link reports by itself. */
export interface LinkListener {
  /** The forwarder, or a worker of it, ended unasked. */
  down(reason: string): void;
  log(level: "debug" | "info" | "warn" | "error", message: string, details?: Record<string, unknown>): void;
}
