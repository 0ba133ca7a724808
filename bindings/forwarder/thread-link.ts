/** Isolation "thread": the workers are threads of this process, over a memory that no file backs. When one of them cannot be
 *  begun anew the others are ended too, and all are started again, as it is with a forwarder process. */
import { createEventfd } from "../native/epoll.ts";
import { closeDescriptor } from "../native/io.ts";
import { ForwarderHost } from "./host.ts";
import type { Attachment, ForwarderLink, HeldAttachment, LinkListener } from "./link.ts";
import type { ForwarderSettings } from "./settings.ts";

export class ThreadLink implements ForwarderLink {
  readonly pid = null;
  readonly standbyPid = null;
  private readonly host: ForwarderHost;
  private readonly eventfds: number[];
  private isUp = false;

  constructor(settings: ForwarderSettings, memory: WebAssembly.Memory, listener: LinkListener) {
    this.eventfds = Array.from({ length: settings.layout.workers }, createEventfd);
    this.host = new ForwarderHost(settings, memory, {
      failed: (error) => void this.fail(error, listener),
      log: (level, message, details) => listener.log(level, message, details),
    });
  }

  /** The first error counts: others may follow from it. */
  private async fail(error: Error, listener: LinkListener): Promise<void> {
    if (!this.isUp) return;
    this.isUp = false;
    await this.host.stop();
    listener.down(error.message);
  }

  async start(attachments: () => Attachment[]): Promise<void> {
    await this.host.start(this.eventfds);
    for (const { port, descriptor } of attachments()) this.host.attach(port, descriptor);
    this.isUp = true;
  }

  /** Nothing outlives this process. */
  async adopt(): Promise<HeldAttachment[]> {
    return [];
  }

  settleIn(): void {}

  async attach({ port, descriptor }: Attachment): Promise<void> {
    this.host.attach(port, descriptor);
  }

  /** The descriptor is the engine's own, which closes it. */
  async detach(port: number): Promise<void> {
    this.host.detach(port);
  }

  wake(): void {
    this.host.wake();
  }

  leave(): void {}

  async stop(): Promise<void> {
    await this.host.stop();
    this.eventfds.forEach(closeDescriptor);
  }
}
