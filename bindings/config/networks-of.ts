/** Networks that frames of a port may belong to. */
export interface Attached {
  network?: string | undefined;
  trunk?: Record<string, number> | undefined;
  native?: string | undefined;
}

/** Names: the network of an access port; those of a trunk, and of its untagged frames. */
export function networksOf(port: Attached): string[] {
  const named = [port.network, ...Object.keys(port.trunk ?? {}), port.native];
  return [...new Set(named.filter((name) => name !== undefined))];
}
