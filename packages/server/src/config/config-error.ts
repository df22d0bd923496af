/** Everything that is wrong with a configuration, told at once. */

export interface ConfigIssue {
  /** Where it stands: `godwit.toml:12`, the name of an environment variable, or an option. */
  readonly place: string;
  /** What, which value, what was expected. */
  readonly message: string;
}

/** The configuration cannot be used; `message` has a line for each issue. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(({ place, message }) => `${place}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}
