import { describe, expect, it } from 'vitest';
import { checkSpokenWords } from './checkers/spoken-words.ts';
import { describeFault } from './checkers/source.ts';
import { readCode } from './project-files.ts';

describe('words for people', () => {
  it('stand in messages, where they can be translated', () => {
    const files = readCode(['ui']);
    expect(files.some(({ path }) => path.endsWith('.tsx'))).toBe(true);
    expect(checkSpokenWords(files).map(describeFault)).toEqual([]);
  });
});

describe('the checker of words', () => {
  const messagesIn = (text: string) =>
    checkSpokenWords([{ path: 'ui/a.tsx', text }]).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ['const a = <p>Some words</p>;', '1 has words in a component'],
    ['const a = <button aria-label="Close" />;', '1 has words in the attribute aria-label'],
    ["\nconst a = <a title={'Close'} />;", '2 has words in the attribute title'],
    ['const a = <p dangerouslySetInnerHTML={b} />;', '1 reads text as HTML'],
  ])('names %j', (text, message) => {
    expect(messagesIn(text)).toEqual([message]);
  });

  it.each(['const a = <p>{messages.some} · ×</p>;', 'const a = <p className="some" title={b} />;'])(
    'passes %j',
    (text) => {
      expect(messagesIn(text)).toEqual([]);
    },
  );
});
