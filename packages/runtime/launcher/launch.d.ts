/** Types of `launch.js`. */

export interface Command {
  /** Takes what follows the command's name, and resolves to the exit code. */
  main(args: readonly string[]): Promise<number>;
}

/**
 * Runs a command, on a Node that is new enough, and exits with the code that it returns.
 *
 * @param bin `import.meta.url` of the file in the package's folder `bin`
 * @param command where it is in a checkout, and in a package as it is published
 */
export function launch(
  bin: string,
  command: { source(): Promise<Command>; built(): Promise<Command> },
): Promise<void>;
