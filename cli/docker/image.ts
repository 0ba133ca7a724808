/** The image busybox: Docker's own where there is one, else made of the system's static busybox and a link for each of its applets, so
 *  that the example needs no registry. */
import { readFileSync } from "node:fs";
import { PortyardError } from "../../bindings/error.ts";
import { programPath, runProgram } from "../../bindings/native/program.ts";
import type { DockerClient } from "./docker-client.ts";
import { IMAGE } from "./plan.ts";
import { isStatic } from "./static-program.ts";
import { type TarEntry, tar } from "./tar.ts";

/** What `docker import` is given to make it. */
export interface ImageSource {
  archive: Buffer;
  /** One phrase: what it was made of. */
  note: string;
}

/** True when Docker has the image. @throws PortyardError `docker-missing`; the signal's reason. */
export async function hasImage(docker: DockerClient, signal: AbortSignal): Promise<boolean> {
  return (await docker.ask(["image", "inspect", IMAGE], signal)).status === 0;
}

/** @throws PortyardError `busybox-missing` where there is no static busybox. */
export async function imageSource(): Promise<ImageSource> {
  const path = programPath("busybox");
  if (path === null) throw busyboxMissing("no program busybox", null);
  const content = readFileSync(path);
  if (!isStatic(content)) throw busyboxMissing(`${path} needs libraries`, path);
  const { stdout } = await runProgram(path, ["--list"]);
  const applets = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  return { archive: archiveOf(content, applets), note: `${path}, with links for its ${applets.length} applets` };
}

function archiveOf(content: Uint8Array, applets: readonly string[]): Buffer {
  const links = applets.map((name): TarEntry => ({ kind: "link", name: `bin/${name}`, target: "busybox" }));
  return tar([{ kind: "folder", name: "bin/" }, { kind: "file", name: "bin/busybox", content }, ...links]);
}

function busyboxMissing(what: string, value: string | null): PortyardError {
  return new PortyardError("busybox-missing", `There is no image ${IMAGE}, and nothing to make it of: ${what}.`, {
    path: "busybox",
    value,
    remedy: `Install busybox-static (apt install busybox-static), or get the image: docker pull ${IMAGE}.`,
  });
}
