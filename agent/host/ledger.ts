/** How the host's forwarding was before the first instance turned it on, and which instances need it: the last one puts it back. A
 *  file beside the run folders of all instances, so it outlives any death of theirs and goes, like the settings themselves, with the
 *  next boot. Each step reads and writes it whole under a lock of the kernel. A line for each network namespace. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { fileFault } from "../../bindings/file-fault.ts";
import { AGENT_LIFE, claimLife } from "../../bindings/native/tables-file.ts";
import { FAMILIES, type Forwarding, type ForwardingFamily, type SettingsBefore, strangersOf } from "./forwarding.ts";
import type { Strangers } from "./ruleset.ts";

const LOOK_MS = 1;
const OWN_NAMESPACE = "/proc/self/ns/net";

const use = z.strictObject({ users: z.array(z.string()), before: z.record(z.string(), z.string()) });
const page = z.strictObject({ ipv4: use.optional(), ipv6: use.optional() });
const schema = z.record(z.string(), page);
type Page = { [family in ForwardingFamily]?: { users: string[]; before: SettingsBefore } | undefined };

/** Where the ledger of the host is, beside the run folders. */
export function ledgerPath(runRoot: string): string {
  return join(runRoot, "forwarding.json");
}

export class Ledger {
  readonly #path: string;
  readonly #forwarding: Forwarding;

  /** @param path of the file; its folder exists. */
  constructor(path: string, forwarding: Forwarding) {
    this.#path = path;
    this.#forwarding = forwarding;
  }

  /** Enters `instance` as a user of `families`, with how all was before the first of them; nothing is changed yet. What is on without
   *  us is nobody's. Returns the interfaces that did not forward before.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
  acquire(instance: string, families: readonly ForwardingFamily[]): Promise<Strangers> {
    return this.#change((entries) => {
      for (const family of families) {
        const entry = entries[family];
        if (entry) entry.users = [...new Set([...entry.users, instance])];
        else if (!this.#forwarding.isOn(family)) entries[family] = { users: [instance], before: this.#forwarding.snapshot(family) };
      }
      const strangers = (family: ForwardingFamily) => strangersOf(family, entries[family]?.before ?? {});
      return { ipv4: strangers("ipv4"), ipv6: strangers("ipv6") };
    });
  }

  /** Ends the use of `families` by `instance`. What nobody uses any more is put back.
   *  @throws PortyardError `setting-refused`, and as `acquire`. */
  release(instance: string, families: readonly ForwardingFamily[] = FAMILIES): Promise<void> {
    return this.#change((entries) => {
      for (const family of families) {
        const entry = entries[family];
        if (!entry?.users.includes(instance)) continue;
        entry.users = entry.users.filter((user) => user !== instance);
        if (entry.users.length > 0) continue;
        this.#forwarding.restore(family, entry.before);
        delete entries[family];
      }
    });
  }

  /** True when `instance` stands in the file. */
  knows(instance: string): boolean {
    return Object.values(parse(read(this.#path))).some((entries) => FAMILIES.some((family) => entries[family]?.users.includes(instance)));
  }

  /** The instances that have turned a family on in this network namespace, or found it so by another of them. */
  users(family: ForwardingFamily): string[] {
    return parse(read(this.#path))[ownNamespace()]?.[family]?.users ?? [];
  }

  async #change<Result>(change: (entries: Page) => Result): Promise<Result> {
    const descriptor = await this.#lock();
    try {
      const pages = parse(readFileSync(descriptor, "utf8"));
      const namespace = ownNamespace();
      const entries: Page = pages[namespace] ?? {};
      const result = change(entries);
      const { [namespace]: _, ...others } = pages;
      this.#write(descriptor, FAMILIES.some((family) => entries[family]) ? { ...others, [namespace]: entries } : others);
      return result;
    } finally {
      closeSync(descriptor);
    }
  }

  #write(descriptor: number, pages: Record<string, Page>): void {
    if (Object.keys(pages).length === 0) return unlinkSync(this.#path);
    const text = Buffer.from(JSON.stringify(pages));
    try {
      writeSync(descriptor, text, 0, text.length, 0);
      ftruncateSync(descriptor, text.length);
    } catch (cause) {
      throw fileFault("Writing", this.#path, cause);
    }
  }

  /** A descriptor of the file that the path leads to, locked until its close. */
  async #lock(): Promise<number> {
    for (; ; await delay(LOOK_MS)) {
      const descriptor = this.#open();
      if (claimLife(descriptor, AGENT_LIFE)) {
        if (statSync(this.#path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino) return descriptor;
      }
      closeSync(descriptor);
    }
  }

  #open(): number {
    try {
      return openSync(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    } catch (cause) {
      throw fileFault("Opening", this.#path, cause);
    }
  }
}

/** What the settings belong to. */
function ownNamespace(): string {
  return String(statSync(OWN_NAMESPACE).ino);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A file that is not ours, or half written, says nothing. */
function parse(text: string): Record<string, Page> {
  try {
    return schema.parse(JSON.parse(text)) as Record<string, Page>;
  } catch {
    return {};
  }
}
