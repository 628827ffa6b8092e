/**
 * Why the server cannot start, or cannot go on, for a reason that its operator can do something about.
 *
 * The message is one sentence that says what to do; the command line prints it as it is, without a stack trace.
 */
export class StartupProblem extends Error {
  override readonly name: string = "StartupProblem";
}
