/** What a benchmark made, it removes: at its end, after a failure, on Ctrl-C and SIGTERM. Removals run in the reverse
 *  order; one that fails is told and does not stop the others. */
type Removal = { what: string; remove: () => void | Promise<void> };

const removals: Removal[] = [];
let watching = false;
let ending = false;
let draining: Promise<void> | undefined;

/** Registers a removal. Returns a function that runs it now, at most once. */
export function onEnd(what: string, remove: () => void | Promise<void>): () => Promise<void> {
  watchSignals();
  const removal = { what, remove };
  removals.push(removal);
  return () => runOnce(removal);
}

/** True once a signal ends the benchmark: nothing more is to be started. */
export function isEnding(): boolean {
  return ending;
}

/** Runs every removal that is left; called again meanwhile, it waits for the same end. */
export function removeAll(): Promise<void> {
  draining ??= drain().finally(() => (draining = undefined));
  return draining;
}

async function drain(): Promise<void> {
  for (let removal = removals.at(-1); removal !== undefined; removal = removals.at(-1)) await runOnce(removal);
}

/** Runs a benchmark and removes what it left, whatever its end. The exit status is 1 when it failed. */
export async function withCleanup(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!ending) console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    if (!ending) await removeAll();
  }
}

async function runOnce(removal: Removal): Promise<void> {
  const index = removals.indexOf(removal);
  if (index < 0) return;
  removals.splice(index, 1);
  try {
    await removal.remove();
  } catch (error) {
    console.error(`could not remove ${removal.what}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

function watchSignals(): void {
  if (watching) return;
  watching = true;
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      ending = true;
      void removeAll().then(() => process.exit(status));
    });
  }
}
