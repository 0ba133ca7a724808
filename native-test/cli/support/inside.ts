/** Commands in a container's namespace. */

/** What goes before a command that is to run in `namespace`; empty: the machine's own, and nothing. */
export function inside(namespace: string): string[] {
  return namespace === "" ? [] : ["ip", "netns", "exec", namespace];
}

/** Node.js with a module's text there. */
export function nodeInside(namespace: string, script: string): string[] {
  return [...inside(namespace), process.execPath, "--input-type=module", "-e", script];
}
