/** What an instance that runs as services consists of: its configuration, units, and the links by which they start at every boot, as
 *  `systemctl enable` would make them. */
import { join } from "node:path";
import type { Content } from "./content.ts";
import { exampleConfiguration } from "./example.ts";
import type { ProgramPaths } from "./program-path.ts";
import type { Services } from "./service.ts";
import { unitText } from "./unit-text.ts";

const UNITS = "/etc/systemd/system";
/** Files of the units that every instance needs. */
export const ALWAYS = ["portyard-agent@.service", "portyard-forwarder@.service", "portyard-standby@.service"];
/** File of the unit by which Docker finds an instance. */
export const DOCKER = "portyard-docker@.socket";

export interface WantedItem {
  /** In the installed system. */
  path: string;
  /** People change configurations; units they complete by files of their own. */
  isConfiguration: boolean;
  content: Content;
}

/** Path of an instance's configuration. */
const configurationOf = (name: string): string => `/etc/portyard/${name}.yaml`;

/** Path of a unit's file in the installed system. */
export const unitPath = (file: string): string => join(UNITS, file);

/** In the order in which they are written. */
export function wantedItems(services: Services, programs: ProgramPaths): WantedItem[] {
  const { name, docker } = services;
  const configuration = { path: configurationOf(name), isConfiguration: true, content: file(exampleConfiguration(name, docker)) };
  const units = [...ALWAYS, ...(docker ? [DOCKER] : [])].map((unit) => plain(unitPath(unit), file(unitText(unit, programs))));
  const links = [link(name, "portyard-agent@.service", "multi-user.target"), ...(docker ? [link(name, DOCKER, "sockets.target")] : [])];
  return [configuration, ...units, ...links];
}

const file = (text: string): Content => ({ kind: "file", text });
const plain = (path: string, content: Content): WantedItem => ({ path, isConfiguration: false, content });

function link(name: string, unit: string, target: string): WantedItem {
  return plain(unitPath(join(`${target}.wants`, unit.replace("@", `@${name}`))), { kind: "link", text: unitPath(unit) });
}
