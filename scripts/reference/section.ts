/** Which parts of docs/ are made from the program, and how a part is put in its place. */
import { apiReference } from "../../agent/api/reference.ts";
import { dockerOptionsReference } from "../../agent/docker/reference.ts";
import { configurationReference, keyTable } from "../../bindings/config/reference.ts";
import { balancerSchema } from "../../bindings/service/schema.ts";
import { commandReference } from "../../cli/reference.ts";

export interface Reference {
  name: string;
  file: string;
  text: () => string;
}

export const references: Reference[] = [
  { name: "configuration", file: "docs/configuration.md", text: configurationReference },
  { name: "balancer", file: "docs/balancers.md", text: () => keyTable(balancerSchema) },
  { name: "api", file: "docs/api.md", text: apiReference },
  { name: "commands", file: "docs/command-line.md", text: commandReference },
  { name: "docker options", file: "README.md", text: dockerOptionsReference },
  { name: "docker options", file: "docs/docker.md", text: dockerOptionsReference },
];

/** `page` with the part of `reference` made anew. @throws Error when it has no place for it. */
export function withReference(page: string, { name, file, text }: Reference): string {
  const begin = `<!-- made by npm run docs: ${name} -->`;
  const [before, after] = page.split(begin);
  const end = after?.indexOf("<!-- end -->") ?? -1;
  if (before === undefined || after === undefined || end < 0) throw new Error(`${file} has no place for ${name}`);
  return `${before}${begin}\n\n${text()}\n\n${after.slice(end)}`;
}
