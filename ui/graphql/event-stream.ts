/** One server-sent event. */
export interface StreamEvent {
  /** `message` where the server names none. */
  readonly type: string;
  readonly data: string;
}

/** Most text that is kept of one event. */
const EVENT_CHARACTERS_MAX = 32 * 1024 * 1024;

/**
 * Reads server-sent events (WHATWG HTML, 9.2) from text in pieces; comments and unknown fields are passed
 * over.
 */
export class StreamReader {
  private pending = '';
  private type = '';
  private data: string[] = [];

  /** Takes the next piece; gives the events that are whole with it. */
  take(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.pending + text).split(/\r\n|\n|\r(?!$)/);
    this.pending = lines.pop() ?? '';
    if (this.pending.length > EVENT_CHARACTERS_MAX) throw new Error('The server sent an event without end.');
    for (const line of lines) {
      if (line !== '') this.field(line);
      else if (this.data.length > 0) {
        events.push({ type: this.type === '' ? 'message' : this.type, data: this.data.join('\n') });
        this.reset();
      } else this.reset();
    }
    return events;
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.type = value;
    else if (name === 'data') this.data.push(value);
  }

  private reset(): void {
    this.type = '';
    this.data = [];
  }
}
