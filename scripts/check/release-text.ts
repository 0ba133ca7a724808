/** The release module's text holds nothing that allocates, grows, aborts or calls through a table: the hot path cannot
 *  fail loudly and its memory never changes its size. Nor anything that fails because a frame asks for it, or that notes a frame's way. */
const FORBIDDEN = ["~lib/rt", "memory.grow", "call_indirect", "abort", "observe/fault", "memory/trace"];

/** One sentence for each forbidden word in the text of `name`. */
export function releaseText(name: string, text: string): string[] {
  return FORBIDDEN.flatMap((word) => {
    const line = text.slice(0, Math.max(0, text.indexOf(word))).split("\n").length;
    return text.includes(word) ? [`${name}:${line}: ${word} has no place in a release build`] : [];
  });
}
