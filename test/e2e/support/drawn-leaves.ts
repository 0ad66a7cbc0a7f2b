import type { Leaf, ReadRecord } from '#server/index/matches.ts';
import { QUERY_FIELDS, type QueryField } from '#server/records/query/fields.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { quotedText } from './written-value.ts';

/** A field with the name it is called by. */
export interface Named {
  readonly name: string;
  readonly type: QueryField['type'];
  readonly path: string;
}

/** Leaves of some records, drawn one after the other. */
export class DrawnLeaves {
  private readonly drawRecord: () => ReadRecord;
  private readonly random: SeededRandom;

  constructor(drawRecord: () => ReadRecord, random: SeededRandom) {
    this.drawRecord = drawRecord;
    this.random = random;
  }

  /** A leaf of one of the kinds. */
  draw(kinds: string): Leaf {
    for (;;) {
      const leaves = this.drawRecord().leaves.filter(({ kind }) => kinds.includes(kind));
      if (leaves.length > 0) return this.random.pick(leaves);
    }
  }

  /** Another leaf of the same kind, at the same path where one is found soon. */
  like(leaf: Leaf): Leaf {
    for (let tries = 0; tries < 8; tries++) {
      const { leaves } = this.drawRecord();
      const like = leaves.filter(({ kind, path }) => kind === leaf.kind && path.named === leaf.path.named);
      if (like.length > 0) return this.random.pick(like);
    }
    return this.random.below(2) === 0 ? leaf : this.draw(leaf.kind);
  }

  /** A leaf, and the field by which it can be asked for. */
  drawField(): { leaf: Leaf; field: Named } {
    for (;;) {
      const leaf = this.draw('aofnitsz');
      const { named } = leaf.path;
      const known = QUERY_FIELDS.find(({ path, isParent }) => path === named && !isParent);
      if (known !== undefined) return { leaf, field: { name: known.name, type: known.type, path: named } };
      const parent = QUERY_FIELDS.find(({ path, isParent }) => isParent && named.startsWith(`${path}.`));
      if (parent === undefined || named.length > 2500) continue;
      const names = named.slice((parent.path ?? '').length + 1).split('.');
      // Sometimes what is above it: there it has no value of its own.
      const kept = this.random.below(8) === 0 ? names.slice(0, 1) : names;
      const name = [parent.name, ...kept.map((one) => this.pathName(one))].join('.');
      return { leaf, field: { name, type: 'json', path: [parent.path, ...kept].join('.') } };
    }
  }

  private pathName(name: string): string {
    return /^[\p{L}\p{N}_-]+$/u.test(name) && this.random.below(2) === 0 ? name : quotedText(name);
  }
}
