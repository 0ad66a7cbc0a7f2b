-- CreateTable
CREATE TABLE "job" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "cancel_requested" BOOLEAN NOT NULL DEFAULT false,
    "params" TEXT NOT NULL,
    "progress" TEXT,
    "result" TEXT,
    "error" TEXT,
    "requested_by" TEXT,
    "created_at" BIGINT NOT NULL,
    "started_at" BIGINT,
    "finished_at" BIGINT,
    "claimed_by" TEXT,
    "claimed_until" BIGINT
);

-- CreateTable
CREATE TABLE "cosignature" (
    "ledger_no" INTEGER NOT NULL,
    "size" BIGINT NOT NULL,
    "witness" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "vkey" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,

    PRIMARY KEY ("ledger_no", "size", "witness", "key_id")
);

-- CreateTable
CREATE TABLE "witness_standing" (
    "ledger_no" INTEGER NOT NULL,
    "witness" TEXT NOT NULL,
    "cosigned_size" BIGINT NOT NULL,
    "cosigned_at" BIGINT,
    "refusal" TEXT,
    "refused_size" BIGINT,
    "trouble" TEXT,
    "asked_at" BIGINT NOT NULL,

    PRIMARY KEY ("ledger_no", "witness")
);

-- CreateTable
CREATE TABLE "witnessed_checkpoint" (
    "origin" TEXT NOT NULL PRIMARY KEY,
    "size" BIGINT NOT NULL,
    "root" BLOB NOT NULL,
    "note" TEXT NOT NULL,
    "updated_at" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "erasure" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "ledger_no" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "sections" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "requested_at" BIGINT NOT NULL,
    "applied_at" BIGINT,
    "scrubbed_at" BIGINT
);

-- CreateIndex
CREATE INDEX "job_ledger_no_kind_created_at_idx" ON "job"("ledger_no", "kind", "created_at");

-- CreateIndex
CREATE INDEX "job_state_created_at_idx" ON "job"("state", "created_at");

-- CreateIndex
CREATE INDEX "erasure_ledger_no_idx_idx" ON "erasure"("ledger_no", "idx");

-- What witnesses signed stays; what a witness saw only grows; what was erased stays erased, and noted.

-- CreateTrigger
CREATE TRIGGER "cosignature_delete_refused" BEFORE DELETE ON "cosignature"
BEGIN
    SELECT RAISE(ABORT, 'cosignature is append-only: a cosignature is never deleted');
END;

-- CreateTrigger
CREATE TRIGGER "cosignature_update_refused" BEFORE UPDATE ON "cosignature"
BEGIN
    SELECT RAISE(ABORT, 'cosignature is append-only: a cosignature never changes');
END;

-- A cosignature that comes a second time is left out, so the first one stays.
-- CreateTrigger
CREATE TRIGGER "cosignature_replace_ignored" BEFORE INSERT ON "cosignature"
WHEN EXISTS (SELECT 1 FROM "cosignature" WHERE "ledger_no" = NEW."ledger_no" AND "size" = NEW."size"
  AND "witness" = NEW."witness" AND "key_id" = NEW."key_id")
BEGIN
    SELECT RAISE(IGNORE);
END;

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_delete_refused" BEFORE DELETE ON "witnessed_checkpoint"
BEGIN
    SELECT RAISE(ABORT, 'witnessed_checkpoint is append-only: what was witnessed is never forgotten');
END;

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_update_refused" BEFORE UPDATE ON "witnessed_checkpoint"
WHEN NEW."origin" IS NOT OLD."origin"
  OR NEW."size" < OLD."size"
  OR (NEW."size" = OLD."size" AND NEW."root" IS NOT OLD."root")
BEGIN
    SELECT RAISE(ABORT, 'witnessed_checkpoint is append-only: a witnessed log only grows');
END;

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_replace_refused" BEFORE INSERT ON "witnessed_checkpoint"
WHEN EXISTS (SELECT 1 FROM "witnessed_checkpoint" WHERE "origin" = NEW."origin")
BEGIN
    SELECT RAISE(ABORT, 'witnessed_checkpoint is append-only: the origin is taken');
END;

-- CreateTrigger
CREATE TRIGGER "erasure_delete_refused" BEFORE DELETE ON "erasure"
BEGIN
    SELECT RAISE(ABORT, 'erasure is append-only: an erasure stays noted');
END;

-- CreateTrigger
CREATE TRIGGER "erasure_update_refused" BEFORE UPDATE ON "erasure"
WHEN NEW."id" IS NOT OLD."id"
  OR NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."idx" IS NOT OLD."idx"
  OR NEW."sections" IS NOT OLD."sections"
  OR NEW."requested_by" IS NOT OLD."requested_by"
  OR NEW."event" IS NOT OLD."event"
  OR NEW."requested_at" IS NOT OLD."requested_at"
  OR (OLD."applied_at" IS NOT NULL AND NEW."applied_at" IS NOT OLD."applied_at")
  OR (OLD."scrubbed_at" IS NOT NULL AND NEW."scrubbed_at" IS NOT OLD."scrubbed_at")
BEGIN
    SELECT RAISE(ABORT, 'erasure is append-only: it is carried out once and nothing else may change');
END;

-- CreateTrigger
CREATE TRIGGER "erasure_replace_refused" BEFORE INSERT ON "erasure"
WHEN EXISTS (SELECT 1 FROM "erasure" WHERE "id" = NEW."id")
BEGIN
    SELECT RAISE(ABORT, 'erasure is append-only: the id is taken');
END;

-- The digest of an event is over all its content: with a section erased it would let one guess what was in it. So
-- erasure sets it to zeros. And only what is noted can be erased.
DROP TRIGGER "record_update_refused";

-- CreateTrigger
CREATE TRIGGER "record_update_refused" BEFORE UPDATE ON "record"
WHEN NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."idx" IS NOT OLD."idx"
  OR NEW."event_id" IS NOT OLD."event_id"
  OR (NEW."digest" IS NOT zeroblob(32) AND NEW."digest" IS NOT OLD."digest")
  OR NEW."recorded_at" IS NOT OLD."recorded_at"
  OR NEW."entry" IS NOT OLD."entry"
  OR NEW."leaf_hash" IS NOT OLD."leaf_hash"
  OR (NEW."event" IS NOT NULL AND NEW."event" IS NOT OLD."event")
  OR (NEW."actor" IS NOT NULL AND NEW."actor" IS NOT OLD."actor")
  OR (NEW."target" IS NOT NULL AND NEW."target" IS NOT OLD."target")
  OR (NEW."context" IS NOT NULL AND NEW."context" IS NOT OLD."context")
  OR (NEW."changes" IS NOT NULL AND NEW."changes" IS NOT OLD."changes")
  OR (NEW."details" IS NOT NULL AND NEW."details" IS NOT OLD."details")
  OR NOT EXISTS (SELECT 1 FROM "erasure" WHERE "ledger_no" = OLD."ledger_no" AND "idx" = OLD."idx")
BEGIN
    SELECT RAISE(ABORT, 'record is append-only: a section may be erased to NULL, once that is noted, and nothing else may change');
END;
