/** The forwarder's program: `portyard-forwarder NAME SOCKET`, started by the agent. It gives up every capability before it does anything
 *  else: what it needs of the kernel are descriptors, and those it is given. */
import { beginWithoutCapabilities } from "../native/capability.ts";

const [, , , socketPath] = process.argv;
if (socketPath === undefined) {
  process.stderr.write("usage: portyard-forwarder NAME SOCKET (started by the agent)\n");
  process.exit(2);
}
beginWithoutCapabilities();
const { runForwarder } = await import("./forwarder.ts");
runForwarder(socketPath);
