import { toOutputJson } from '#server/ledger/json.ts';
import type { Manifest } from '#server/ledger/pack/manifest.ts';

/** Columns of the text; commands may be wider, because a line of theirs cannot be broken. */
const COLUMNS = 100;
/** A value of the manifest is shown up to this many characters. */
const VALUE_LENGTH_MAX = 300;
/** Verifier keys that may stand in a command between single quotes. */
const PLAIN_VKEY = /^[A-Za-z0-9._~:/@-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/;
const NO_VKEY = 'put the verifier key here';
/** Control characters, what turns the reading direction, what cannot be seen. */
const UNSAFE = new RegExp(
  [
    '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e',
    '\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]',
  ].join(''),
  'gu',
);

/**
 * The README.txt of an evidence pack: what the pack is, how it is verified with the product and with the
 * page, and how by hand with bash, `sha256sum` and `openssl` 3 alone. Commands stand behind four spaces. Ends
 * in a newline. Whatever the manifest holds, no line of it can pass for one of the commands.
 *
 * @param manifest the pack's; strings in it may come from anyone
 */
export function readmeText(manifest: Manifest): string {
  const vkey = PLAIN_VKEY.test(manifest.vkey) ? manifest.vkey : NO_VKEY;
  return [
    ...aboutPack(manifest),
    ...WITH_PRODUCT,
    ...BY_HAND,
    ...indented([`vkey='${vkey}'`, ...TOOLS]),
    ...heading('3.1  The checkpoint is signed with that key'),
    ...prose(
      'The checkpoint is a signed note: the origin, the size and the root of the tree, each on its',
      'line, an empty line, and the signatures. The key id is the beginning of SHA-256(origin, newline,',
      '1, key).',
    ),
    ...indented(CHECKPOINT),
    ...heading('3.2  Every record stands in the tree that was signed, and its content is what was recorded'),
    ...prose(
      'A line of records.ndjson is one record: its entry, the sections that are disclosed with their',
      'salts, and its path to the root. Leaf hash: SHA-256(0, entry). Inner node: SHA-256(1, left,',
      'right). Commitment of a section: SHA-256(salt, json). An entry names the leaf hash of the entry',
      'before it ("prev").',
    ),
    ...indented(RECORD),
    ...prose('One record, here that of the first line:'),
    ...indented(['check 1']),
    ...prose('All of them:'),
    ...indented(ALL),
    ...LIMITS_OF_HAND,
    '',
  ].join('\n');
}

function aboutPack(manifest: Manifest): readonly string[] {
  const { ledger, origin, size, root, count, createdAt, createdBy, vkey, query } = manifest;
  const shownQuery = typeof query === 'string' ? query : JSON.stringify(toOutputJson(query));
  const rows: readonly (readonly [string, string])[] = [
    ['ledger', ledger],
    ['origin', origin],
    ['records', `${count} of a ledger that had ${size}`],
    ['root', root],
    ['key', vkey],
    ['made', `${createdAt} by ${createdBy}`],
    ['query', shownQuery],
  ];
  return [
    'EVIDENCE PACK',
    '=============',
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${shown(value)}`),
    '',
    ...prose(
      'This folder holds records of an append-only audit log, with all that is needed to check that',
      'each of them stands in the log at its place, and that not a byte of it was changed since. Nobody',
      'has to be asked, and no network is needed.',
    ),
    "  manifest.json    what was asked for, and the key that the pack says is the ledger's",
    "  checkpoint       the signed statement of the ledger's size and root, with the witnesses' signatures",
    '  records.ndjson   the records, one a line, in order of their index',
    '  verify.html      a page that checks the pack in a browser',
    '  README.txt       this text',
    '',
    ...heading('1  What a check can tell'),
    ...prose(
      'The signature shows that whoever holds the key signed this tree. Whose key that is the pack',
      'cannot prove: it is a claim of the pack itself. Get the verifier key in another way (from the',
      "operator's site, a contract, an earlier pack, a witness) and compare. Without that the pack is",
      'known to be consistent in itself, and no more.',
    ),
    ...prose(
      'This text and verify.html came with the pack too.',
      'A check is worth as much as the program that makes it: take the program, the page or the',
      'commands below from where you trust them. A pack shows that the records in it were recorded; it',
      'does not show that there are no others that match its query.',
    ),
  ];
}

/** On one line, and no longer than a reader wants: whoever asked for the pack chose some of these texts. */
function shown(value: string): string {
  const cut = value.length > VALUE_LENGTH_MAX ? `${value.slice(0, VALUE_LENGTH_MAX)}...` : value;
  return cut
    .toWellFormed()
    .replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function heading(title: string): readonly string[] {
  return [title, '-'.repeat(title.length), ''];
}

/** Words set in lines of equal width, and an empty line. */
function prose(...lines: readonly string[]): readonly string[] {
  const set: string[] = [];
  let line = '';
  for (const word of lines.join(' ').split(' ')) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS) {
      set.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...set, line, ''];
}

function indented(lines: readonly string[]): readonly string[] {
  return [...lines.map((line) => (line === '' ? '' : `    ${line}`)), ''];
}

const WITH_PRODUCT: readonly string[] = [
  ...heading('2  With the product'),
  ...prose('The command checks the whole pack, also one of many gigabytes, and remembers the key it saw:'),
  '  npx indelible verify <pack>.evidence.zip --vkey <the key that you got elsewhere>',
  '',
  ...prose(
    'It ends with 0 where everything holds, and with 1 where anything does not, each break named by',
    'the index of its record. verify.html does the same in a browser, from the file on your disk:',
    'open it and give it the pack as it was downloaded, not unpacked. To know that the file is the',
    'one that was exported, compare `sha256sum <pack>.evidence.zip` with the sum that the export',
    'named.',
  ),
];

const BY_HAND: readonly string[] = [
  ...heading('3  By hand'),
  ...prose(
    'All that follows is bash (begin with a fresh one), with grep, sed, tr, sha256sum and OpenSSL 3,',
    'in the folder of the unpacked pack. Each check prints a line that begins with "ok" or with',
    '"BROKEN". First the key that you got elsewhere goes between the quotes; what stands there now is',
    "the pack's own.",
  ),
];

const TOOLS: readonly string[] = [
  'export LC_ALL=C; set -f; work=$(mktemp -d)',
  'raw() { printf %s "$1" | openssl base64 -d -A; }',
  'sha() { openssl dgst -sha256 -binary | openssl base64 -A; }',
  'origin=$(sed -n 1p checkpoint); size=$(sed -n 2p checkpoint); root=$(sed -n 3p checkpoint)',
];

/** The first twelve bytes are what DER puts in front of an Ed25519 key. */
const CHECKPOINT: readonly string[] = [
  'key=${vkey#*+}; id=${key%%+*}; key=${key#*+}',
  'if [ "${vkey%%+*}" = "$origin" ]; then echo "ok: this is a key of $origin"',
  'else echo "BROKEN: this is the key of another ledger"; fi',
  String.raw`keyid=$( { printf '%s\n' "$origin"; raw "$key"; } | sha256sum | cut -c1-8)`,
  'if [ "$keyid" = "$id" ]; then echo "ok: the key has the id $id"',
  'else echo "BROKEN: the key has another id"; fi',
  '',
  String.raw`{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; raw "$key" | tail -c 32; } |`,
  '  openssl pkey -pubin -inform DER -out $work/key',
  "sed '/^$/,$d' checkpoint > $work/text; : > $work/signature",
  'while read -r dash name signature; do',
  String.raw`  keyid=$(raw "$signature" | od -An -v -tx1 -N4 | tr -d ' \n')`,
  '  if [ "$name $keyid" = "$origin $id" ]; then raw "$signature" | tail -c +5 > $work/signature; fi',
  "done < <(sed '1,/^$/d' checkpoint)",
  'if openssl pkeyutl -verify -pubin -inkey $work/key -rawin -in $work/text -sigfile $work/signature &&',
  '  printf %s "$size" | grep -qxE \'0|[1-9][0-9]{0,15}\'',
  'then echo "ok: the checkpoint of $size records is signed"',
  'else echo "BROKEN: the checkpoint is not signed with this key"; size=0; fi',
];

/** Only a line and an entry of exactly these forms go on: no text of the pack may become a command. */
const FORMS: readonly string[] = [
  'hash=\'"[A-Za-z0-9+/]{43}="\'; string=\'"([^"\\\\]|\\\\.)*"\'; name=\'"[A-Za-z0-9_-]+"\'',
  'section=$name\':{"salt":"[A-Za-z0-9+/]{22}==","json":\'$string\'},?\'',
  "line_form='{\"entry\":'$string',\"sections\":{('$section')*},\"proof\":[[]('$hash',?)*]}'",
  'entry_form=\'{"index":(0|[1-9][0-9]{0,15}),"ledger":"[A-Za-z0-9._-]+","prev":\'$hash',
  'entry_form=$entry_form\',"recordedAt":"[0-9TZ:.-]{24}","sections":{(\'$name:$hash\',?)+},"v":1}\'',
];

const RECORD: readonly string[] = [
  ...FORMS,
  'node() { { printf \'\\001\'; raw "$1"; raw "$2"; } | sha; }',
  String.raw`unescape() { sed 's/\\\(["\\]\)/\1/g'; }`,
  '',
  'sections() {',
  String.raw`  names=$(printf '%s\n' "$line" | grep -o '"[A-Za-z0-9_-]*":{"salt":"' | cut -d '"' -f 2)`,
  '  for name in $names; do',
  '    commitment=${entry#*\'"sections":{\'*\\"$name\\":\\"}; commitment=${commitment%%\\"*}',
  String.raw`    text=$(printf '%s\n' "$line" | sed "s/^.*[{,]\"$name\":{\"salt\":\"//")`,
  '    salt=${text%%\\"*}',
  String.raw`    json=$(printf '%s\n' "$text" | sed 's/^[^"]*","json":"//; s/}"}.*/}/' | unescape)`,
  '    found=$( { raw "$salt"; printf %s "$json"; } | sha)',
  '    if [ "$found ${#salt} ${json%%:*}" = "$commitment 24 {\\"$name\\"" ]',
  '    then echo "ok: record $index, section $name"; else echo "BROKEN: record $index, section $name"; fi',
  '  done',
  '}',
  '',
  'tree() {',
  '  hash=$leaf; at=$index; last=$((size - 1))',
  String.raw`  path=$(printf '%s\n' "$line" | sed 's/^.*,"proof":\[//; s/\].*//' | tr -d '"' | tr , ' ')`,
  '  for sibling in $path; do',
  '    if [ $((at % 2)) = 1 ] || [ "$at" = "$last" ]; then',
  '      hash=$(node "$sibling" "$hash")',
  '      while [ $((at % 2)) = 0 ] && [ "$at" != 0 ]; do at=$((at / 2)); last=$((last / 2)); done',
  '    else hash=$(node "$hash" "$sibling"); fi',
  '    at=$((at / 2)); last=$((last / 2))',
  '  done',
  '  if [ "$last $hash" = "0 $root" ] && [ "$index" -lt "$size" ]',
  '  then echo "ok: record $index of $ledger is in the tree"',
  '  else echo "BROKEN: record $index is not in the tree"; fi',
  '}',
  '',
  'check() {',
  '  line=$(sed -n "$1p" records.ndjson)',
  String.raw`  entry=$(printf '%s\n' "$line" | sed 's/^{"entry":"//; s/","sections":{.*//' | unescape)`,
  String.raw`  if ! printf '%s\n' "$line" | grep -qxE "$line_form" ||`,
  String.raw`    ! printf '%s\n' "$entry" | grep -qxE "$entry_form"`,
  '  then echo "BROKEN: line $1 is not well formed"; return 1; fi',
  String.raw`  leaf=$( { printf '\000'; printf %s "$entry"; } | sha)`,
  `  index=\${entry#'{"index":'}; index=\${index%%,*}`,
  `  ledger=\${entry#*'"ledger":"'}; ledger=\${ledger%%\\"*}`,
  `  prev=\${entry#*'"prev":"'}; prev=\${prev%%\\"*}`,
  '  sections; tree',
  '}',
];

const ALL: readonly string[] = [
  'before=-1; leaf_before=$(printf %s "$origin" | sha)',
  `for n in $(seq "$(sed -n '$=' records.ndjson)"); do`,
  '  if check "$n"; then',
  '    if [ "$index" -le "$before" ]; then echo "BROKEN: record $index is out of order"; fi',
  '    if [ "$index" = $((before + 1)) ] && [ "$prev" != "$leaf_before" ]',
  '    then echo "BROKEN: record $index does not name the entry before it"; fi',
  '    before=$index; leaf_before=$leaf',
  '  else before=-2; fi',
  'done',
];

const LIMITS_OF_HAND: readonly string[] = prose(
  'A section that is in an entry and not in its line was withheld from this pack or erased from the',
  'ledger: its content cannot be checked, and all the rest still holds. These commands do not check',
  'that the json of a section is canonical, nor the signatures of witnesses, nor that the ZIP file',
  'holds nothing else; the program and the page do.',
);
