import { type Api, ApiError } from './api.ts';
import { element } from './element.ts';
import { createFirstEvent } from './first-event.ts';
import { createKeyHelp } from './key-help.ts';
import { type KeyAct, listenForKeys, singleKeysOn, switchSingleKeys } from './keys.ts';
import { createLedgerBar } from './ledger-bar.ts';
import { followLive, type LiveState } from './live.ts';
import { createRecordPanel, type PanelContent } from './record-panel.ts';
import { fetchLedger, fetchLedgers, fetchRecord, type LedgerState, type RecordRow } from './records.ts';
import { RowBuffer } from './row-buffer.ts';
import { createRecordTable } from './table.ts';
import type { Zone } from './time-text.ts';

export interface DeskOptions {
  readonly api: Api;
  readonly base: string;
  readonly ledgers: readonly LedgerState[];
  readonly ledger: LedgerState;
  readonly storage: Storage;
  readonly zone: Zone;
  readonly onZone: (zone: Zone) => void;
  readonly onLedger: (id: string) => void;
  /** @param notice why, where it was not the person's own wish */
  readonly onSignOut: (notice: string | null) => void;
}

/**
 * How long after growth the ledger's own numbers are asked for again: a checkpoint follows within a second.
 */
const REFRESH_MS = 1_200;
const ANNOUNCE_MS = 5_000;

/** The signed-in page on one ledger: bar, table, record panel. Everything it started ends with `close`. */
export class Desk {
  readonly root: HTMLElement;
  private readonly options: DeskOptions;
  private readonly ended = new AbortController();
  private readonly buffer = new RowBuffer();
  private readonly table = createRecordTable((index) => this.open(index));
  private readonly panel = createRecordPanel(() => this.closePanel());
  private readonly bar: ReturnType<typeof createLedgerBar>;
  private readonly help: ReturnType<typeof createKeyHelp>;
  private readonly scroller: HTMLElement;
  private readonly empty: HTMLElement;
  private readonly loading = element('p', { class: 'notice' }, 'Loading…');
  private readonly failure = element('p', { class: 'notice problem', role: 'alert' });
  private readonly announcer = element('p', { class: 'unseen', role: 'status' });
  private ledger: LedgerState;
  private live: LiveState = { kind: 'LOADING' };
  private zone: Zone;
  private shown: PanelContent | null = null;
  private pausedByKey = false;
  private refreshing = false;
  private frame = 0;
  private announced = -1;

  constructor(options: DeskOptions) {
    this.options = options;
    this.ledger = options.ledger;
    this.zone = options.zone;
    this.bar = createLedgerBar(options.ledgers, options.ledger.id, {
      onLook: () => this.refreshLedgers(),
      onLedger: options.onLedger,
      onZone: () => this.switchZone(),
      onPause: () => this.setPaused(!this.buffer.paused),
      onKeys: () => this.help.toggle(),
      onSignOut: () => options.onSignOut(null),
    });
    const { storage } = options;
    const acts = this.keyActs();
    this.help = createKeyHelp(acts, {
      on: singleKeysOn(storage),
      onChange: (on) => switchSingleKeys(storage, on),
    });
    this.empty = createFirstEvent(options.base, options.ledger.id);
    this.empty.hidden = true;
    this.scroller = element(
      'div',
      { class: 'scroller' },
      this.loading,
      this.failure,
      this.empty,
      this.table.root,
    );
    this.root = element(
      'div',
      { class: 'desk' },
      this.bar.root,
      element('main', { class: 'columns' }, this.scroller, this.panel.root, this.help.root),
      this.announcer,
    );
    listenForKeys(acts, () => singleKeysOn(storage), this.ended.signal);
    // Whoever comes back from a terminal may have made a ledger there.
    globalThis.addEventListener('focus', () => this.refreshLedgers(), { signal: this.ended.signal });
    this.scroller.addEventListener('scroll', () => this.onScroll(), { passive: true });
    this.follow();
    this.draw();
  }

  close(): void {
    this.ended.abort();
    cancelAnimationFrame(this.frame);
  }

  private keyActs(): readonly KeyAct[] {
    return [
      { keys: ['j', 'ArrowDown'], label: 'j ↓', does: 'next record', act: () => this.walk(1) },
      { keys: ['k', 'ArrowUp'], label: 'k ↑', does: 'previous record', act: () => this.walk(-1) },
      { keys: ['Enter'], label: 'Enter', does: 'open the record', act: () => this.openSelected() },
      { keys: ['Escape'], label: 'Esc', does: 'close what is open', act: () => this.closeLayer() },
      { keys: ['f'], label: 'f', does: 'follow the newest', act: () => this.followNewest() },
      { keys: ['='], label: '=', does: 'pause, or go on', act: () => this.setPaused(!this.buffer.paused) },
      { keys: ['t'], label: 't', does: 'times in UTC, or in your zone', act: () => this.switchZone() },
      { keys: ['?'], label: '?', does: 'show or hide these keys', act: () => this.help.toggle() },
    ];
  }

  private follow(): void {
    const { signal } = this.ended;
    void followLive({
      api: this.options.api,
      ledger: this.ledger.id,
      last: () => this.buffer.last,
      onRow: (row) => this.take(row),
      onState: (state) => this.setLive(state),
      wait: waitOrOnline,
      signal,
    });
  }

  private take(row: RecordRow): void {
    if (!this.buffer.add(row)) return;
    this.ledger = { ...this.ledger, size: Math.max(this.ledger.size, row.index + 1) };
    this.draw();
    this.refreshLedger();
    if (this.live.kind === 'LIVE') this.announce();
  }

  private setLive(live: LiveState): void {
    this.live = live;
    if (live.kind === 'FAILED' && live.code === 'UNAUTHENTICATED') {
      this.options.onSignOut('You were signed out: the token is not valid any more.');
      return;
    }
    this.draw();
  }

  /** Many records may come between two frames: the page is drawn once for all of them. */
  private draw(): void {
    if (this.frame !== 0 || this.ended.signal.aborted) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const { ledger, live, zone, buffer } = this;
      const isEmpty = buffer.last === -1;
      this.bar.show({
        ledger,
        live,
        zone,
        paused: buffer.paused,
        waiting: buffer.waitingCount,
      });
      this.loading.hidden = !(isEmpty && live.kind === 'LOADING');
      this.empty.hidden = !(isEmpty && live.kind === 'LIVE');
      this.failure.textContent = live.kind === 'FAILED' ? live.reason : '';
      this.table.root.hidden = buffer.rows.length === 0;
      this.table.show(buffer.rows, zone);
    });
  }

  private refreshLedger(): void {
    if (this.refreshing) return;
    this.refreshing = true;
    setTimeout(() => {
      if (this.ended.signal.aborted) return;
      fetchLedger(this.options.api, this.ledger.id)
        .then((ledger) => {
          if (ledger !== null) this.ledger = { ...ledger, size: Math.max(ledger.size, this.buffer.last + 1) };
          this.draw();
        })
        // The live stream tells of every trouble there is; these numbers come with the next record.
        .catch(() => undefined)
        .finally(() => {
          this.refreshing = false;
          const { checkpoint, size } = this.ledger;
          if (this.live.kind === 'LIVE' && (checkpoint?.size ?? 0) < size) this.refreshLedger();
        });
    }, REFRESH_MS);
  }

  private refreshLedgers(): void {
    fetchLedgers(this.options.api)
      .then((ledgers) => this.bar.offer(ledgers))
      // As above: whoever looks again asks again.
      .catch(() => undefined);
  }

  private announce(): void {
    if (this.announced !== -1) return;
    this.announced = this.buffer.last - 1;
    setTimeout(() => {
      const count = this.buffer.last - this.announced;
      this.announcer.textContent = count === 1 ? '1 new record' : `${count} new records`;
      this.announced = -1;
    }, ANNOUNCE_MS);
  }

  private setPaused(paused: boolean): void {
    this.pausedByKey = paused;
    if (paused) this.buffer.pause();
    else {
      this.buffer.resume();
      this.scroller.scrollTop = 0;
    }
    this.draw();
  }

  private followNewest(): void {
    this.setPaused(false);
  }

  /** Whoever scrolls down reads: nothing moves under their eyes until they come back to the top. */
  private onScroll(): void {
    if (this.pausedByKey) return;
    const isAway = this.scroller.scrollTop > 0;
    if (isAway === this.buffer.paused) return;
    if (isAway) this.buffer.pause();
    else this.buffer.resume();
    this.draw();
  }

  private switchZone(): void {
    this.zone = this.zone === 'LOCAL' ? 'UTC' : 'LOCAL';
    this.options.onZone(this.zone);
    if (this.panel.isOpen && this.shown !== null) this.panel.show(this.shown, this.zone);
    this.draw();
  }

  private walk(by: number): void {
    const index = this.table.move(by);
    if (index !== null && this.panel.isOpen) this.open(index);
  }

  private openSelected(): void {
    if (this.table.selected !== null) this.open(this.table.selected);
  }

  private open(index: number): void {
    this.showInPanel({ kind: 'LOADING', index });
    void fetchRecord(this.options.api, this.ledger.id, index)
      .then(
        (record): PanelContent =>
          record === null
            ? { kind: 'FAILED', index, reason: 'There is no such record.' }
            : { kind: 'RECORD', record },
      )
      .catch((error: unknown): PanelContent => {
        const reason = error instanceof ApiError ? error.message : String(error);
        return { kind: 'FAILED', index, reason };
      })
      .then((content) => {
        // By now another record may have been opened, or the panel closed.
        const wanted = this.shown?.kind === 'LOADING' && this.shown.index === index;
        if (wanted && this.panel.isOpen) this.showInPanel(content);
      });
  }

  private showInPanel(content: PanelContent): void {
    this.shown = content;
    this.panel.show(content, this.zone);
  }

  private closeLayer(): void {
    if (!this.help.close()) this.closePanel();
  }

  private closePanel(): void {
    if (this.panel.close()) this.table.focus();
  }
}

/** Waits, but no longer than until the machine is online again or the page is looked at again. */
function waitOrOnline(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const end = (): void => {
      done.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    globalThis.addEventListener('online', end, { signal: done.signal });
    signal.addEventListener('abort', end, { signal: done.signal });
  });
}
