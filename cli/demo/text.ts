/** Words and numbers as every command writes them. */
export * from "../format/text.ts";
