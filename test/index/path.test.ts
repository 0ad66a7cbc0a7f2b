import { describe, expect, it } from 'vitest';
import {
  createPathTree,
  exactKey,
  isCustom,
  lastName,
  nameOf,
  PATH_KEY_MAX,
  type PathNode,
} from '#server/index/path.ts';

/** The path of these names; `[]` stands for the elements of an array. */
function pathOf(...steps: readonly string[]): PathNode {
  return steps.reduce(
    (path, step) => (step === '[]' ? path.elements() : path.member(step)),
    createPathTree().root,
  );
}

describe('a path', () => {
  it.each<[steps: string[], key: string, named: string, last: string]>([
    [['event', 'action'], 'event.action', 'event.action', 'action'],
    [['details', 'a.b'], 'details.a\\.b', 'details.a.b', 'a.b'],
    [['details', 'a', 'b'], 'details.a.b', 'details.a.b', 'b'],
    [['details', 'tags', '[]'], 'details.tags[]', 'details.tags', 'tags'],
    [['details', 'tags', '[]', '[]'], 'details.tags[][]', 'details.tags', 'tags'],
    [['details', 'items', '[]', 'price'], 'details.items[].price', 'details.items.price', 'price'],
    [['details', 'tags[]'], 'details.tags\\[]', 'details.tags[]', 'tags[]'],
    [['details', 'tags[]', '[]'], 'details.tags\\[][]', 'details.tags[]', 'tags[]'],
    [['details', 'a\\'], 'details.a\\\\', 'details.a\\', 'a\\'],
    [['details', 'a\\', '[]'], 'details.a\\\\[]', 'details.a\\', 'a\\'],
    [['details', 'a\\[]'], 'details.a\\\\\\[]', 'details.a\\[]', 'a\\[]'],
    [['details', ''], 'details.', 'details.', ''],
    [['details', '', ''], 'details..', 'details..', ''],
    [['details', '.'], 'details.\\.', 'details..', '.'],
    [['details', '\\~'], 'details.\\\\~', 'details.\\~', '\\~'],
    [
      ['details', '__proto__', 'constructor'],
      'details.__proto__.constructor',
      'details.__proto__.constructor',
      'constructor',
    ],
    [['details', 'a\nb'], 'details.a\nb', 'details.a\nb', 'a\nb'],
    [['details', 'a.\n'], 'details.a\\.\n', 'details.a.\n', 'a.\n'],
    [['details', '\u0000'], 'details.\u0000', 'details.\u0000', '\u0000'],
  ])('of %j has the key %j, the name %j and the last name %j', (steps, key, named, last) => {
    const path = pathOf(...steps);
    expect(path.key).toBe(key);
    expect(nameOf(key)).toBe(named);
    expect(lastName(key)).toBe(last);
    expect(path.name).toBe(last);
    if (!steps.includes('[]')) expect(exactKey(steps)).toBe(key);
  });

  it('is one object in its tree', () => {
    const { root } = createPathTree();
    expect(root.member('details').member('a').elements()).toBe(root.member('details').member('a').elements());
    expect(root.member('details').member('a.b')).not.toBe(root.member('details').member('a').member('b'));
  });

  it.each([
    ['details', false],
    ['details.a', true],
    ['details.a[].b', true],
    ['changes.before', false],
    ['changes.before[]', false],
    ['changes.before.a', true],
    ['changes.before[].a', true],
    ['changes.after[][].a', true],
    ['changes.fields[]', false],
    ['changes.beforehand.a', false],
    ['event.producer.hash', false],
    ['actor.id', false],
  ])('%s has a name of the sender: %s', (key, expected) => {
    expect(isCustom(key)).toBe(expected);
  });

  it('is told apart from others up to a length, and what lies deeper is below it', () => {
    const room = PATH_KEY_MAX - 'details.'.length;
    const longest = pathOf('details', 'a'.repeat(room));
    expect(longest.key).toHaveLength(PATH_KEY_MAX);
    const deeper = longest.member('b');
    expect(deeper.key).toBe(`${longest.key}.\\~`);
    expect(nameOf(deeper.key)).toBe(`${longest.key}.`);
    expect(lastName(deeper.key)).toBe('');
    expect(longest.member('c')).toBe(deeper);
    expect(deeper.member('d').elements().member('e')).toBe(deeper);
    expect(pathOf('details', 'a'.repeat(room + 1)).key).toBe('details.\\~');
    expect(pathOf('details', '.'.repeat(room)).key).toBe('details.\\~');
    expect(longest.elements().key).toBe(`${longest.key}[]`);
  });

  it('is counted, with its key, by its tree', () => {
    const paths = createPathTree();
    const before = { count: paths.count, keyUnits: paths.keyUnits };
    for (const name of ['a', 'b', 'a']) paths.root.member('details').member(name);
    expect(paths.count - before.count).toBe(3);
    expect(paths.keyUnits - before.keyUnits).toBe('details'.length + 2 * 'details.a'.length);
  });
});
