/** The refusals of the file system, as sentences for the operator. */
import { StartupProblem } from "../../domain/startup-problem.ts";

/** The code of a system error, such as `EACCES`; empty for any other error. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Runs `work` on `path`; a refusal that the operator can lift becomes a StartupProblem, anything else passes through. */
export async function onFolder<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderProblem(path, error) ?? error;
  }
}

function folderProblem(path: string, error: unknown): StartupProblem | undefined {
  const code = systemCode(error);
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new StartupProblem(
        `Tapline may not use ${path} (${code}); give the folder to the user that Tapline runs as, or set TAPLINE_DATA_DIR to another one.`,
      );
    case "ENOTDIR":
    case "EEXIST":
      return new StartupProblem(
        `${path} is not a folder (${code}); move it away, or set TAPLINE_DATA_DIR to a folder for Tapline's data.`,
      );
    case "ENOSPC":
    case "EDQUOT":
      return new StartupProblem(
        `There is no space left on the disk of ${path}; make some, or set TAPLINE_DATA_DIR to a folder on another disk.`,
      );
    default:
      return undefined;
  }
}
