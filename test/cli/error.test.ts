/** How failures are told: to people every problem with its remedy, to programs one line of JSON, and by the exit status. */
import { CommanderError } from "commander";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../bindings/config/parse.ts";
import { PortyardError } from "../../bindings/error.ts";
import { report, ToldError } from "../../cli/error.ts";

const test = suite("error");

let last = "";

/** Reports, keeps the words in `last`, and returns the exit status. */
function told(error: unknown, json = false): number {
  const { write } = process.stderr;
  let text = "";
  process.stderr.write = ((part: string) => {
    text += part;
    return true;
  }) as typeof write;
  try {
    return report(error, json);
  } finally {
    process.stderr.write = write;
    last = text;
  }
}

test("a sentence, and the remedy below it", () => {
  assert.is(told(new PortyardError("x", "It is gone.", { remedy: "Make it." })), 1);
  assert.is(last, "error: It is gone.\n       Make it.\n");
  told(new PortyardError("x", "It is gone."));
  assert.is(last, "error: It is gone.\n");
});

test("every problem of a configuration", () => {
  try {
    parseConfig({ workers: 0, prots: [] });
  } catch (error) {
    told(error);
  }
  assert.is(
    last,
    "error: workers is 0; it must be a whole number from 1 to 16, or auto.\n       Leave it out for one worker.\n" +
      "error: prots is not a key of the configuration.\n       Write `ports`, or leave it out.\n",
  );
});

test("as JSON: one line with everything", () => {
  told(new PortyardError("x", "It is gone.", { path: "a.b", value: 7, remedy: "Make it." }), true);
  assert.is(last, '{"error":{"code":"x","message":"It is gone.","path":"a.b","value":7,"remedy":"Make it."}}\n');
});

test("what another process told comes out word for word", () => {
  const error = { code: "x", message: "M.", path: null, value: null, remedy: null, problems: [{ path: "a", message: "A.", remedy: "B." }] };
  told(new ToldError({ error }), true);
  assert.equal(JSON.parse(last), { error });
  told(new ToldError({ error }));
  assert.is(last, "error: A.\n       B.\n");
});

test("a fault of our own shows where it happened", () => {
  assert.is(told(new TypeError("x is not a function")), 1);
  assert.match(last, /TypeError: x is not a function\n\s+at .*error\.test/);
  assert.match(last, /please report it/);
});

test("wrong usage is status 2; help is none", () => {
  assert.is(told(new CommanderError(1, "commander.unknownOption", "error: unknown option")), 2);
  assert.is(last, "");
  assert.is(told(new CommanderError(0, "commander.help", "(outputHelp)")), 0);
});

test.run();
