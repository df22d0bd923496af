/** Numbers as people read them. */

/** 1,234,567; three digits at least. */
export function formatCount(value: number): string {
  return (Math.abs(value) >= 100 ? Math.round(value) : round3(value)).toLocaleString('en');
}

/** 812 µs, 4.31 ms, 1.2 s. */
export function formatDuration(us: number): string {
  if (us < 1_000) return `${round3(us)} µs`;
  return us < 1e6 ? `${round3(us / 1e3)} ms` : `${round3(us / 1e6)} s`;
}

/** 812 B, 4.31 kB, 96.5 MB; thousands, not 1024. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1_000) return `${round3(bytes)} B`;
  if (Math.abs(bytes) < 1e6) return `${round3(bytes / 1e3)} kB`;
  return Math.abs(bytes) < 1e9 ? `${round3(bytes / 1e6)} MB` : `${round3(bytes / 1e9)} GB`;
}

function round3(value: number): number {
  return Number(value.toPrecision(3));
}
