/** The forwarder's program: `portyard-forwarder NAME SOCKET`, started by the agent. It gives up every capability before it does anything
 *  else: what it needs of the kernel are descriptors, and those it is given. Until it forwards it lives no longer than its agent. */
import { beginWithoutCapabilities } from "../native/capability.ts";
import { dieWithParent } from "../native/process.ts";
import { AGENT_VARIABLE } from "./forwarder-process.ts";

const [, , , socketPath] = process.argv;
if (socketPath === undefined) {
  process.stderr.write("usage: portyard-forwarder NAME SOCKET (started by the agent)\n");
  process.exit(2);
}
beginWithoutCapabilities();
const agent = process.env[AGENT_VARIABLE];
if (agent !== undefined) dieWithParent(Number(agent));
const { runForwarder } = await import("./forwarder.ts");
runForwarder(socketPath);
