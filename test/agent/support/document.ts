/** Answers of the API, held against its OpenAPI document. */
import { Ajv2020 } from "ajv/dist/2020.js";
import * as assert from "uvu/assert";
import { type Answer, ask } from "./yard.ts";

const ajv = new Ajv2020({ strict: false });

/** Asks, and holds the answer against the document. */
export async function askByDocument(
  // biome-ignore lint/suspicious/noExplicitAny: the document is looked into freely
  document: any,
  socket: string,
  method: string,
  path: string,
  body?: unknown,
  type?: string,
): Promise<Answer> {
  const answer = await ask(socket, method, path, body, type);
  const [plain = ""] = path.split("?");
  const template = Object.keys(document.paths).find((each) => new RegExp(`^${each.replace(/\{\w+\}/g, "[^/]+")}$`).test(plain));
  const response = document.paths[template ?? ""]?.[method.toLowerCase()]?.responses[answer.status];
  if (template === undefined || !document.paths[template][method.toLowerCase()]) return answer;
  assert.ok(response, `${method} ${path} answers ${answer.status}, which the document does not know`);
  const schema = response.content?.["application/json"].schema;
  if (schema === undefined) assert.is(answer.body, null);
  else assert.ok(ajv.validate({ ...schema, components: document.components }, answer.body), `${method} ${path}: ${ajv.errorsText()}`);
  return answer;
}
