/** A program `docker` that keeps its containers, networks and images as files of a folder, notes how it was called, and fails where it is told to. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const ROUND_SECONDS = 0.05;
const SCRIPT = `#!/bin/sh
all="$*"
echo "$all" >> "$FAKE_DOCKER/calls"
fail() { echo "$1" >&2; exit 1; }
in_the_way() { case "$all" in "$1"*) fail "$FAKE_WORDS" ;; esac; }
absent() { fail "Error: No such $1: $2"; }
make() { touch "$FAKE_DOCKER/$1 $2"; in_the_way "\${FAKE_FAILS_AFTER:--}"; echo "$2-id"; }
have() { [ -e "$FAKE_DOCKER/$1 $2" ] || absent "$1" "$2"; }
take() { have "$1" "$2"; rm "$FAKE_DOCKER/$1 $2"; echo "$2"; }
last() { for round in $(seq "$FAKE_ROUNDS"); do [ -e "$FAKE_DOCKER/go-on" ] && break; sleep ${ROUND_SECONDS}; done; } # one long sleep would outlive this, and hold its output
case "$all" in "\${FAKE_LASTS:--}"*) last ;; esac
in_the_way "\${FAKE_FAILS:--}"
case "$all" in
  version*) echo 99.1 ;;
  *" inspect "*) have "$1" "$3"; echo "[]" ;;
  "import - "*) cat > /dev/null; make image "$3" ;;
  "network create "*) for name; do :; done; make network "$name" ;;
  "run "*) make container "$6" ;;
  "exec "*)
    echo "64 bytes from 10.210.0.3: seq=0 ttl=64 time=0.1 ms"
    echo "5 packets transmitted, \${FAKE_RECEIVED:-5} packets received, 0% packet loss"
    [ "\${FAKE_RECEIVED:-5}" != 0 ] ;;
  "rm -f "*) take container "$3" ;;
  "network rm "*) take network "$3" ;;
  "image rm "*) take image "$3" ;;
  *) fail "unknown: $all" ;;
esac
`;

const QUESTION = / inspect |^version/;

export interface FakeDockerOptions {
  /** What is there: "image busybox", "container container1". */
  has?: readonly string[];
  /** Beginning of the command that fails before it has done anything. */
  fails?: string;
  /** Beginning of the command that fails although it has made something. */
  failsAfter?: string;
  /** What it says then. */
  words?: string;
  /** Answers of \`ping\`, of five. */
  received?: number;
  /** Beginning of the command or question that takes so many seconds before it does anything, or until `goOn`. */
  lasts?: readonly [words: string, seconds: number];
}

export class FakeDocker {
  readonly folder = mkdtempSync(join(tmpdir(), "portyard-docker-"));
  readonly environment: NodeJS.ProcessEnv;

  constructor({ has = [], fails, failsAfter, words = "it does not work", received, lasts }: FakeDockerOptions = {}) {
    writeFileSync(join(this.folder, "docker"), SCRIPT, { mode: 0o755 });
    for (const one of has) writeFileSync(join(this.folder, one), "");
    this.environment = {
      PATH: [this.folder, "/usr/bin", "/bin"].join(delimiter),
      FAKE_DOCKER: this.folder,
      FAKE_WORDS: words,
      ...(fails !== undefined && { FAKE_FAILS: fails }),
      ...(failsAfter !== undefined && { FAKE_FAILS_AFTER: failsAfter }),
      ...(received !== undefined && { FAKE_RECEIVED: String(received) }),
      ...(lasts !== undefined && { FAKE_LASTS: lasts[0], FAKE_ROUNDS: String(Math.round(lasts[1] / ROUND_SECONDS)) }),
    };
  }

  /** Command lines, without questions. */
  get calls(): string[] {
    return this.#lines.filter((call) => !QUESTION.test(call));
  }

  /** Questions alone. */
  get questions(): string[] {
    return this.#lines.filter((call) => QUESTION.test(call));
  }

  /** What it has, in alphabetical order. */
  get has(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.includes(" "))
      .sort();
  }

  get #lines(): string[] {
    try {
      return readFileSync(join(this.folder, "calls"), "utf8").trimEnd().split("\n");
    } catch {
      return [];
    }
  }

  /** What lasts goes on now. */
  goOn(): void {
    writeFileSync(join(this.folder, "go-on"), "");
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
