/** npm as the tests call it: the one that started them, if there is one. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";

/** Runs npm in `folder` and returns what it printed, whatever came of it. */
export function npm(args: readonly string[], folder: string): SpawnSyncReturns<string> {
  const own = process.env.npm_execpath;
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 64 << 20 } as const;
  if (own?.endsWith(".js")) return spawnSync(process.execPath, [own, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}
