/** One TCP stream between two containers, both ends in blocking loops. 64 KiB a call: larger buffers fall out of the
 *  second-level cache and were a third slower (measured over a bare veth pair: 18 against 12 Gb/s). */
import { accept, close, connect, limitWaits, listenAnywhere, receive, send, tcpSocket } from "./socket.ts";

const CALL_BYTES = 65_536;
const REPORT_NS = 200_000_000n;
/** How long either end waits for the other before it gives up. */
const PATIENCE_MS = 5000;

/** What one end saw; the receiver's seconds run from the first byte to the last. */
export interface Transfer {
  bytes: number;
  seconds: number;
}

/** Receives one stream to its end. @param listening called with the port once a client can connect.
 *  @param report called about five times a second with what has come so far. */
export function receiveStream(listening: (port: number) => void, report: (sofar: Transfer) => void): Transfer {
  const listener = tcpSocket();
  limitWaits(listener, PATIENCE_MS);
  listening(listenAnywhere(listener));
  const stream = accept(listener);
  limitWaits(stream, PATIENCE_MS);
  try {
    return drain(stream, report);
  } finally {
    close(stream);
    close(listener);
  }
}

function drain(stream: number, report: (sofar: Transfer) => void): Transfer {
  const buffer = Buffer.alloc(CALL_BYTES);
  let bytes = receive(stream, buffer);
  const start = process.hrtime.bigint();
  let last = start;
  for (let reported = start; ; last = process.hrtime.bigint()) {
    if (last - reported > REPORT_NS) {
      reported = last;
      report({ bytes, seconds: Number(last - start) / 1e9 });
    }
    const received = receive(stream, buffer);
    if (received === 0) return { bytes, seconds: Number(last - start) / 1e9 };
    bytes += received;
  }
}

/** Sends for `seconds`. @returns what the kernel took.
 *  @throws PortyardError `peer-silent` when nothing moved for five seconds. */
export function sendStream(address: string, port: number, seconds: number): Transfer {
  const stream = tcpSocket();
  limitWaits(stream, PATIENCE_MS);
  connect(stream, address, port);
  const buffer = Buffer.alloc(CALL_BYTES, "portyard ");
  const start = process.hrtime.bigint();
  const end = start + BigInt(Math.round(seconds * 1e9));
  let bytes = 0;
  for (let now = start; now < end; now = process.hrtime.bigint()) {
    bytes += send(stream, buffer);
  }
  close(stream);
  return { bytes, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}
