/** The folder of the database's Unix socket: the cluster itself, where the path is short enough for the kernel. */
import { createHash } from "node:crypto";
import { chown, lstat, mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartupProblem } from "../../domain/startup-problem.ts";
import { systemCode } from "./folder-problem.ts";
import type { OperatingUser } from "./operating-user.ts";

/** Part of the socket's name, though nobody listens on a port. */
export const PORT = 5432;

/** What `sockaddr_un` holds besides the final zero: 108 bytes on Linux, 104 on macOS. */
const LONGEST_PATH = process.platform === "darwin" ? 103 : 107;

export function socketPath(folder: string): string {
  return join(folder, `.s.PGSQL.${PORT}`);
}

function fits(folder: string): boolean {
  return Buffer.byteLength(socketPath(folder)) <= LONGEST_PATH;
}

/**
 * The same cluster always gets the same folder, so that a process that finds a database running there finds its socket.
 * `/tmp` rather than the process's own temporary folder for that reason, wherever it will do.
 */
export async function socketFolderFor(cluster: string): Promise<string> {
  if (fits(cluster)) return cluster;
  const name = `tapline-${createHash("sha256").update(cluster).digest("hex").slice(0, 16)}`;
  for (const parent of new Set(["/tmp", tmpdir()])) {
    const folder = join(parent, name);
    if (fits(folder) && (await isPrivate(folder, cluster))) return folder;
  }
  throw new StartupProblem(
    `The path of ${cluster} is too long for a Unix socket and no private folder can be made in /tmp; set TAPLINE_DATA_DIR to a shorter path, or set DATABASE_URL.`,
  );
}

/**
 * Makes the folder if it is missing, and tells whether nobody else can reach into it: anybody could have made one of that
 * name in /tmp first. As root the owner may also be whoever owns the cluster, whom the database is then run as.
 */
async function isPrivate(folder: string, cluster: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") return false;
  }
  const found = await lstat(folder);
  if (!found.isDirectory() || (found.mode & 0o077) !== 0) return false;
  const own = process.geteuid?.();
  return found.uid === own || (own === 0 && found.uid === (await stat(cluster)).uid);
}

/** Before each start: the folder once more, since /tmp may have been swept, and given to whom PostgreSQL runs as. */
export async function prepareSocketFolder(folder: string, cluster: string, user: OperatingUser): Promise<void> {
  if (folder === cluster) return;
  if (!(await isPrivate(folder, cluster))) {
    throw new StartupProblem(
      `The folder ${folder}, which the database needs for its socket, belongs to somebody else; remove it, or set TAPLINE_DATA_DIR to a shorter path.`,
    );
  }
  if (process.geteuid?.() !== 0) return;
  const owner = user.kind === "other" ? user : { uid: 0, gid: 0 };
  await chown(folder, owner.uid, owner.gid);
}
