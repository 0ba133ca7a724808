/** The key `publish` of ports and networks. */
import { z } from "zod";
import { field, textWithout } from "./field.ts";
import { type PublishForm, publicationFault, PUBLISH_FORMS } from "./publish.ts";

/** Longer lists stand for a mistake; ranges are short. */
const MAX_LIST = 1024;

/** A list of published ports of a port or network. */
export function publishList(by: PublishForm, { description }: { description: string }) {
  const form = PUBLISH_FORMS[by];
  const one = textWithout((text) => publicationFault(text, by), {
    description: "A published port or range",
    must: form,
    remedy: `write ${form}; quotes keep it text`,
  });
  return field(z.array(one).max(MAX_LIST).optional(), {
    description,
    must: `a list of up to ${MAX_LIST} texts such as ${by === "port" ? '"8080:80/tcp"' : '"8080:10.77.0.2:80/tcp"'}`,
    remedy: `write a list of ${form}`,
    default: "none",
  });
}
