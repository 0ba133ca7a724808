/** The example's names, each written once: those of the articles that show Docker's networks. */
export const NETWORK = "my-network";
export const FIRST = "container1";
export const SECOND = "container2";
export const IMAGE = "busybox";
/** Of networks and of their addresses. */
export const DRIVER = "portyard";
export const PING_COUNT = 5;
