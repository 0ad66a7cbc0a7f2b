-- What is recorded stays recorded, also for someone who reaches the database with another tool. Only lawful erasure
-- clears content: it sets a section to NULL, salt and value together.

CREATE FUNCTION "refuse_change"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: %', TG_ARGV[0], TG_ARGV[1] USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

-- CreateTrigger
CREATE TRIGGER "record_delete_refused" BEFORE DELETE ON "record" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('record', 'a record is never deleted');

-- CreateTrigger
CREATE TRIGGER "record_update_refused" BEFORE UPDATE ON "record" FOR EACH ROW
WHEN (NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."idx" IS DISTINCT FROM OLD."idx"
  OR NEW."event_id" IS DISTINCT FROM OLD."event_id"
  OR NEW."digest" IS DISTINCT FROM OLD."digest"
  OR NEW."recorded_at" IS DISTINCT FROM OLD."recorded_at"
  OR NEW."entry" IS DISTINCT FROM OLD."entry"
  OR NEW."leaf_hash" IS DISTINCT FROM OLD."leaf_hash"
  OR (NEW."event" IS NOT NULL AND NEW."event" IS DISTINCT FROM OLD."event")
  OR (NEW."actor" IS NOT NULL AND NEW."actor" IS DISTINCT FROM OLD."actor")
  OR (NEW."target" IS NOT NULL AND NEW."target" IS DISTINCT FROM OLD."target")
  OR (NEW."context" IS NOT NULL AND NEW."context" IS DISTINCT FROM OLD."context")
  OR (NEW."changes" IS NOT NULL AND NEW."changes" IS DISTINCT FROM OLD."changes")
  OR (NEW."details" IS NOT NULL AND NEW."details" IS DISTINCT FROM OLD."details"))
EXECUTE FUNCTION "refuse_change"('record', 'a section may be erased to NULL and nothing else may change');

-- CreateTrigger
CREATE TRIGGER "record_truncate_refused" BEFORE TRUNCATE ON "record" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('record', 'a record is never deleted');

-- CreateTrigger
CREATE TRIGGER "idempotency_key_change_refused" BEFORE UPDATE OR DELETE ON "idempotency_key" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('idempotency_key', 'an id stays known for ever');

-- CreateTrigger
CREATE TRIGGER "idempotency_key_truncate_refused" BEFORE TRUNCATE ON "idempotency_key" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('idempotency_key', 'an id stays known for ever');

-- CreateTrigger
CREATE TRIGGER "checkpoint_change_refused" BEFORE UPDATE OR DELETE ON "checkpoint" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('checkpoint', 'a checkpoint never changes');

-- CreateTrigger
CREATE TRIGGER "checkpoint_truncate_refused" BEFORE TRUNCATE ON "checkpoint" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('checkpoint', 'a checkpoint is never deleted');

-- CreateTrigger
CREATE TRIGGER "ledger_delete_refused" BEFORE DELETE ON "ledger" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('ledger', 'a ledger is never deleted');

-- CreateTrigger
CREATE TRIGGER "ledger_update_refused" BEFORE UPDATE ON "ledger" FOR EACH ROW
WHEN (NEW."no" IS DISTINCT FROM OLD."no"
  OR NEW."id" IS DISTINCT FROM OLD."id"
  OR NEW."origin" IS DISTINCT FROM OLD."origin"
  OR NEW."vkey" IS DISTINCT FROM OLD."vkey"
  OR NEW."created_at" IS DISTINCT FROM OLD."created_at")
EXECUTE FUNCTION "refuse_change"('ledger', 'only its name may change');

-- CreateTrigger
CREATE TRIGGER "ledger_truncate_refused" BEFORE TRUNCATE ON "ledger" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('ledger', 'a ledger is never deleted');

-- CreateTrigger
CREATE TRIGGER "head_delete_refused" BEFORE DELETE ON "head" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('head', 'a head is never deleted');

-- CreateTrigger
CREATE TRIGGER "head_update_refused" BEFORE UPDATE ON "head" FOR EACH ROW
WHEN (NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."size" < OLD."size"
  OR (NEW."size" = OLD."size" AND (NEW."root" IS DISTINCT FROM OLD."root"
    OR NEW."frontier" IS DISTINCT FROM OLD."frontier"
    OR NEW."prev" IS DISTINCT FROM OLD."prev"
    OR NEW."recorded_at" IS DISTINCT FROM OLD."recorded_at")))
EXECUTE FUNCTION "refuse_change"('head', 'a ledger never shrinks, and changes only by growing');

-- CreateTrigger
CREATE TRIGGER "head_truncate_refused" BEFORE TRUNCATE ON "head" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('head', 'a head is never deleted');

-- CreateTrigger
CREATE TRIGGER "tile_delete_refused" BEFORE DELETE ON "tile" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('tile', 'a tile is never deleted');

-- CreateTrigger
CREATE TRIGGER "tile_update_refused" BEFORE UPDATE ON "tile" FOR EACH ROW
WHEN (NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."level" IS DISTINCT FROM OLD."level"
  OR NEW."idx" IS DISTINCT FROM OLD."idx"
  OR substr(NEW."hashes", 1, length(OLD."hashes")) IS DISTINCT FROM OLD."hashes")
EXECUTE FUNCTION "refuse_change"('tile', 'hashes may be added at its end and nothing else may change');

-- CreateTrigger
CREATE TRIGGER "tile_truncate_refused" BEFORE TRUNCATE ON "tile" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('tile', 'a tile is never deleted');

-- CreateTrigger
CREATE TRIGGER "quarantined_event_delete_refused" BEFORE DELETE ON "quarantined_event" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('quarantined_event', 'a quarantined event is never deleted');

-- CreateTrigger
CREATE TRIGGER "quarantined_event_update_refused" BEFORE UPDATE ON "quarantined_event" FOR EACH ROW
WHEN (OLD."state" <> 'OPEN'
  OR NEW."id" IS DISTINCT FROM OLD."id"
  OR NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."event_id" IS DISTINCT FROM OLD."event_id"
  OR NEW."code" IS DISTINCT FROM OLD."code"
  OR NEW."message" IS DISTINCT FROM OLD."message"
  OR NEW."line" IS DISTINCT FROM OLD."line"
  OR NEW."quarantined_at" IS DISTINCT FROM OLD."quarantined_at")
EXECUTE FUNCTION "refuse_change"('quarantined_event', 'it may be closed once and nothing else may change');

-- CreateTrigger
CREATE TRIGGER "quarantined_event_truncate_refused" BEFORE TRUNCATE ON "quarantined_event" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('quarantined_event', 'a quarantined event is never deleted');

-- Lawful erasure: sets the sections of one record to NULL and changes nothing else; says whether there is such a record.
-- The owner's right, and within the wall: of a ledger that the connection does not see it finds nothing. Not granted to
-- the application's role: it will be with the operation that checks legal holds and records the erasure itself.
CREATE FUNCTION "erase_sections"("of_ledger_no" INTEGER, "of_idx" BIGINT, "erased" TEXT[]) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF erased IS NULL OR cardinality(erased) IS DISTINCT FROM cardinality(array_remove(erased, NULL)) OR cardinality(erased) = 0
        OR NOT erased <@ ARRAY['event', 'actor', 'target', 'context', 'changes', 'details'] THEN
        RAISE EXCEPTION 'no such sections: %', erased USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE record SET
        event = CASE WHEN 'event' = ANY (erased) THEN NULL ELSE event END,
        actor = CASE WHEN 'actor' = ANY (erased) THEN NULL ELSE actor END,
        target = CASE WHEN 'target' = ANY (erased) THEN NULL ELSE target END,
        context = CASE WHEN 'context' = ANY (erased) THEN NULL ELSE context END,
        changes = CASE WHEN 'changes' = ANY (erased) THEN NULL ELSE changes END,
        details = CASE WHEN 'details' = ANY (erased) THEN NULL ELSE details END
    WHERE ledger_no = of_ledger_no AND idx = of_idx;
    RETURN FOUND;
END;
$$;

REVOKE ALL ON FUNCTION "erase_sections"(INTEGER, BIGINT, TEXT[]) FROM PUBLIC;
