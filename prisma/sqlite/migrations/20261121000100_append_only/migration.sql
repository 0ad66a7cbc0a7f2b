-- What is recorded stays recorded, also for someone who opens the file with another tool. Only lawful erasure clears
-- content: it sets a section to NULL, salt and value together. The triggers before INSERT close the one way around
-- the others: INSERT OR REPLACE deletes the old row, and no trigger on DELETE sees it unless recursive_triggers is on.

-- CreateTrigger
CREATE TRIGGER "record_delete_refused" BEFORE DELETE ON "record"
BEGIN
    SELECT RAISE(ABORT, 'record is append-only: a record is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "record_update_refused" BEFORE UPDATE ON "record"
WHEN NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."idx" IS NOT OLD."idx"
  OR NEW."event_id" IS NOT OLD."event_id"
  OR NEW."digest" IS NOT OLD."digest"
  OR NEW."recorded_at" IS NOT OLD."recorded_at"
  OR NEW."entry" IS NOT OLD."entry"
  OR NEW."leaf_hash" IS NOT OLD."leaf_hash"
  OR (NEW."event" IS NOT NULL AND NEW."event" IS NOT OLD."event")
  OR (NEW."actor" IS NOT NULL AND NEW."actor" IS NOT OLD."actor")
  OR (NEW."target" IS NOT NULL AND NEW."target" IS NOT OLD."target")
  OR (NEW."context" IS NOT NULL AND NEW."context" IS NOT OLD."context")
  OR (NEW."changes" IS NOT NULL AND NEW."changes" IS NOT OLD."changes")
  OR (NEW."details" IS NOT NULL AND NEW."details" IS NOT OLD."details")
BEGIN
    SELECT RAISE(ABORT, 'record is append-only: a section may be erased to NULL and nothing else may change');
END;

-- CreateTrigger
CREATE TRIGGER "record_replace_refused" BEFORE INSERT ON "record"
WHEN EXISTS (SELECT 1 FROM "record" WHERE "ledger_no" = NEW."ledger_no" AND "idx" = NEW."idx")
  OR EXISTS (SELECT 1 FROM "record" WHERE "ledger_no" = NEW."ledger_no" AND "event_id" = NEW."event_id")
BEGIN
    SELECT RAISE(ABORT, 'record is append-only: the index or the event id is taken');
END;

-- CreateTrigger
CREATE TRIGGER "checkpoint_delete_refused" BEFORE DELETE ON "checkpoint"
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only: a checkpoint is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "checkpoint_update_refused" BEFORE UPDATE ON "checkpoint"
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only: a checkpoint never changes');
END;

-- A checkpoint that comes a second time is left out, so the first one stays.
-- CreateTrigger
CREATE TRIGGER "checkpoint_replace_ignored" BEFORE INSERT ON "checkpoint"
WHEN EXISTS (SELECT 1 FROM "checkpoint" WHERE "ledger_no" = NEW."ledger_no" AND "size" = NEW."size")
BEGIN
    SELECT RAISE(IGNORE);
END;

-- CreateTrigger
CREATE TRIGGER "ledger_delete_refused" BEFORE DELETE ON "ledger"
BEGIN
    SELECT RAISE(ABORT, 'ledger is append-only: a ledger is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "ledger_update_refused" BEFORE UPDATE ON "ledger"
WHEN NEW."no" IS NOT OLD."no"
  OR NEW."id" IS NOT OLD."id"
  OR NEW."origin" IS NOT OLD."origin"
  OR NEW."vkey" IS NOT OLD."vkey"
  OR NEW."created_at" IS NOT OLD."created_at"
BEGIN
    SELECT RAISE(ABORT, 'ledger is append-only: only its name may change');
END;

-- CreateTrigger
CREATE TRIGGER "ledger_replace_refused" BEFORE INSERT ON "ledger"
WHEN EXISTS (SELECT 1 FROM "ledger" WHERE "no" = NEW."no" OR "id" = NEW."id" OR "origin" = NEW."origin")
BEGIN
    SELECT RAISE(ABORT, 'ledger is append-only: the id or the origin is taken');
END;

-- CreateTrigger
CREATE TRIGGER "head_delete_refused" BEFORE DELETE ON "head"
BEGIN
    SELECT RAISE(ABORT, 'head is append-only: a head is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "head_update_refused" BEFORE UPDATE ON "head"
WHEN NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."size" < OLD."size"
  OR (NEW."size" = OLD."size" AND (NEW."root" IS NOT OLD."root"
    OR NEW."frontier" IS NOT OLD."frontier"
    OR NEW."prev" IS NOT OLD."prev"
    OR NEW."recorded_at" IS NOT OLD."recorded_at"))
BEGIN
    SELECT RAISE(ABORT, 'head is append-only: a ledger never shrinks, and changes only by growing');
END;

-- CreateTrigger
CREATE TRIGGER "head_replace_refused" BEFORE INSERT ON "head"
WHEN EXISTS (SELECT 1 FROM "head" WHERE "ledger_no" = NEW."ledger_no")
BEGIN
    SELECT RAISE(ABORT, 'head is append-only: the ledger has a head');
END;

-- CreateTrigger
CREATE TRIGGER "tile_delete_refused" BEFORE DELETE ON "tile"
BEGIN
    SELECT RAISE(ABORT, 'tile is append-only: a tile is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "tile_update_refused" BEFORE UPDATE ON "tile"
WHEN NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."level" IS NOT OLD."level"
  OR NEW."idx" IS NOT OLD."idx"
  OR substr(NEW."hashes", 1, length(OLD."hashes")) IS NOT OLD."hashes"
BEGIN
    SELECT RAISE(ABORT, 'tile is append-only: hashes may be added at its end and nothing else may change');
END;

-- CreateTrigger
CREATE TRIGGER "quarantined_event_delete_refused" BEFORE DELETE ON "quarantined_event"
BEGIN
    SELECT RAISE(ABORT, 'quarantined_event is append-only: a quarantined event is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "quarantined_event_update_refused" BEFORE UPDATE ON "quarantined_event"
WHEN OLD."state" <> 'OPEN'
  OR NEW."id" IS NOT OLD."id"
  OR NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."event_id" IS NOT OLD."event_id"
  OR NEW."code" IS NOT OLD."code"
  OR NEW."message" IS NOT OLD."message"
  OR NEW."line" IS NOT OLD."line"
  OR NEW."quarantined_at" IS NOT OLD."quarantined_at"
BEGIN
    SELECT RAISE(ABORT, 'quarantined_event is append-only: it may be closed once and nothing else may change');
END;
