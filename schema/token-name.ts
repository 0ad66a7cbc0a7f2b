import { createGather } from './gather.ts';

/**
 * Names of tokens by their ids; `null` where there is no such token. All of one answer are asked together.
 */
export const tokenName = createGather<string, string | null>(async ({ services }, ids) => {
  const distinct = [...new Set(ids)];
  const names = await Promise.all(distinct.map((id) => services.tokenName(id)));
  const byId = new Map(distinct.map((id, i) => [id, names[i] ?? null]));
  return ids.map((id) => byId.get(id) ?? null);
});
