/** Where the program starts. */
import { run } from "./program.ts";

/** Whoever reads the output may stop reading (`portyard show macs | head`): that ends no instance and fails no command. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await run(process.argv.slice(2));
