/** The program of a forwarder that stands by: `portyard-standby NAME [SOCKET]`. The same as portyard-forwarder, under a name of its own until
 *  it forwards, so that who looks for the forwarder of an instance finds one. An agent starts it with a socket; a service manager
 *  starts it without, and it waits below /run/portyard/NAME/waiting until the agent of that instance takes it. */
import { rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { waitingFolderIn } from "./forwarder-process.ts";

const [, , name = "", socket] = process.argv;
const folder = waitingFolderIn(`/run/portyard/${name}`);
if (name !== "" && socket === undefined) process.argv.push(`${folder}/${process.pid}.sock`);
// also in the second life of this process, which has the socket in its command line
if (dirname(process.argv[3] ?? "") === folder) process.on("exit", removeEmpty);
await import("./portyard-forwarder.ts");

/** The last one that waits takes the folders with it, as far as nobody else uses them. */
function removeEmpty(): void {
  try {
    for (const path of [folder, dirname(folder), dirname(dirname(folder))]) rmdirSync(path);
  } catch {
    // somebody does
  }
}
