/** Digits of an address's key. */
const KEY_DIGITS = 32;
/** What stands before an address of IPv4 when it is written as one of IPv6. */
const MAPPED = '00000000000000000000ffff';

/**
 * An IP address as 32 hex digits, in whatever notation it was given: equal addresses have equal keys, and
 * their order is the addresses' order. An address of IPv4 is the same as the one of IPv6 that it is mapped
 * to. `null` for what is not an address, which also is one with a zone, a port, brackets or zeros in front of
 * a decimal.
 */
export function addressKey(text: string): string | null {
  if (text.length > ADDRESS_LENGTH_MAX) return null;
  if (!text.includes(':')) {
    const v4 = readIpv4(text);
    return v4 === null ? null : MAPPED + v4;
  }
  return readIpv6(text);
}

/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const ADDRESS_LENGTH_MAX = 45;

const DOT = 46;
const ZERO = 48;

/** Four decimals of at most 255, as 8 hex digits. */
function readIpv4(text: string): string | null {
  let value = 0;
  let part = -1;
  let dots = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      if (part < 0) return null;
      value = value * 256 + part;
      part = -1;
      dots += 1;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || part === 0) return null;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return null;
    }
  }
  return dots === 4 ? value.toString(16).padStart(8, '0') : null;
}

/** Eight groups of up to four hex digits, the last two perhaps as IPv4, one row of zero groups left out. */
function readIpv6(text: string): string | null {
  const [before = '', after, ...rest] = text.split('::');
  if (rest.length > 0) return null;
  const head = readGroups(before, after === undefined);
  if (after === undefined) return head?.length === KEY_DIGITS ? head : null;
  const tail = readGroups(after, true);
  if (head === null || tail === null || head.length + tail.length > KEY_DIGITS - 4) return null;
  return head.padEnd(KEY_DIGITS - tail.length, '0') + tail;
}

const GROUP = /^[0-9a-f]{1,4}$/;

function readGroups(text: string, isEnd: boolean): string | null {
  if (text === '') return '';
  const groups = text.toLowerCase().split(':');
  let key = '';
  for (const [at, group] of groups.entries()) {
    const isLast = isEnd && at === groups.length - 1;
    const hex = GROUP.test(group) ? group.padStart(4, '0') : isLast ? readIpv4(group) : null;
    if (hex === null) return null;
    key += hex;
  }
  return key;
}

/** First and last address of a range, both inclusive, as `addressKey` gives them. */
export interface AddressRange {
  readonly from: string;
  readonly to: string;
}

const CIDR = /^([^/]+)\/(0|[1-9]\d{0,2})$/;

/**
 * The range that an address (itself only) or a network in CIDR notation stands for; `null` for any other
 * text.
 */
export function addressRange(text: string): AddressRange | null {
  const single = addressKey(text);
  if (single !== null) return { from: single, to: single };
  const [, address = '', bits = ''] = CIDR.exec(text) ?? [];
  const key = addressKey(address);
  if (key === null) return null;
  const isV6 = address.includes(':');
  if (Number(bits) > (isV6 ? 128 : 32)) return null;
  return network(key, Number(bits) + (isV6 ? 0 : 96));
}

function network(key: string, bits: number): AddressRange {
  const fixed = Math.floor(bits / 4);
  if (fixed === KEY_DIGITS) return { from: key, to: key };
  // The digit that belongs to the network with some of its bits only.
  const digit = Number.parseInt(key.charAt(fixed), 16);
  const free = 15 >> (bits % 4);
  const edge = (last: boolean): string =>
    key.slice(0, fixed) +
    (last ? digit | free : digit & ~free).toString(16) +
    (last ? 'f' : '0').repeat(KEY_DIGITS - fixed - 1);
  return { from: edge(false), to: edge(true) };
}
