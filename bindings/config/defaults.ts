/** What holds where nothing is said, apart from the schemas, whose library the command line does without. */

/** Name of the instance. */
export const DEFAULT_NAME = "default";
/** Where Docker looks for the plugin of this name (moby: pkg/plugins/discovery.go). */
export const DEFAULT_PLUGIN_SOCKET = "/run/docker/plugins/portyard.sock";
/** What pools of Docker's networks are cut from: private (RFC 1918), and a unique local prefix of our own (RFC 4193). */
export const DEFAULT_POOLS = [
  { base: "10.210.0.0/16", size: 24 },
  { base: "fd70:7974:7264::/48", size: 64 },
] as const;

/** Seconds: RFC 5382 (TCP established), RFC 4787 (UDP), and what Linux does. */
export const DEFAULT_FLOW_TIMEOUTS = { halfOpen: 30, established: 7440, closing: 120, timeWait: 60, udpUnanswered: 30, udp: 180, icmp: 30 };
