/** The program of a forwarder that stands by: `portyard-standby NAME SOCKET`, started by the agent. The same as portyard-forwarder, under
 *  a name of its own until it forwards, so that who looks for the forwarder of an instance finds one. */
import "./portyard-forwarder.ts";
