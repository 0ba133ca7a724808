/** Isolation "process": the forwarder is a process of its own over one tables file with the agent. This side starts it, pushes descriptors
 *  by SCM_RIGHTS, notices its end, and keeps another one standing by, which takes its place within milliseconds.
 *
 *      start: the one that stands by, or a new one -> "start" -> "started" -> every descriptor -> up    attach, detach: only when up
 *      adopt: connect -> "adopt" -> "adopted", every descriptor back -> "started" -> up
 *
 *  An end before "up" is the failure of `start`, an end after it is reported to the listener: never both. */
import { createEventfd, signalEventfd } from "../native/epoll.ts";
import { closeDescriptor } from "../native/io.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { ForwarderConnection } from "./forwarder-connection.ts";
import { socketPathIn } from "./forwarder-process.ts";
import type { ForwarderSource } from "./forwarder-source.ts";
import type { Attachment, ForwarderLink, HeldAttachment, LinkListener } from "./link.ts";
import type { ForwarderSettings } from "./settings.ts";
import { Standby } from "./standby.ts";

export class ProcessLink implements ForwarderLink {
  private readonly settings: ForwarderSettings;
  private readonly tables: TablesFile;
  private readonly directory: string;
  private readonly listener: LinkListener;
  private readonly source: ForwarderSource;
  /** Where its forwarder listens. */
  private socketPath: string;
  private readonly stopping = new AbortController();
  private readonly standby: Standby | null;
  /** Of each worker; those of an adopted forwarder are its own. */
  private eventfds: number[] = [];
  private forwarder: ForwarderConnection | null = null;
  private isUp = false;
  private isStopping = false;

  /** @param tables the formatted tables file.
   *  @param directory where forwarder.sock and forwarder.log lie.
   *  @param source where forwarders come from.
   *  @param hasStandby whether a second one stands by.
   *  @param socketPath another place of its socket, while a forwarder that is to be replaced has the usual one. */
  constructor(
    settings: ForwarderSettings,
    tables: TablesFile,
    directory: string,
    listener: LinkListener,
    source: ForwarderSource,
    hasStandby: boolean,
    socketPath = socketPathIn(directory),
  ) {
    this.socketPath = socketPath;
    this.settings = settings;
    this.tables = tables;
    this.directory = directory;
    this.listener = listener;
    this.source = source;
    this.standby = hasStandby ? new Standby(settings, directory, listener, source) : null;
  }

  get pid(): number | null {
    return this.forwarder?.pid ?? null;
  }

  get standbyPid(): number | null {
    return this.standby?.pid ?? null;
  }

  /** @throws PortyardError `forwarder-failed` with the reason that it gave, `no-rights`, `file-failed`; no process is left then. */
  async start(attachments: () => Attachment[]): Promise<void> {
    if (this.eventfds.length === 0) this.eventfds = Array.from({ length: this.settings.layout.workers }, createEventfd);
    const forwarder = this.follow((await this.standby?.take(this.socketPath)) ?? (await this.open()));
    await forwarder.ask({ kind: "start", settings: this.settings, tablesPath: this.tables.path }, this.eventfds);
    for (const { port, descriptor } of attachments()) forwarder.tell({ kind: "attach", port }, [descriptor]);
    this.isUp = true;
    this.standby?.prepareSoon();
  }

  private open(): Promise<ForwarderConnection> {
    return this.source.open("portyard-forwarder", this.socketPath, this.stopping.signal);
  }

  /** Takes over the forwarder that outlived the last agent; resolves with the descriptors that it holds, copies of this
   *  process's own. @throws PortyardError `forwarder-failed`, `system-call-failed`; the forwarder is killed then. */
  async adopt(): Promise<HeldAttachment[]> {
    const forwarder = this.follow(ForwarderConnection.meet(this.socketPath, this.listener.log));
    await forwarder.ask({ kind: "adopt" }, []);
    this.eventfds = forwarder.eventfds;
    this.isUp = true;
    this.standby?.prepareSoon();
    return forwarder.held.splice(0);
  }

  /** Follows its end from now on. */
  private follow(forwarder: ForwarderConnection): ForwarderConnection {
    this.forwarder = forwarder;
    void forwarder.ended.then((reason) => {
      const wasUp = this.isUp;
      this.isUp = false;
      this.forwarder = null;
      if (wasUp && !this.isStopping) this.listener.down(reason);
    });
    return forwarder;
  }

  settleIn(): void {
    this.socketPath = socketPathIn(this.directory);
  }

  async attach({ port, descriptor }: Attachment): Promise<void> {
    if (this.isUp) this.forwarder?.tell({ kind: "attach", port }, [descriptor]);
  }

  async detach(port: number): Promise<void> {
    if (this.isUp) this.forwarder?.tell({ kind: "detach", port }, []);
  }

  wake(): void {
    for (const eventfd of this.eventfds) signalEventfd(eventfd);
  }

  leave(): void {
    this.isStopping = true;
    this.stopping.abort();
    this.isUp = false;
    this.forwarder?.leave();
    void this.standby?.end();
    this.eventfds.splice(0).forEach(closeDescriptor);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.stopping.abort();
    await Promise.all([this.forwarder?.stop(), this.standby?.end()]);
    this.eventfds.splice(0).forEach(closeDescriptor);
  }
}
