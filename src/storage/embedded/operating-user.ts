/**
 * Whom PostgreSQL's programs run as.
 *
 * They refuse to run as root, and initdb refuses a user without a name. A container or a root shell is nevertheless a
 * place where Tapline has to start, so as root the programs are run, in this order of preference: as the user who owns
 * the database already; in a user namespace, where root goes by another user's number and the files stay root's; as
 * the owner of the folder above, who reaches it for certain; as nobody.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Stats } from "node:fs";
import { chmod, chown, lchown, lstat, readdir, readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { StartupProblem } from "../../domain/startup-problem.ts";
import type { Binaries } from "./binaries.ts";

export type OperatingUser =
  | { readonly kind: "own" }
  | { readonly kind: "mapped"; readonly uid: number }
  | { readonly kind: "other"; readonly uid: number; readonly gid: number };

/** The user called nobody, and the group nogroup, on every Linux distribution. */
const NOBODY = 65534;

/**
 * The programs see this environment and no other: how PostgreSQL behaves must not depend on the variables of the shell
 * it was started from, and the server's secrets are none of its business.
 */
const PROGRAM_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

/** Starts one of PostgreSQL's programs as `user`. The process id is the program's own in every case. */
export function launch(user: OperatingUser, program: string, args: string[], options: SpawnOptions): ChildProcess {
  const common = { ...options, cwd: "/", env: PROGRAM_ENVIRONMENT };
  switch (user.kind) {
    case "own":
      return spawn(program, args, common);
    case "mapped": {
      const mapping = ["--user", `--map-user=${user.uid}`, `--map-group=${user.uid}`, "--"];
      return spawn("unshare", [...mapping, program, ...args], common);
    }
    case "other":
      return spawn(program, args, { ...common, uid: user.uid, gid: user.gid });
  }
}

/** Runs a program to its end. Of its output the last line is kept, which is where PostgreSQL says what went wrong. */
export function run(
  user: OperatingUser,
  program: string,
  args: string[],
): Promise<{ succeeded: boolean; lastLine: string }> {
  return new Promise((resolve, reject) => {
    let child: ChildProcess;
    try {
      child = launch(user, program, args, { stdio: ["ignore", "ignore", "pipe"] });
    } catch (error) {
      // Node throws where the kernel does not let it become that user.
      reject(error);
      return;
    }
    let tail = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-2_000);
    });
    child.on("error", (error) => resolve({ succeeded: false, lastLine: error.message }));
    child.on("close", (code, signal) => {
      const lines = tail.split("\n").filter((line) => /\S/.test(line) && !line.includes("removing "));
      const said = lines.find((line) => /error|fatal/i.test(line)) ?? lines.at(-1);
      resolve({ succeeded: code === 0, lastLine: said?.trim() ?? `it ended with ${signal ?? code}` });
    });
  });
}

/**
 * Picks the first user who can work in `folder`, the database's own folder directly below the data directory, and run
 * the programs; makes the folder that user's. Nothing may be running in the folder.
 */
export async function chooseOperatingUser(folder: string, binaries: Binaries): Promise<OperatingUser> {
  const candidates = await candidatesFor(folder);
  let obstacle = "";
  for (const user of candidates) {
    const found = await obstacleFor(user, folder, binaries);
    if (found === undefined) return user;
    obstacle = found;
  }
  if (isRoot()) {
    throw new StartupProblem(
      `PostgreSQL does not run as root, and no other user here can use ${folder} and ${binaries.postgres} (${obstacle}); run Tapline as an ordinary user, or set DATABASE_URL.`,
    );
  }
  throw new StartupProblem(
    `PostgreSQL cannot be run in ${folder} by the user that Tapline runs as (${obstacle}); give the folder to that user, set TAPLINE_DATA_DIR to another one, or set DATABASE_URL.`,
  );
}

/** Makes `folder` the user's and tries it out. Where that fails, puts everything back and returns what was in the way. */
async function obstacleFor(user: OperatingUser, folder: string, binaries: Binaries): Promise<string | undefined> {
  const before = await ownership(folder);
  try {
    if (isRoot()) await handOver(folder, user, before);
    // A shell run as the user tells what the kernel allows, whatever it goes by: modes, access lists, mounts.
    const question = 'cd "$1" && test -w . && "$2" --version';
    const answer = await run(user, "/bin/sh", ["-c", question, "sh", folder, binaries.postgres]);
    if (answer.succeeded) return undefined;
    if (isRoot()) await takeBack(folder, before);
    return answer.lastLine;
  } catch (error) {
    // A container may forbid even root to give files away, or to become somebody else.
    if (isRoot()) await takeBack(folder, before).catch(() => undefined);
    return (error as Error).message;
  }
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

async function candidatesFor(folder: string): Promise<OperatingUser[]> {
  const mapped: OperatingUser[] = process.platform === "linux" ? [{ kind: "mapped", uid: await namedUser() }] : [];
  if (!isRoot()) return hasName() ? [{ kind: "own" }] : [...mapped, { kind: "own" }];
  const candidates: OperatingUser[] = [];
  const { uid, gid } = await stat(folder);
  if (uid !== 0) candidates.push({ kind: "other", uid, gid });
  candidates.push(...mapped);
  const neighbour = await ownerAbove(folder);
  if (neighbour) candidates.push(neighbour);
  if (process.platform === "linux") candidates.push({ kind: "other", uid: NOBODY, gid: NOBODY });
  return candidates;
}

/** `docker run --user 12345` makes a user whom the user database does not know. */
function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

/** A user's number that the user database has a name for: nobody's, unless the image leaves it out. */
async function namedUser(): Promise<number> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const uids = passwd.split("\n").map((line) => Number(line.split(":")[2]));
  return uids.includes(NOBODY) ? NOBODY : (uids.find((uid) => uid > 0) ?? NOBODY);
}

/** The owner of the nearest folder above that is not root's: with `sudo` in somebody's home, that somebody. */
async function ownerAbove(folder: string): Promise<OperatingUser | undefined> {
  for (let path = folder; path !== dirname(path); ) {
    path = dirname(path);
    const { uid, gid } = await stat(path);
    if (uid !== 0) return { kind: "other", uid, gid };
  }
  return undefined;
}

interface Ownership {
  readonly folder: Stats;
  readonly directory: Stats;
}

async function ownership(folder: string): Promise<Ownership> {
  return { folder: await stat(folder), directory: await stat(dirname(folder)) };
}

/** Lets the user's group pass through the data directory too, which is otherwise closed to everyone. */
async function handOver(folder: string, user: OperatingUser, before: Ownership): Promise<void> {
  if (user.kind !== "other") return giveAll(folder, 0, 0);
  await giveAll(folder, user.uid, user.gid);
  const { uid, mode } = before.directory;
  if (uid !== 0 || (mode & 0o001) !== 0) return;
  await chown(dirname(folder), uid, user.gid);
  await chmod(dirname(folder), (mode & 0o7777) | 0o010);
}

async function takeBack(folder: string, before: Ownership): Promise<void> {
  await giveAll(folder, before.folder.uid, before.folder.gid);
  await chown(dirname(folder), before.directory.uid, before.directory.gid);
  await chmod(dirname(folder), before.directory.mode & 0o7777);
}

/** The folder itself comes last, so that its owner tells whether an earlier pass was finished. */
async function giveAll(path: string, uid: number, gid: number): Promise<void> {
  const found = await lstat(path);
  if (found.uid === uid) return;
  if (found.isDirectory()) await giveContents(path, uid, gid);
  await lchown(path, uid, gid);
}

async function giveContents(folder: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(folder)) {
    await giveAll(join(folder, entry), uid, gid);
  }
}
