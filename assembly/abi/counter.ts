/** Counters of one port as one worker counts them (COUNTER_BYTES each; u64 fields): what a reader shows is the sum over
 *  the workers. Sent is counted by the worker that wrote, dropped at the port that the frame came from, except after
 *  egress began: then at the port that it should have left by.                                                      */
export const RECEIVED_FRAMES = 0;
export const RECEIVED_BYTES = 8;
export const SENT_FRAMES = 16;
export const SENT_BYTES = 24;
export const DROPPED_FRAMES = 32;
/** First of MAX_DROP_REASONS counts. */
export const REASONS = 64;
