/** How a backend is chosen, by the names that people write (docs/balancers.md). */
export const ALGORITHMS = [
  "round-robin",
  "weighted-round-robin",
  "least-response-time",
  "least-load",
  "power-of-two",
  "source-hash",
  "maglev",
  "random",
] as const;
