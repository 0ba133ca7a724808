/** Where the program starts. */
import { run } from "./program.ts";

/** Whoever reads the output may stop reading: `portyard show macs | head`. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

process.exitCode = await run(process.argv.slice(2));
