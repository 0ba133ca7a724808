/** Two network namespaces with a TAP each, and the switch between them in a process of its own. Needs root; from the
 *  project's root: `node dist/examples/two-namespaces.js`. */
import { execFileSync } from "node:child_process";
import { Engine, readConfigFile } from "portyard";

const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const call = 'require("net").connect(9, "10.77.0.3").on("error", (error) => console.log(error.code))';

const made: string[] = [];
try {
  for (const name of ["a", "b"]) {
    ip("netns", "add", name); // of a name that is taken it makes none
    made.push(name);
  }
  const engine = await Engine.create(await readConfigFile("examples/portyard.yaml"));
  try {
    console.log(`a calls b, where nobody listens: ${ip("netns", "exec", "a", process.execPath, "-e", call).trim()}`);
    for (const { name, receivedFrames } of engine.ports()) console.log(`${receivedFrames > 0 ? "frames" : "nothing"} came from ${name}`);
  } finally {
    await engine.close();
  }
} finally {
  for (const name of made) ip("netns", "delete", name);
}
