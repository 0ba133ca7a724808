/** A command line run in this process, with what it wrote. */
import { run } from "../../../cli/program.ts";

export interface Written {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `portyard WORDS` and returns its exit status and output. */
export async function portyard(...words: string[]): Promise<Written> {
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const { result: status, ...written } = await captured(() => run(words));
    return { status, ...written };
  } finally {
    process.exitCode = before;
  }
}

/** What `work` gives, and what it wrote meanwhile. */
export async function captured<Result>(work: () => Promise<Result>): Promise<{ result: Result; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const restore = [tap(process.stdout, (text) => (written.stdout += text)), tap(process.stderr, (text) => (written.stderr += text))];
  try {
    const result = await work();
    return { result, ...written };
  } finally {
    for (const undo of restore) undo();
  }
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
