/** Several captures as one, in the order of time: of the captures' next frames the one that was seen first comes first, and of
 *  frames of one time that of the capture that was named first. Within a capture its own order stays, also where its times go back. */
import type { CaptureRecord } from "../capture/capture-record.ts";

/** The records of one capture, as they are read: a RecordReader. */
export interface Records {
  /** The one that `advance` went to. */
  readonly record: Pick<CaptureRecord, "seconds" | "nanoseconds">;
  /** Goes to the next of what has been read; false when there is none. */
  advance(): boolean;
  /** Reads on; false at the end. */
  fill(): Promise<boolean>;
  close(): Promise<void>;
}

/** Gets the place among `captures` of the one whose record is next. */
type MergedListener = (source: number) => void | Promise<void>;

interface Cursor {
  records: Records;
  source: number;
}

/** Calls `listener` for every record; a promise that it returns is waited for. All captures are closed in the end, whatever fails; the first
 *  error comes out.
 *  @param onUsed called when what was read of a capture at once is used up; a promise is waited for. */
export async function mergeByTime(captures: readonly Records[], listener: MergedListener, onUsed: () => unknown): Promise<void> {
  const steps = [() => merge(captures, listener, onUsed), ...captures.map((records) => () => records.close())];
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function merge(captures: readonly Records[], listener: MergedListener, onUsed: () => unknown): Promise<void> {
  let open: Cursor[] = [];
  for (const [source, records] of captures.entries()) if (await hasNext(records)) open.push({ records, source });
  while (open.length > 0) {
    const used = await drain(open, listener);
    await onUsed();
    if (!(await hasNext(used.records))) open = open.filter((cursor) => cursor !== used);
  }
}

/** Goes to the next record, for which it reads on where need be; false at the end. */
async function hasNext(records: Records): Promise<boolean> {
  while (!records.advance()) if (!(await records.fill())) return false;
  return true;
}

/** Until one of them has used up what was read of it: that one. */
async function drain(cursors: readonly Cursor[], listener: MergedListener): Promise<Cursor> {
  for (;;) {
    const cursor = earliest(cursors);
    const answer = listener(cursor.source);
    if (answer !== undefined) await answer;
    if (!cursor.records.advance()) return cursor;
  }
}

function earliest(cursors: readonly Cursor[]): Cursor {
  let first = cursors[0] as Cursor;
  for (const cursor of cursors) if (isEarlier(cursor.records, first.records)) first = cursor;
  return first;
}

function isEarlier({ record: one }: Records, { record: other }: Records): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanoseconds < other.nanoseconds);
}
