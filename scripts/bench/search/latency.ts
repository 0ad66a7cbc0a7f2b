/** A question, asked once for each of its values. */
export interface Question {
  readonly name: string;
  /** How many different values there are. */
  readonly values: number;
  /** Asks with the value of this number; gives how many records, or lines, came back. */
  ask(value: number): number | Promise<number>;
}

export interface Latency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** What this process needed of a processor for them, whoever else wants it: 95 of 100 no more. */
  readonly cpuP95Ms: number;
  /** How many values there was time for. */
  readonly asked: number;
  /** Mean of what came back: a question that finds nothing measures nothing. */
  readonly found: number;
}

/** Asks each value once, after one that does not count; for `untilMs` at most, but three at least. */
export async function measureLatency(question: Question, untilMs = 20_000): Promise<Latency> {
  await question.ask(0);
  const times: number[] = [];
  const cpuTimes: number[] = [];
  let found = 0;
  const end = performance.now() + untilMs;
  for (let value = 0; value < question.values && (times.length < 3 || performance.now() < end); value++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    found += await question.ask(value);
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(cpu);
    cpuTimes.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  cpuTimes.sort((a, b) => a - b);
  const at = (share: number, of: readonly number[]): number =>
    of[Math.min(of.length - 1, Math.floor(of.length * share))] ?? 0;
  return {
    name: question.name,
    p50Ms: at(0.5, times),
    p95Ms: at(0.95, times),
    maxMs: times.at(-1) ?? 0,
    cpuP95Ms: at(0.95, cpuTimes),
    asked: times.length,
    found: Math.round(found / times.length),
  };
}

/** A row of a table in Markdown. */
export function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.map(String).join(' | ')} |`;
}

/** The head of a table in Markdown. */
export function head(...names: readonly string[]): string {
  return `${row(...names)}\n|${'---|'.repeat(names.length)}`;
}

/** Milliseconds as a table shows them. */
export function ms(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A whole number as a table shows it: 12,345. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en');
