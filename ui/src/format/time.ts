// Moments as people read them, in the time zone of the browser, on a clock of 24 hours.

const two = (value: number) => String(value).padStart(2, '0');

/** "14:03:27"; with `milliseconds` "14:03:27.123". */
export function formatClock(date: Date, milliseconds = false): string {
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/** "14:03". */
export function formatMinute(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

const kMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "26 Nov", with the year where it is not that of `now`. */
export function formatDay(date: Date, now = new Date()): string {
  const day = `${date.getDate()} ${kMonths[date.getMonth()]}`;
  return date.getFullYear() === now.getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** "26 Nov, 14:03:27"; today without the day. */
export function formatMoment(date: Date, now = new Date()): string {
  const isToday = date.toDateString() === now.toDateString();
  return isToday ? formatClock(date) : `${formatDay(date, now)}, ${formatClock(date)}`;
}

/** With all there is: "2026-11-26 14:03:27.123 +01:00". */
export function formatExact(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const size = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(date, true)} ${zone}`;
}

/** "just now", "5 min ago", "3 h ago", "2 d ago", beyond 30 days the day. */
export function formatAgo(date: Date, now = new Date()): string {
  const seconds = Math.round((now.getTime() - date.getTime()) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  return formatDay(date, now);
}
