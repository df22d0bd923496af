/** Topics and filters with numbers in them: `site/%d/sensor/%t`. */

/**
 * @param pattern `%d` stands for the number of the publisher or subscriber, `%t` for that of the
 *   topic among those one publisher takes in turn
 */
export function expandPattern(pattern: string, number: number, topic: number): string {
  return pattern.replaceAll('%d', String(number)).replaceAll('%t', String(topic));
}

/** The filter that fits a pattern of topics: every `%t` becomes `+`, or its level does. */
export function filterOfPattern(pattern: string): string {
  return pattern
    .split('/')
    .map(level => (level.includes('%t') ? '+' : level))
    .join('/');
}
