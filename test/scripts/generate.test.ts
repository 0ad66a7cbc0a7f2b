import { describe, expect, it } from 'vitest';
import { stampSchema } from '#scripts/generate.ts';

const MODELS = `// A comment may speak of marks.
model Both {
  id    Int    @id
  both  String @map("b") //@pg @db.VarChar(9)
  //@lite @@unique([both])
  //@pg @@index([both])
}

//@pg /// Only there.
//@pg model Other {
  id Int @id

  @@map("other")
}

model Last {
  id Int @id
}
`;

describe('the schema of a database', () => {
  it('has what is marked for it, without the mark, and nothing that is marked for the other one', () => {
    expect(stampSchema(MODELS, 'sqlite')).toContain(`// A comment may speak of marks.
model Both {
  id    Int    @id
  both  String @map("b")
  @@unique([both])
}


model Last {
  id Int @id
}
`);
    expect(stampSchema(MODELS, 'postgresql')).toContain(`// A comment may speak of marks.
model Both {
  id    Int    @id
  both  String @map("b") @db.VarChar(9)
  @@index([both])
}

/// Only there.
model Other {
  id Int @id

  @@map("other")
}

model Last {
  id Int @id
}
`);
  });

  it('names its database, without foreign keys on Postgres, and Pothos reads SQLite only', () => {
    expect(stampSchema('', 'sqlite')).toContain('provider = "sqlite"');
    expect(stampSchema('', 'sqlite')).toContain('prisma-pothos-types');
    expect(stampSchema('', 'postgresql')).toContain('provider     = "postgresql"\n  relationMode = "prisma"');
    expect(stampSchema('', 'postgresql')).not.toContain('pothos');
  });
});
