/** A capture through a configuration: what leaves each port, and what is dropped and why. Needs no privileges. From the project's root:
 *
 *      node dist/examples/capture-through-configuration.js [CONFIGURATION CAPTURE]
 *
 *  Without names it takes examples/two-containers.yaml and .pcap.                                                           */
import { openCapture, readConfigFile, replay } from "portyard";

const [, , configuration = "examples/two-containers.yaml", capture = "examples/two-containers.pcap"] = process.argv;
const config = await readConfigFile(configuration);
const summary = await replay({
  config,
  // a port's name instead of null: all frames enter there
  inputs: [{ port: null, capture: openCapture(capture) }],
  onFrame: ({ number, port }, drops) => {
    for (const drop of drops) console.log(`frame ${number + 1} from ${port}: ${drop.reason} at ${drop.port}`);
  },
});
for (const [name, { received, sent }] of Object.entries(summary.ports)) console.log(`${name}: ${received} in, ${sent} out`);
