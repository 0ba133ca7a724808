/** Why a port does not forward, in words and with what can be done about it. */
import type { PortInfo } from "../bindings/engine/types.ts";
import type { PortyardError } from "../bindings/error.ts";

/** As `show ports` tells of it. */
export interface PortFault {
  /** The kernel's error, or a code of ours. */
  code: string;
  message: string;
  value: unknown;
  remedy: string | null;
}

const AGAIN = "say `portyard reload` when it is the file's, or `portyard port set NAME --recreate`";

const WORDS: Record<string, [message: string, remedy: string]> = {
  EBADFD: ["The network namespace of its interface is gone.", `Make the namespace again, then ${AGAIN}; or remove the port.`],
  ENODEV: ["Its interface is gone.", `Make the interface again, then ${AGAIN}; or remove the port.`],
  poison: [
    "It is shut because its frames killed their worker again and again.",
    `Find out what sends them (poison-N.pcapng in the run folder has them), then ${AGAIN}.`,
  ],
};

/** Of a port of the engine; null when nothing is wrong with it. */
export function faultOf({ state, error }: Pick<PortInfo, "state" | "error">): PortFault | null {
  if (error === null) return null;
  const [message, remedy] = WORDS[error] ?? [
    state === "gone" ? `Its device went away: ${error}.` : `The kernel refused to take it into service: ${error}.`,
    `Look at the forwarder's log, then ${AGAIN}.`,
  ];
  return { code: error, message, value: error, remedy };
}

/** Of an object that could not be made. */
export function faultFrom({ code, message, value, remedy }: PortyardError): PortFault {
  return { code, message, value, remedy };
}
