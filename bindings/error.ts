/** The one error class: a stable code, a sentence that names the place and the value, and what to do about it. */

/** What an error says beyond its code and its sentence. */
export interface PortyardErrorFields {
  /** Where: a path in the configuration (`ports[2].tap.namespace`), a file, an option. */
  path?: string;
  /** What was found there. */
  value?: unknown;
  /** What the reader can do. */
  remedy?: string;
  /** The error behind it. */
  cause?: unknown;
}

/** Every error that is meant for who uses Portyard. docs/command-line.md lists the codes; what is thrown beside it is a fault of Portyard, or
 *  came out of a callback. */
export class PortyardError extends Error {
  /** Stable, kebab-case (`namespace-missing`): programs compare it. */
  readonly code: string;
  /** Where: a path in the configuration (`ports[2].tap.namespace`), a file, an option, an argument. */
  readonly path: string | null;
  /** What was found there; null where there is nothing to show. */
  readonly value: unknown;
  /** What can be done, in a sentence. */
  readonly remedy: string | null;

  /** @param code stable, kebab-case (`namespace-missing`); programs compare it.
   *  @param message one sentence for people. */
  constructor(code: string, message: string, fields: PortyardErrorFields = {}) {
    super(message, { cause: fields.cause });
    this.name = "PortyardError";
    this.code = code;
    this.path = fields.path ?? null;
    this.value = fields.value ?? null;
    this.remedy = fields.remedy ?? null;
  }

  /** As `--json` prints it: `{"error": {...}}` (design section 9). */
  toJSON(): { error: Record<string, unknown> } {
    return { error: { code: this.code, message: this.message, path: this.path, value: this.value, remedy: this.remedy } };
  }
}
