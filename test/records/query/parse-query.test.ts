import { describe, expect, it } from 'vitest';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { conditionText } from './support/condition-text.ts';

const meaning = (text: string) => {
  const { condition, problems } = parseQuery(text);
  return problems ?? conditionText(condition);
};

/** Each row: a query and the condition that it stands for. */
function means(title: string, rows: readonly (readonly [string, string])[]): void {
  it.each(rows)(`${title}: %s`, (text, condition) => {
    expect(meaning(text)).toBe(condition);
  });
}

describe('conditions together', () => {
  means('nothing is everything', [
    ['', 'all()'],
    [' \t\n\u00a0\u3000', 'all()'],
    ['*', 'all()'],
    ['-*', 'not all()'],
  ]);
  means('AND binds tighter than OR, what stands side by side tighter still', [
    ['a b', 'all(anywhere words a, anywhere words b)'],
    ['a AND b', 'all(anywhere words a, anywhere words b)'],
    [
      'a b OR c AND d',
      'any(all(anywhere words a, anywhere words b), all(anywhere words c, anywhere words d))',
    ],
    ['a AND (b OR c)', 'all(anywhere words a, any(anywhere words b, anywhere words c))'],
    ['a OR NOT b c', 'any(anywhere words a, all(not anywhere words b, anywhere words c))'],
    ['-(a OR b)', 'not any(anywhere words a, anywhere words b)'],
    ['NOT -a', 'not not anywhere words a'],
    ['((a))', 'anywhere words a'],
    ['and or not', 'all(anywhere words and, anywhere words or, anywhere words not)'],
    ['"AND" \\OR', 'all(anywhere words and, anywhere words or)'],
  ]);
  means('what is said again is asked once', [
    ['a a', 'anywhere words a'],
    ['a OR b OR a', 'any(anywhere words a, anywhere words b)'],
    ['a AND (b AND a)', 'all(anywhere words a, anywhere words b)'],
    ['actor:(x x X)', 'any(actor.id ~ x, actor.id ~ X)'],
    ['-a -a', 'not anywhere words a'],
  ]);
  means('a key repeated side by side is any of', [
    ['actor:a actor:b', 'any(actor.id ~ a, actor.id ~ b)'],
    ['actor:a x actor:b', 'all(any(actor.id ~ a, actor.id ~ b), anywhere words x)'],
    ['actor:a actor:b* actor:*', 'any(actor.id ~ a, actor.id ~ b ⋯ , actor.id present)'],
    ['actor:(a b) actor:"c"', 'any(actor.id ~ a, actor.id ~ b, actor.id ~ c)'],
    ['actor:(a OR b) actor:c', 'any(actor.id ~ a, actor.id ~ b, actor.id ~ c)'],
    ['index:1 index:3..4', 'any(index 1 to 2, index 3 to 5)'],
    [
      'details.a:1 details.b:x details.a:y',
      'all(any(details.a numbers [1 to 1], details.a ~ 1, details.a ~ y), details.b ~ x)',
    ],
    [
      'occurred:2024 created:2026',
      'any(occurred 2024-01-01T00:00:00.000Z to 2025-01-01T00:00:00.000Z, ' +
        'occurred 2026-01-01T00:00:00.000Z to 2027-01-01T00:00:00.000Z)',
    ],
  ]);
  means('and not where it is more than a value', [
    ['actor:a AND actor:b', 'all(actor.id ~ a, actor.id ~ b)'],
    ['actor:a AND actor:b actor:c', 'all(actor.id ~ a, any(actor.id ~ b, actor.id ~ c))'],
    ['(actor:a) actor:b', 'all(actor.id ~ a, actor.id ~ b)'],
    ['actor:a -actor:b -actor:c', 'all(actor.id ~ a, not actor.id ~ b, not actor.id ~ c)'],
    [
      'details.a:>1 details.a:<5 details.a:7',
      'all(details.a numbers {1 to *], details.a numbers [* to 5}, ' +
        'any(details.a numbers [7 to 7], details.a ~ 7))',
    ],
    ['before.a:x after.a:x', 'all(changes.before.a ~ x, changes.after.a ~ x)'],
  ]);
  means('a list distributes its field', [
    ['changed:(a AND b)', 'all(changes.fields ~ a, changes.fields ~ b)'],
    ['changed:(a AND b) changed:c', 'all(changes.fields ~ a, changes.fields ~ b, changes.fields ~ c)'],
    ['actor:(a NOT b)', 'all(actor.id ~ a, not actor.id ~ b)'],
    ['actor:(a OR NOT b)', 'any(actor.id ~ a, not actor.id ~ b)'],
    ['actor:(NOT (a b))', 'not any(actor.id ~ a, actor.id ~ b)'],
    [
      'actor:(-a -"b" -(c d) -5)',
      'all(not actor.id ~ a, not actor.id ~ b, not any(actor.id ~ c, actor.id ~ d), not actor.id ~ 5)',
    ],
    ['actor:(\\-a "-b")', 'any(actor.id ~ -a, actor.id ~ -b)'],
    [
      'details.n:(-5 -1e2 -2..3 -x)',
      'all(any(details.n numbers [-5 to -5], details.n ~ -5, details.n numbers [-1e2 to -1e2], ' +
        'details.n ~ -1e2, details.n numbers [-2 to 3]), not details.n ~ x)',
    ],
    ['details.n:(>1 <5)', 'all(details.n numbers {1 to *], details.n numbers [* to 5})'],
    ['index:([1 TO 3] {5 TO *])', 'any(index 1 to 4, index 6 to null)'],
    ['action:"AND"', 'event.action ~ AND'],
    ['action:OR', 'event.action ~ OR'],
  ]);
});

const V4_KEY = '00000000000000000000ffff0a000001';
const V6_KEY = '00000000000000000000000000000001';

describe('values', () => {
  means('whole values', [
    ['actor:Alice', 'actor.id ~ Alice'],
    ['actor.type:USER', 'actor.type ~ USER'],
    ['target:urn:x:1', 'target.id ~ urn:x:1'],
    ['target:x[0]{}<>', 'target.id ~ x[0]{}<>'],
    ['target:-x', 'target.id ~ -x'],
    ['target:../a..b', 'target.id ~ ../a..b'],
    ['target:""', 'target.id ~ '],
    ['target:"a \\"b\\" \\\\ * c"', 'target.id ~ a "b" \\ * c'],
    ['target:a\\ b\\*\\(\\"\\\\', 'target.id ~ a b*("\\'],
    ['target:\ud83d\ude00\u0000', 'target.id ~ \ud83d\ude00\u0000'],
    [
      'session:s request:r correlation:c source:q retention:x version:1 id:i',
      'all(context.sessionId ~ s, context.requestId ~ r, context.correlationId ~ c, context.source ~ q, ' +
        'event.retention ~ x, event.version ~ 1, event.id ~ i)',
    ],
    ['version:>=2 version:<3', 'all(event.version texts [2 to *], event.version texts [* to 3})'],
    ['version:[1 TO "2 x"}', 'event.version texts [1 to 2 x}'],
  ]);
  means('patterns', [
    ['action:user.*', 'event.action ~ user. ⋯ '],
    ['action:*a**b*', 'event.action ~  ⋯ a ⋯ b ⋯ '],
    ['action:**', 'event.action present'],
    ['action:"*"', 'event.action ~ *'],
    ['action:\\*', 'event.action ~ *'],
    ['action:\\**', 'event.action ~ * ⋯ '],
    ['details:* before:* after:*', 'all(details present, changes.before present, changes.after present)'],
    ['occurred:* recorded:* index:*', 'all()'],
  ]);
  means('known values', [
    ['status:FAILURE', 'event.status ~ failure'],
    ['status:"Success"', 'event.status ~ success'],
    ['classification:phi', 'event.classification ~ PHI'],
    ['status:*', 'event.status present'],
  ]);
  means('words', [
    ['actor.name:Alice', 'actor.name words alice'],
    ['target.name:"Alice B."', 'target.name words alice_b'],
    ['description:time*', 'event.description words time…'],
    ['agent:Mozilla/5.0', 'context.userAgent words mozilla_5_0'],
    ['geolocation:*', 'context.geolocation present'],
    ['alice@example.com', 'anywhere words alice_example_com'],
    ['"exact  Phrase"', 'anywhere words exact_phrase'],
    ['user.log*', 'anywhere words user_log…'],
    ['user.*', 'anywhere words user'],
    ['"user*"', 'anywhere words user'],
    ['東京*', 'anywhere words 東_京'],
    ['a-b', 'anywhere words a_b'],
    ['0193b1f0-7E2d-7c3a-9b1e-2f6d8c4a5e70', 'anywhere words 0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70'],
    ['0193b1f0-7E*', 'any(anywhere words 0193b1f0_7e…, anywhere words 0193b1f0-7e…)'],
    ['id/0193b1f0-*', 'any(anywhere words id_0193b1f0, anywhere words id_0193b1f0-…)'],
  ]);
  means('any JSON', [
    ['details.a:x', 'details.a ~ x'],
    ['details.a:5', 'any(details.a numbers [5 to 5], details.a ~ 5)'],
    ['details.a:-0.5e3', 'any(details.a numbers [-0.5e3 to -0.5e3], details.a ~ -0.5e3)'],
    [
      'details.a:9007199254740993',
      'any(details.a numbers [9007199254740993 to 9007199254740993], details.a ~ 9007199254740993)',
    ],
    ['details.a:007', 'details.a ~ 007'],
    ['details.a:"5"', 'details.a ~ 5'],
    ['details.a:true', 'any(details.a is true, details.a ~ true)'],
    ['details.a:False', 'any(details.a is false, details.a ~ False)'],
    ['details.a:null', 'any(details.a is null, details.a ~ null)'],
    ['details.a:"null"', 'details.a ~ null'],
    ['details.a:4*', 'details.a ~ 4 ⋯ '],
    ['details.a:*', 'details.a present'],
    ['details.a:>b', 'details.a texts {b to *]'],
    ['details.a:>"5"', 'details.a texts {5 to *]'],
    ['details.a:a..f', 'details.a texts [a to f]'],
    ['details.a:a...f', 'details.a ~ a...f'],
    ['details.a:a\\..f', 'details.a ~ a..f'],
    ['details.A.b:x', 'details.A.b ~ x'],
    ['details."odd name".x:y', 'details.odd name.x ~ y'],
    ['details."a\\"b".c\\:d:e', 'details.a"b.c:d ~ e'],
    ['details."":x', 'details. ~ x'],
    ['details."*":x', 'details.* ~ x'],
    ['before.role:x after.role.id:y', 'all(changes.before.role ~ x, changes.after.role.id ~ y)'],
  ]);
  means('numbers and indexes', [
    ['sequence:7', 'event.sequence numbers [7 to 7]'],
    ['sequence:..7', 'event.sequence numbers [* to 7]'],
    ['details.a:-2e-3..1.5', 'details.a numbers [-2e-3 to 1.5]'],
    ['details.a:{1 TO 2]', 'details.a numbers {1 to 2]'],
    ['details.a:[* TO 2}', 'details.a numbers [* to 2}'],
    ['index:5', 'index 5 to 6'],
    ['index:>5', 'index 6 to null'],
    ['index:<=5', 'index 0 to 6'],
    ['index:<0', 'any()'],
    ['index:{1 TO 2}', 'any()'],
    ['index:2..', 'index 2 to null'],
    ['index:9007199254740990', 'index 9007199254740990 to 9007199254740991'],
  ]);
  means('addresses', [
    ['ip:10.0.0.1', `context.ipAddress addresses ${V4_KEY} to ${V4_KEY}`],
    ['ip:::1/128', `context.ipAddress addresses ${V6_KEY} to ${V6_KEY}`],
    ['ip:"10.0.0.1"', 'context.ipAddress ~ 10.0.0.1'],
    ['ip:10.0.*', 'context.ipAddress ~ 10.0. ⋯ '],
    ['ip:host.example.com', 'context.ipAddress ~ host.example.com'],
  ]);
});
