/** What the command's exit code says, besides the reason codes of MQTT (128 and above). */
export const ExitCode = {
  success: 0,
  failure: 1,
  /** `bench --fail-if`: a condition is met. */
  conditionMet: 3,
  /** `sub -W`: the time is over. Mosquitto's number. */
  timedOut: 27,
} as const;
