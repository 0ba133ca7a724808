/** The table of network options in README.md and docs/docker.md, made from those that the driver takes. */
import { NETWORK_OPTIONS } from "./network-input.ts";

/** Markdown: a row for each option of `docker network create -o`. */
export function dockerOptionsReference(): string {
  const rows = Object.entries(NETWORK_OPTIONS).map(([key, { description }]) => `| \`${key}\` | ${description} |`);
  return ["| option | what it says |", "| --- | --- |", ...rows].join("\n");
}
