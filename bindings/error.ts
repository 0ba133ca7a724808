/** The one error class: a stable code, a sentence that names the place and the value, and what to do about it. */
export interface PortyardErrorFields {
  /** Where: a path in the configuration (`ports[2].tap.namespace`), a file, an option. */
  path?: string;
  /** What was found there. */
  value?: unknown;
  /** What the reader can do. */
  remedy?: string;
  cause?: unknown;
}

export class PortyardError extends Error {
  readonly code: string;
  readonly path: string | null;
  readonly value: unknown;
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
