/** Which names are taken: of networks, ports and instances (RFC 1123 labels, so that each can stand in a DNS name and a
 *  file name), of interfaces (what the kernel's dev_valid_name allows, less what tools misread) and of namespaces. */

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** IFNAMSIZ of <linux/if.h>, less the final zero. */
export const MAX_INTERFACE_BYTES = 15;
const MAX_PATH_BYTES = 4095;

/** True for an RFC 1123 label in lower case: 1-63 letters, digits and hyphens, no hyphen at either end. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/** True for a name that an interface can have: 1-15 bytes, without `/`, `:`, `%`, white space, or a hyphen in front. */
export function isInterfaceName(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= 1 && bytes <= MAX_INTERFACE_BYTES && !/[/:%\s\p{Cc}]|^-/u.test(text) && text !== "." && text !== "..";
}

/** True for an absolute path, or a name below /run/netns. */
export function isNamespace(text: string): boolean {
  if (/\p{Cc}/u.test(text) || Buffer.byteLength(text) > MAX_PATH_BYTES) return false;
  if (text.startsWith("/")) return text.length > 1 && !text.endsWith("/");
  return text !== "" && text !== "." && text !== ".." && Buffer.byteLength(text) <= 255 && !/[/\s]|^-/.test(text);
}

/** The path of a network namespace given by name or by path; `/var/run` is the old name of `/run`. */
export function namespacePath(namespace: string): string {
  return namespace.startsWith("/") ? namespace.replace(/^\/var\/run\//, "/run/") : `/run/netns/${namespace}`;
}
