import type { GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';
import './scalars.ts';
import './ledger.ts';
import './record.ts';
import './records.ts';
import './checkpoints.ts';
import './witness.ts';
import './proof.ts';
import './record-counts.ts';
import './statistics.ts';
import './neighbours.ts';
import './search-completions.ts';
import './receipt.ts';
import './token.ts';
import './quarantine.ts';
import './intake.ts';
import './saved-view.ts';
import './demo.ts';
import './erasure.ts';
import './export.ts';
import './verification.ts';
import './subscription.ts';
import './viewer.ts';

/** The whole API. `schema/schema.graphql` is printed from it. */
export const schema: GraphQLSchema = builder.toSchema();
