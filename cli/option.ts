/** Options that several commands have. */
import { InvalidArgumentError, Option } from "commander";
import { isLabel } from "../bindings/config/name.ts";

const label = (text: string): string => {
  if (isLabel(text)) return text;
  throw new InvalidArgumentError("A label of 1-63 lower-case letters, digits and hyphens is wanted.");
};

/** A whole number from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is wanted.`);
  };

export const socketOption = () => new Option("--socket <path>", "socket of the agent's API (default: /run/portyard/NAME/agent.sock)");
export const nameOption = (what = "name of the instance") => new Option("--name <name>", what).argParser(label);
export const jsonOption = () => new Option("--json", "print JSON, for programs; errors as JSON on standard error");

/** Of an option that may be said several times. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];
