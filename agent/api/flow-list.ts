/** What a list of flows is asked for, apart from the schemas, whose library the command line does without. */

/** Flows of a page unless it is said, and at most: an answer is made in one piece. */
export const FLOW_ROWS = 1000;
export const MAX_FLOW_ROWS = 10_000;

export const FLOW_STATES = ["half-open", "established", "closing", "time-wait", "udp-unanswered", "udp", "icmp"] as const;
