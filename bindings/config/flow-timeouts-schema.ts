/** How long connections are followed that are silent, as people write it. */
import { z } from "zod";
import { DEFAULT_FLOW_TIMEOUTS } from "./defaults.ts";
import { whole } from "./field.ts";

const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** @param most seconds. */
const seconds = (state: keyof typeof DEFAULT_FLOW_TIMEOUTS, most: number, description: string) => {
  const byDefault = String(DEFAULT_FLOW_TIMEOUTS[state]);
  return whole(1, most, { description, remedy: `leave it out for ${byDefault}`, default: byDefault, unit: "seconds" }).optional();
};

export const flowTimeoutsSchema = z.strictObject({
  halfOpen: seconds("halfOpen", HOUR, "TCP: a SYN was seen, and not all of the handshake"),
  established: seconds("established", WEEK, "TCP: both ends get a reset then (RFC 5382 asks for at least 7440)"),
  closing: seconds("closing", HOUR, "TCP: one end has said that it is done"),
  timeWait: seconds("timeWait", HOUR, "TCP: both have; a new connection of the same ports may take its place at once (RFC 6191)"),
  udpUnanswered: seconds("udpUnanswered", HOUR, "UDP: nothing came back"),
  udp: seconds("udp", 24 * HOUR, "UDP: something came back (RFC 4787 asks for at least 120)"),
  icmp: seconds("icmp", HOUR, "ICMP echo"),
});
