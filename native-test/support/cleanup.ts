/** What a native test makes in the kernel, it removes: at the end of the process, whatever ends it, a failed test, an error,
 *  SIGINT or SIGTERM. Removals are synchronous and run in reverse order; one that fails is told, sets the exit status, and
 *  does not stop the others. After SIGKILL the next run removes what is left (namespace.ts). */
interface Removal {
  what: string;
  remove: () => void;
}

const removals: Removal[] = [];
let watching = false;

/** Registers a removal. Returns a function that runs it now, at most once. */
export function onEnd(what: string, remove: () => void): () => void {
  watchEnd();
  const removal = { what, remove };
  removals.push(removal);
  return () => runOnce(removal);
}

/** Runs every removal that is left. */
export function removeAll(): void {
  for (let last = removals.at(-1); last !== undefined; last = removals.at(-1)) runOnce(last);
}

function runOnce(removal: Removal): void {
  const index = removals.indexOf(removal);
  if (index < 0) return;
  removals.splice(index, 1);
  try {
    removal.remove();
  } catch (error) {
    console.error(`could not remove ${removal.what}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

function watchEnd(): void {
  if (watching) return;
  watching = true;
  process.prependListener("exit", removeAll); // before uvu's own, which ends the process there and then
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}
