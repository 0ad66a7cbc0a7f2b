import { BasePlugin, type PothosOutputFieldConfig, PothosSchemaError, type SchemaTypes } from '@pothos/core';
import SchemaBuilder from '@pothos/core';

const NAME = 'rootGuard';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rootGuard: RootGuardPlugin<Types>;
    }
  }
}

/** Default deny: a schema with an operation that states no scope is not built. */
export class RootGuardPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const isRoot = field.kind === 'Query' || field.kind === 'Mutation' || field.kind === 'Subscription';
    if (isRoot && !field.pothosOptions.authScopes) {
      throw new PothosSchemaError(`${field.parentType}.${field.name} states no scope (authScopes).`);
    }
    return field;
  }
}

SchemaBuilder.registerPlugin(NAME, RootGuardPlugin);
