import { beforeAll, describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { buildSegment } from '#server/index/build-segment.ts';
import { ByteWriter } from '#server/index/byte-writer.ts';
import { openSegment } from '#server/index/open-segment.ts';
import { sealPage } from '#server/index/page.ts';
import { type Segment, SegmentGone } from '#server/index/segment.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { contentRecord } from './support/content-record.ts';
import { damageLater } from './support/damage.ts';
import { hostileRecords } from './support/hostile-records.ts';

const FROM = 50;
const TO = 110;
/** The checksum at the end of a page. */
const SUM_BYTES = 4;

/** Opens pages as the segment and reads all there is. Gives how much that was. */
async function readAll(pages: readonly (Uint8Array | null)[]): Promise<number> {
  const segment = await openSegment(FROM, TO, (page) => Promise.resolve(pages[page] ?? null));
  const set = Bitset.none(segment.size);
  let read = 0;
  const numbers: number[] = [];
  for (const field of segment.fields) {
    await segment.visitTerms(field, '', null, ({ number, term, records }) => {
      records.addTo(set);
      read += term.length + records.countIn(set);
      if (numbers.length < 5000 && number > (numbers.at(-1) ?? -1)) numbers.push(number);
      return true;
    });
    for await (const terms of segment.terms(field, 'sa', 'sz')) read += terms.length;
    await segment.find(field, 'sa');
    await segment.column(field);
  }
  await segment.visitTermsAt(numbers, () => read++ >= 0);
  return read + (await readWordsAndTimes(segment, set));
}

async function readWordsAndTimes(segment: Segment, set: Bitset): Promise<number> {
  let read = 0;
  await segment.visitWords('', ({ terms, records }) => {
    records?.addTo(set);
    read += terms.length;
    return true;
  });
  await segment.word('quick');
  return read + (await segment.occurred()).ms.length + (await segment.recorded()).length;
}

/** The page with another body, sealed as if it had been written so. */
function resealed(body: Uint8Array, page: number): Uint8Array {
  const writer = new ByteWriter();
  writer.copy(body);
  return sealPage(writer, { from: FROM, to: TO, page });
}

describe('a segment that is not as it was written', () => {
  let pages: readonly Uint8Array[] = [];
  const random = new SeededRandom(21);

  beforeAll(() => {
    const records = hostileRecords(FROM, TO - FROM - 1, random);
    const list = Array.from({ length: 1500 }, (_, i) => `value ${(i * 7919) % 104_729}`);
    pages = buildSegment(sha256, [...records, contentRecord(TO - 1, { details: { list } })]);
    expect(pages.length).toBeGreaterThan(8);
  });

  const withPage = (page: number, bytes: Uint8Array | null) =>
    pages.map((own, i) => (i === page ? bytes : own));

  it('is read to the end where it is', async () => {
    expect(await readAll(pages)).toBeGreaterThan(5000);
  });

  it('is refused where a bit of any page is another, or a page is longer or shorter', async () => {
    for (const [page, bytes] of pages.entries()) {
      for (let round = 0; round < 8; round++) {
        const other = bytes.slice();
        const at = random.below(other.length);
        other[at] = (other[at] ?? 0) ^ (1 << random.below(8));
        expect(await damageLater(() => readAll(withPage(page, other))), `page ${page}`).toBe('INDEX_DAMAGED');
      }
      for (const length of [0, 1, 3, 4, 5, bytes.length - 1, random.below(bytes.length)]) {
        const cut = bytes.slice(0, length);
        expect(await damageLater(() => readAll(withPage(page, cut)))).toBe('INDEX_DAMAGED');
      }
      const longer = Uint8Array.of(...bytes, 0);
      expect(await damageLater(() => readAll(withPage(page, longer)))).toBe('INDEX_DAMAGED');
    }
  }, 60_000);

  it('is refused where a page is in the place of another, or of another segment', async () => {
    for (let page = 1; page < pages.length; page++) {
      const neighbour = pages[page - 1] ?? new Uint8Array();
      expect(await damageLater(() => readAll(withPage(page, neighbour)))).toBe('INDEX_DAMAGED');
    }
    const other = buildSegment(sha256, hostileRecords(FROM, TO - FROM - 1, new SeededRandom(21)));
    for (let page = 0; page < other.length; page++) {
      const foreign = other[page] ?? new Uint8Array();
      expect(await damageLater(() => readAll(withPage(page, foreign)))).toBe('INDEX_DAMAGED');
    }
    const open = openSegment(FROM, TO + 1, (page) => Promise.resolve(pages[page] ?? null));
    expect(await damageLater(() => open)).toBe('INDEX_DAMAGED');
  });

  it('is told to be gone where a page is not there', async () => {
    for (let page = 0; page < pages.length; page++) {
      await expect(readAll(withPage(page, null))).rejects.toBeInstanceOf(SegmentGone);
    }
  });

  it('harms nobody, even where the checksum is right', async () => {
    let refused = 0;
    for (let round = 0; round < 700; round++) {
      const page = random.below(3) === 0 ? 0 : random.below(pages.length);
      const body = (pages[page] ?? new Uint8Array()).slice(0, -SUM_BYTES);
      // Many of the changes are at the end, where the tables are.
      const near = random.below(2) === 0 ? body.length : Math.min(body.length, 40);
      for (let changes = random.below(3); changes >= 0; changes--) {
        body[body.length - 1 - random.below(near)] = random.pick([0, 1, 127, 128, 255, random.below(256)]);
      }
      const length = random.below(10) === 0 ? random.below(body.length) : body.length;
      const changed = withPage(page, resealed(body.slice(0, length), page));
      const damage = await damageLater(() => readAll(changed).catch(unlessGone));
      if (damage !== null) refused += 1;
    }
    expect(refused).toBeGreaterThan(150);
  }, 60_000);
});

/** A page that is named wrongly is not there: then the question is asked again. */
function unlessGone(error: unknown): void {
  if (!(error instanceof SegmentGone)) throw error;
}
