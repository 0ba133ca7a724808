/** A command line run in this process, with what it wrote. */
import { run } from "../../../cli/program.ts";

export interface Written {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `portyard WORDS` and returns its exit status and output. */
export async function portyard(...words: string[]): Promise<Written> {
  const written: Written = { status: 0, stdout: "", stderr: "" };
  const restore = [tap(process.stdout, (text) => (written.stdout += text)), tap(process.stderr, (text) => (written.stderr += text))];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    written.status = await run(words);
  } finally {
    process.exitCode = before;
    for (const undo of restore) undo();
  }
  return written;
}

function tap(stream: NodeJS.WriteStream, take: (text: string) => void): () => void {
  const { write } = stream;
  stream.write = ((text: string | Uint8Array) => {
    take(String(text));
    return true;
  }) as typeof stream.write;
  return () => {
    stream.write = write;
  };
}
