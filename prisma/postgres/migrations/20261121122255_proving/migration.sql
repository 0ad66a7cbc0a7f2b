-- CreateTable
CREATE TABLE "job" (
    "id" TEXT NOT NULL,
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
    "claimed_until" BIGINT,

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
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

    CONSTRAINT "cosignature_pkey" PRIMARY KEY ("ledger_no","size","witness","key_id")
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

    CONSTRAINT "witness_standing_pkey" PRIMARY KEY ("ledger_no","witness")
);

-- CreateTable
CREATE TABLE "witnessed_checkpoint" (
    "origin" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "updated_at" BIGINT NOT NULL,

    CONSTRAINT "witnessed_checkpoint_pkey" PRIMARY KEY ("origin")
);

-- CreateTable
CREATE TABLE "erasure" (
    "id" TEXT NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "sections" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "requested_at" BIGINT NOT NULL,
    "applied_at" BIGINT,
    "scrubbed_at" BIGINT,

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "job_ledger_no_kind_created_at_idx" ON "job"("ledger_no", "kind", "created_at");

-- CreateIndex
CREATE INDEX "job_state_created_at_idx" ON "job"("state", "created_at");

-- CreateIndex
CREATE INDEX "erasure_ledger_no_idx_idx" ON "erasure"("ledger_no", "idx");

-- Behind the same wall as the records.
ALTER TABLE "job" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "job"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "cosignature" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "cosignature"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "witness_standing" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "witness_standing"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "erasure" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "erasure"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

-- Checkpoints of foreign logs belong to no ledger here: only a connection that sees all ledgers sees them.
ALTER TABLE "witnessed_checkpoint" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "witnessed_checkpoint" USING ((SELECT visible_ledgers()) IS NULL);

-- What witnesses signed stays; what a witness saw only grows; what was erased stays erased, and noted.

-- CreateTrigger
CREATE TRIGGER "cosignature_change_refused" BEFORE UPDATE OR DELETE ON "cosignature" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('cosignature', 'a cosignature never changes');

-- CreateTrigger
CREATE TRIGGER "cosignature_truncate_refused" BEFORE TRUNCATE ON "cosignature" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('cosignature', 'a cosignature is never deleted');

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_delete_refused" BEFORE DELETE ON "witnessed_checkpoint" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('witnessed_checkpoint', 'what was witnessed is never forgotten');

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_update_refused" BEFORE UPDATE ON "witnessed_checkpoint" FOR EACH ROW
WHEN (NEW."origin" IS DISTINCT FROM OLD."origin"
  OR NEW."size" < OLD."size"
  OR (NEW."size" = OLD."size" AND NEW."root" IS DISTINCT FROM OLD."root"))
EXECUTE FUNCTION "refuse_change"('witnessed_checkpoint', 'a witnessed log only grows');

-- CreateTrigger
CREATE TRIGGER "witnessed_checkpoint_truncate_refused" BEFORE TRUNCATE ON "witnessed_checkpoint" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('witnessed_checkpoint', 'what was witnessed is never forgotten');

-- CreateTrigger
CREATE TRIGGER "erasure_delete_refused" BEFORE DELETE ON "erasure" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('erasure', 'an erasure stays noted');

-- CreateTrigger
CREATE TRIGGER "erasure_update_refused" BEFORE UPDATE ON "erasure" FOR EACH ROW
WHEN (NEW."id" IS DISTINCT FROM OLD."id"
  OR NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."idx" IS DISTINCT FROM OLD."idx"
  OR NEW."sections" IS DISTINCT FROM OLD."sections"
  OR NEW."requested_by" IS DISTINCT FROM OLD."requested_by"
  OR NEW."event" IS DISTINCT FROM OLD."event"
  OR NEW."requested_at" IS DISTINCT FROM OLD."requested_at"
  OR (OLD."applied_at" IS NOT NULL AND NEW."applied_at" IS DISTINCT FROM OLD."applied_at")
  OR (OLD."scrubbed_at" IS NOT NULL AND NEW."scrubbed_at" IS DISTINCT FROM OLD."scrubbed_at"))
EXECUTE FUNCTION "refuse_change"('erasure', 'it is carried out once and nothing else may change');

-- CreateTrigger
CREATE TRIGGER "erasure_truncate_refused" BEFORE TRUNCATE ON "erasure" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_change"('erasure', 'an erasure stays noted');

-- The digest of an event is over all its content: with a section erased it would let one guess what was in it. So
-- erasure sets it to zeros, in the record and beside the id.
CREATE OR REPLACE TRIGGER "record_update_refused" BEFORE UPDATE ON "record" FOR EACH ROW
WHEN (NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."idx" IS DISTINCT FROM OLD."idx"
  OR NEW."event_id" IS DISTINCT FROM OLD."event_id"
  OR (NEW."digest" IS DISTINCT FROM decode(repeat('00', 32), 'hex') AND NEW."digest" IS DISTINCT FROM OLD."digest")
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

DROP TRIGGER "idempotency_key_change_refused" ON "idempotency_key";

-- CreateTrigger
CREATE TRIGGER "idempotency_key_delete_refused" BEFORE DELETE ON "idempotency_key" FOR EACH ROW
EXECUTE FUNCTION "refuse_change"('idempotency_key', 'an id stays known for ever');

-- CreateTrigger
CREATE TRIGGER "idempotency_key_update_refused" BEFORE UPDATE ON "idempotency_key" FOR EACH ROW
WHEN (NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."event_id" IS DISTINCT FROM OLD."event_id"
  OR NEW."not_before" IS DISTINCT FROM OLD."not_before"
  OR NEW."digest" IS DISTINCT FROM decode(repeat('00', 32), 'hex'))
EXECUTE FUNCTION "refuse_change"('idempotency_key', 'an id stays known for ever');

-- Lawful erasure: carries out what is noted in "erasure" and nothing else; again is no harm. The owner's right, and
-- within the wall: of a ledger that the connection does not see it finds nothing.
DROP FUNCTION "erase_sections"(INTEGER, BIGINT, TEXT[]);

CREATE FUNCTION "apply_erasure"("of_id" TEXT, "at_ms" BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    noted erasure%ROWTYPE;
    erased TEXT[];
    erased_event_id TEXT;
BEGIN
    SELECT * INTO noted FROM erasure WHERE id = of_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    erased := string_to_array(noted.sections, ',');
    IF cardinality(erased) = 0 OR NOT erased <@ ARRAY['event', 'actor', 'target', 'context', 'changes', 'details'] THEN
        RAISE EXCEPTION 'no such sections: %', erased USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE record SET
        event = CASE WHEN 'event' = ANY (erased) THEN NULL ELSE event END,
        actor = CASE WHEN 'actor' = ANY (erased) THEN NULL ELSE actor END,
        target = CASE WHEN 'target' = ANY (erased) THEN NULL ELSE target END,
        context = CASE WHEN 'context' = ANY (erased) THEN NULL ELSE context END,
        changes = CASE WHEN 'changes' = ANY (erased) THEN NULL ELSE changes END,
        details = CASE WHEN 'details' = ANY (erased) THEN NULL ELSE details END,
        digest = decode(repeat('00', 32), 'hex')
    WHERE ledger_no = noted.ledger_no AND idx = noted.idx
    RETURNING event_id INTO erased_event_id;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    UPDATE idempotency_key SET digest = decode(repeat('00', 32), 'hex')
    WHERE ledger_no = noted.ledger_no AND event_id = erased_event_id;
    UPDATE erasure SET applied_at = at_ms WHERE id = of_id AND applied_at IS NULL;
    RETURN TRUE;
END;
$$;

REVOKE ALL ON FUNCTION "apply_erasure"(TEXT, BIGINT) FROM PUBLIC;

-- In a database that is in use already, whoever records may use these from now on, too.
DO $$
DECLARE
    grantee_name TEXT;
BEGIN
    FOR grantee_name IN
        SELECT g.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = 'public.record'::regclass AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner AND g.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.job TO %s', grantee_name);
        EXECUTE format('GRANT SELECT, INSERT ON public.cosignature TO %s', grantee_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.witness_standing, public.witnessed_checkpoint, public.erasure TO %s', grantee_name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.apply_erasure(TEXT, BIGINT) TO %s', grantee_name);
    END LOOP;
END;
$$;
