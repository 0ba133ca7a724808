/** The example itself: a network of ours, two containers in it, and a ping from one to the other by its name. What it makes it removes, newest
 *  first, whatever happened. */
import { Undo } from "../demo/undo.ts";
import type { Screen } from "../demo/screen.ts";
import type { DockerClient, Outcome, Step, StepOptions } from "./docker-client.ts";
import { hasImage, imageSource } from "./image.ts";
import { DRIVER, FIRST, IMAGE, NETWORK, PING_COUNT, SECOND } from "./plan.ts";
import { failed, isAbsent } from "./preflight.ts";

/** What `--json` prints. Fields are only ever added. */
export interface ExampleResult {
  /** Version of Docker. */
  docker: string;
  /** Whether it was a private one, or that of this machine. */
  isPrivate: boolean;
  /** Whether Docker had the image busybox. */
  image: "found" | "made";
  /** Every command that was shown, also of the removal. */
  steps: readonly Step[];
  sent: number;
  received: number;
  /** A sentence for each thing that could not be removed. */
  left: string[];
}

export interface ExampleParts {
  docker: DockerClient;
  screen: Screen;
  /** Ends the ping, and a question; a step that makes something is waited for, since only then it is known what there is to remove. */
  signal: AbortSignal;
}

type Told = Pick<ExampleResult, "image" | "sent" | "received" | "left">;

/** Another's container or network: what could not be made for its name is not ours to remove. */
const TAKEN = /already (exists|in use)|in use by container/i;
const SUMMARY = /(\d+) packets transmitted, (\d+) (?:packets )?received/;

/** Tells the example. @throws PortyardError `docker-failed`, `docker-missing`, `busybox-missing`; the signal's reason when it was aborted. */
export async function tellExample(parts: ExampleParts): Promise<Told> {
  const undo = new Undo();
  const left: string[] = [];
  try {
    const image = await ensureImage(parts, undo);
    const network = ["network", "create", "-d", DRIVER, "--ipam-driver", DRIVER, NETWORK];
    await make(parts, undo, network, ["network", "rm", NETWORK]);
    for (const name of [FIRST, SECOND]) {
      await make(parts, undo, ["run", "-d", "--net", NETWORK, "--name", name, IMAGE, "sleep", "infinity"], ["rm", "-f", name]);
    }
    return { image, ...(await ping(parts)), left };
  } catch (error) {
    throw parts.signal.aborted ? parts.signal.reason : error;
  } finally {
    left.push(...(await undo.run()));
    for (const sentence of left) parts.screen.warn(sentence);
    if (parts.signal.aborted && left.length === 0) parts.screen.line("Stopped; everything that the example made is removed.");
  }
}

async function ensureImage(parts: ExampleParts, undo: Undo): Promise<ExampleResult["image"]> {
  if (await hasImage(parts.docker, parts.signal)) return "found";
  const { archive: input, note } = await imageSource();
  await make(parts, undo, ["import", "-", IMAGE], ["image", "rm", IMAGE], { input, note });
  return "made";
}

async function make(
  { docker, signal }: ExampleParts,
  undo: Undo,
  words: readonly string[],
  removal: readonly string[],
  options: StepOptions = {},
): Promise<void> {
  signal.throwIfAborted();
  const outcome = await docker.step(words, options);
  const isMade = outcome.status === 0;
  if (isMade || !TAKEN.test(outcome.stderr)) undo.push(`do \`docker ${removal.join(" ")}\``, () => remove(docker, removal, isMade));
  if (!isMade) throw failed(["docker", ...words].join(" "), outcome);
}

/** Of a step that failed there may be something: a container that could not start is there all the same. */
async function remove(docker: DockerClient, words: readonly string[], isMade: boolean): Promise<void> {
  const outcome = isMade ? await docker.step(words) : await docker.ask(words);
  if (outcome.status !== 0 && !isAbsent(outcome)) throw failed(["docker", ...words].join(" "), outcome);
}

async function ping({ docker, signal }: ExampleParts): Promise<{ sent: number; received: number }> {
  signal.throwIfAborted();
  const words = ["exec", FIRST, "ping", "-c", String(PING_COUNT), SECOND];
  const outcome = await docker.step(words, { signal });
  signal.throwIfAborted();
  return countsOf(outcome) ?? Promise.reject(failed(["docker", ...words].join(" "), outcome));
}

/** From the line that `ping` ends with, busybox's or another; null when it did not come so far. */
function countsOf({ stdout }: Outcome): { sent: number; received: number } | null {
  const [, sent, received] = SUMMARY.exec(stdout) ?? [];
  return received === undefined ? null : { sent: Number(sent), received: Number(received) };
}
