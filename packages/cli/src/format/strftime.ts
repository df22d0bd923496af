/** Local time as text, with the letters of strftime(3) that do not depend on a locale. */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const dayMs = 86_400_000;

const fields: Readonly<Record<string, (date: Date) => string>> = {
  A: date => days[date.getDay()],
  a: date => days[date.getDay()].slice(0, 3),
  B: date => months[date.getMonth()],
  b: date => months[date.getMonth()].slice(0, 3),
  C: date => two(Math.floor(date.getFullYear() / 100)),
  c: date => expand('%a %b %e %H:%M:%S %Y', date),
  D: date => expand('%m/%d/%y', date),
  d: date => two(date.getDate()),
  e: date => String(date.getDate()).padStart(2),
  F: date => expand('%Y-%m-%d', date),
  H: date => two(date.getHours()),
  h: date => expand('%b', date),
  I: date => two(date.getHours() % 12 || 12),
  j: date => String(dayOfYear(date) + 1).padStart(3, '0'),
  k: date => String(date.getHours()).padStart(2),
  l: date => String(date.getHours() % 12 || 12).padStart(2),
  M: date => two(date.getMinutes()),
  m: date => two(date.getMonth() + 1),
  N: date => `${three(date.getMilliseconds())}000000`,
  n: () => '\n',
  p: date => (date.getHours() < 12 ? 'AM' : 'PM'),
  R: date => expand('%H:%M', date),
  r: date => expand('%I:%M:%S %p', date),
  S: date => two(date.getSeconds()),
  s: date => String(Math.floor(date.getTime() / 1000)),
  T: date => expand('%H:%M:%S', date),
  t: () => '\t',
  U: date => two(weekOfYear(date, date.getDay())),
  u: date => String(date.getDay() || 7),
  W: date => two(weekOfYear(date, (date.getDay() + 6) % 7)),
  w: date => String(date.getDay()),
  X: date => expand('%H:%M:%S', date),
  x: date => expand('%m/%d/%y', date),
  Y: date => String(date.getFullYear()),
  y: date => two(date.getFullYear() % 100),
  z: date => zone(-date.getTimezoneOffset()),
  '%': () => '%',
};

/** Letters that may follow `%` in {@link localTime}. */
export const timeFields: ReadonlySet<string> = new Set(Object.keys(fields));

/** Replaces each `%` and letter by that part of the time. */
export function localTime(format: string, wallMs: number): string {
  return expand(format, new Date(wallMs));
}

function expand(format: string, date: Date): string {
  return format.replace(/%([\w%])/g, (whole, letter: string) => fields[letter]?.(date) ?? whole);
}

/** Counted from 0; whole days of the calendar, so that summer time does not matter. */
function dayOfYear(date: Date): number {
  const year = date.getFullYear();
  return (Date.UTC(year, date.getMonth(), date.getDate()) - Date.UTC(year, 0)) / dayMs;
}

/** Weeks that began so far, when a week begins on the day that `weekday` counts as 0. */
function weekOfYear(date: Date, weekday: number): number {
  return Math.floor((dayOfYear(date) + 7 - weekday) / 7);
}

function zone(minutes: number): string {
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}${two(distance % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function three(value: number): string {
  return String(value).padStart(3, '0');
}
