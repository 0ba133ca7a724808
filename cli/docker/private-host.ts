/** Namespaces of its own for an example with a Docker of its own: network, mounts and processes. Whatever is started or written there goes
 *  with them, also when they are killed:
 *
 *    sh, the first process  collects orphans, ends what is left, removes the control groups
 *      └── this very command once more, with agent, dockerd and containers below it
 *
 *  /run, /dev/shm and the folders of Docker and Portyard are empty; the rest of /etc and /var/lib is there, and written to in memory. Control
 *  groups alone are not of a namespace: they stand below one that is named for the example, and one that was left so by a death is removed by
 *  the next. */
import { randomBytes } from "node:crypto";
import { PortyardError } from "../../bindings/error.ts";
import { programPath } from "../../bindings/native/program.ts";
import { attempt } from "../demo/command.ts";

/** Set for the command inside: name of its control group. */
export const INSIDE_VARIABLE = "PORTYARD_DOCKER_EXAMPLE";
const GROUP_PREFIX = "portyard-example-";
const GROUPS = `/sys/fs/cgroup/${GROUP_PREFIX}`;

const UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Debian's packages, by program. */
const PACKAGES: Record<string, string> = {
  docker: "docker.io",
  dockerd: "docker.io",
  busybox: "busybox-static",
  unshare: "util-linux",
  mount: "mount",
  ip: "iproute2",
};

/** A shell line that runs its arguments from the second on; the first is the end of the control group's name. Where a file system over another one is refused, the folder itself is used, and what is to be empty is covered. */
const SET_UP = `
group=${GROUPS}$1; shift
over() { mkdir -p /run/over"$1"/upper /run/over"$1"/work &&
  mount -t overlay overlay -o "lowerdir=$1,upperdir=/run/over$1/upper,workdir=/run/over$1/work" "$1" 2>/dev/null; }
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm || exit 1
mkdir -p /run/lock /run/netns
for folder in /etc /var/lib; do over $folder; done
for folder in /etc/docker /var/lib/docker /var/lib/portyard; do
  mkdir -p $folder && mount -t tmpfs tmpfs $folder || exit 1
done
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
remove() { rmdir "$@" 2>/dev/null; }
remove ${GROUPS}*/*/; remove ${GROUPS}*/
ip link set lo up
"$@"
status=$?
kill -KILL -1 2>/dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  remove "$group"/*/; remove "$group"
  [ -d "$group" ] || break
  sleep 0.1
done
exit $status`;

export interface PrivateHost {
  /** Program and arguments in front of the command that is to run there. */
  launch: string[];
  /** For its environment. */
  variables: Record<string, string>;
}

/** Looks whether such namespaces can be made, and says how.
 *  @throws PortyardError `no-rights`, `programs-missing`, `namespace-refused`. */
export async function privateHost(): Promise<PrivateHost> {
  if (process.platform !== "linux" || process.geteuid?.() !== 0) throw noRights();
  needPrograms();
  const id = randomBytes(4).toString("hex");
  const [unshare = "", ...rest] = [...UNSHARE, "sh", "-c", SET_UP, "sh", id];
  const { status, stderr } = await attempt(unshare, [...rest, "true"]);
  if (status !== 0) throw refused(stderr.trim());
  return { launch: [unshare, ...rest], variables: { [INSIDE_VARIABLE]: `${GROUP_PREFIX}${id}` } };
}

function needPrograms(): void {
  const missing = Object.keys(PACKAGES).filter((program) => programPath(program) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGES[program]))].join(" ");
  throw new PortyardError("programs-missing", `A private Docker needs programs that are not installed: ${missing.join(", ")}.`, {
    value: missing,
    remedy: `Install them: apt install ${packages}.`,
  });
}

function noRights(): PortyardError {
  return new PortyardError("no-rights", "A private Docker needs root, on Linux: it makes namespaces and starts dockerd in them.", {
    path: "--daemon",
    remedy: "Run it as root, or leave out --daemon to use the Docker of this machine.",
  });
}

function refused(words: string): PortyardError {
  return new PortyardError("namespace-refused", `Namespaces for a private Docker are refused: ${words}`, {
    path: "--daemon",
    remedy: "Run it on the machine itself, or in a container with --privileged.",
  });
}
