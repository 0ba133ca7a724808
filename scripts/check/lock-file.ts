/** package-lock.json names no registry, has the checksum of every package, and every package that an entry asks for: npm leaves those of other platforms out
 *  when it cannot fetch them, and `npm ci` then refuses the file there. */
interface LockedPackage {
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
  dependencies?: Record<string, string>;
}

/** One sentence for each entry of the lock file's `text` that breaks this. */
export function lockFile(text: string): string[] {
  const packages = (JSON.parse(text) as { packages: Record<string, LockedPackage> }).packages;
  const paths = Object.keys(packages);
  const resolved = paths.filter((path) => packages[path]?.resolved !== undefined).map((path) => `${path} has a "resolved"`);
  const unchecked = paths
    .filter((path) => path !== "" && packages[path]?.link !== true && packages[path]?.integrity === undefined)
    .map((path) => `${path} has no checksum`);
  const missing = paths.flatMap((path) => {
    const { dependencies = {}, optionalDependencies = {} } = packages[path] as LockedPackage;
    const wanted = Object.keys({ ...dependencies, ...optionalDependencies });
    return wanted
      .filter((name) => !find(packages, path, name))
      .map((name) => `${path || "the project"} asks for ${name}, which has no entry`);
  });
  return [...resolved, ...unchecked, ...missing];
}

/** Node's look-up: in the package's own node_modules, then in those of the folders above. */
function find(packages: Record<string, LockedPackage>, path: string, name: string): boolean {
  if (packages[path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`]) return true;
  const above = path.lastIndexOf("/node_modules/");
  return path !== "" && find(packages, above < 0 ? "" : path.slice(0, above), name);
}
