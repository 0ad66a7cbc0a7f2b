// Made by `npx node scripts/query-grammar.ts` from query.grammar. Do not edit.
import { LRParser } from '@lezer/lr';
import { queryTokens } from './tokens.ts';
export const parser = LRParser.deserialize({
  version: 14,
  states: [
    "$nQVQPOOO}QPO'#CqO#WQPO'#CuOOQP'#C}'#C}OOQP'#Cv'#CvQVQPOOO#_QPO'#CsO#pQPO'#CtO$m",
    "QPO'#CrOOQP,59],59]OOQP'#Cy'#CyO$tQPO,59aOOQP,59a,59aOOQP-E6t-E6tOOQP'#Cx'#CxO${",
    "QPO,59_OOQP,59_,59_OOQP,59`,59`OOQP'#DO'#DOOOQP'#Cw'#CwO%^QPO,59^OOQP,59^,59^OOQ",
    'P-E6w-E6wOOQP1G.{1G.{OOQP-E6v-E6vOOQP1G.y1G.yOOQP-E6u-E6uOOQP1G.x1G.x',
  ].join(''),
  stateData: [
    '%e~OoOS~OPROQRORROSROTPOXROYROZRO]RO_QO`SOcRO~OQXORXOUXO^VO_WOaUO~OPROQRORROSROT',
    'POXROYROZRO]RO_QOcRO~O`[O~P!cOQ^OR^OW^O[^Ob`O~OQaORaOUaO~OQbORbOVbOXbOYbOZbO]bO^',
    'VO_WOaUO~O`eO~P#{O`gO~P!cOQ^OR^OW^O[^ObiO~O`kO~P#{O',
  ].join(''),
  goto: [
    '!wsPPPPPPPPPPPPPPPPPPPPPtzzzt!R!X!_!ePPP!k!sXROQTZQXPTbWdQTOR]TQdWRjdQ_URh_QZQRf',
    'ZSSOTTYQZTcWd',
  ].join(''),
  nodeNames: [
    '⚠ Word String OpenString Joined FieldName Value Item Bound And Or Not To Minus O',
    'perator OpenParen CloseParen OpenRange CloseRange Colon Query Field List Range C',
    'omparison Group',
  ].join(''),
  maxTerm: 34,
  skippedNodes: [0],
  repeatNodeCount: 4,
  tokenData: 'RORO',
  tokenizers: [queryTokens],
  topRules: { Query: [0, 20] },
  tokenPrec: 0,
});
