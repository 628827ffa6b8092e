/**
 * The folders on disk: the data directory, and in it the database cluster, which either is there whole or not at all.
 *
 * A cluster is made under a name of its own and renamed when it is whole and on disk. Whoever is interrupted leaves a
 * folder that nobody mistakes for a database, and of two processes that make one at the same time the first to rename
 * wins: the kernel does not let a folder take the place of one that is not empty.
 */
import { mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StartupProblem } from "../../domain/startup-problem.ts";
import { type Binaries, POSTGRES_MAJOR } from "./binaries.ts";
import { onFolder, systemCode } from "./folder-problem.ts";
import { chooseOperatingUser, run } from "./operating-user.ts";

/** The one role of the cluster, and the database in it. */
export const ROLE = "tapline";
export const DATABASE = "tapline";

const CLUSTER = "postgres";
const UNFINISHED = "postgres.new-";

/** Makes the data directory, closed to everyone else, if it is missing. Returns its path free of symbolic links. */
export async function openDataDirectory(directory: string): Promise<string> {
  return onFolder(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return realpath(directory);
  });
}

export function clusterIn(directory: string): string {
  return join(directory, CLUSTER);
}

/** Whether the cluster is there, and made by the PostgreSQL version that this Tapline brings. */
export async function findCluster(directory: string): Promise<boolean> {
  const cluster = clusterIn(directory);
  const version = await onFolder(cluster, () => readVersion(cluster));
  if (version === undefined) {
    if (await isEmptyOrMissing(cluster)) return false;
    throw new StartupProblem(
      `${cluster} holds files but no database; move them away, or set TAPLINE_DATA_DIR to another folder.`,
    );
  }
  if (version !== POSTGRES_MAJOR) {
    throw new StartupProblem(
      `The database in ${cluster} was made by PostgreSQL ${version} and this Tapline brings PostgreSQL ${POSTGRES_MAJOR}; start the Tapline it was made by and move the data with pg_dump, or set TAPLINE_DATA_DIR to another folder.`,
    );
  }
  return true;
}

async function readVersion(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cluster, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isEmptyOrMissing(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
}

/** Makes the cluster, unless another process is first to, which comes to the same. */
export async function createCluster(directory: string, binaries: Binaries): Promise<void> {
  const unfinished = await onFolder(directory, () => mkdtemp(join(directory, UNFINISHED)));
  try {
    const user = await chooseOperatingUser(unfinished, binaries);
    // The libc locale is C, which every system has; texts are compared and cased by PostgreSQL's own C.UTF-8, so that
    // an index made on one system is right on another.
    const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
    const made = await run(user, binaries.initdb, [
      ...["-D", unfinished, "-U", ROLE, "--auth=trust", "-E", "UTF8"],
      ...[...locale, "--no-instructions"],
    ]);
    if (!made.succeeded) {
      throw new StartupProblem(
        `PostgreSQL could not make a database in ${directory} (${made.lastLine}); put that right, set TAPLINE_DATA_DIR to another folder, or set DATABASE_URL.`,
      );
    }
    await moveIntoPlace(unfinished, directory);
  } catch (problem) {
    // Another process may have been first and cleared this one's folder away; then there is a cluster, which will do.
    if (!(await findCluster(directory))) throw problem;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function moveIntoPlace(unfinished: string, directory: string): Promise<void> {
  try {
    await rename(unfinished, clusterIn(directory));
  } catch (error) {
    const code = systemCode(error);
    // The folder is gone, or its place is taken: another process made the cluster in the meantime.
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") return;
    throw error;
  }
  // initdb has flushed the files; the new name has to be on disk too before anything is committed under it.
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what was left half-made. Only for the owner of the cluster: whoever else is making one has lost by then. */
export async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.startsWith(UNFINISHED)) continue;
    // Its initdb may still be writing into it. What is left then goes at the next start.
    await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
