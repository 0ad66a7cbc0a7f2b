const LINES_MAX = 200;
const LINE_LENGTH_MAX = 2000;

/** The last lines of what a process writes. */
export interface RecentLines {
  add(chunk: string): void;
  read(): readonly string[];
}

/** Keeps a bounded number of lines of a bounded length. */
export function createRecentLines(): RecentLines {
  const lines: string[] = [];
  let open = '';
  return {
    add(chunk) {
      const parts = `${open}${chunk}`.split('\n');
      open = (parts.pop() ?? '').slice(-LINE_LENGTH_MAX);
      lines.push(...parts.filter((part) => part !== '').map((part) => part.slice(0, LINE_LENGTH_MAX)));
      lines.splice(0, Math.max(0, lines.length - LINES_MAX));
    },
    read: () => (open === '' ? [...lines] : [...lines, open]),
  };
}
