-- Quarantine may hold the line of an event that was recorded later: erasure of that record empties the line too,
-- open or closed. Nothing else may.

CREATE OR REPLACE TRIGGER "quarantined_event_update_refused" BEFORE UPDATE ON "quarantined_event" FOR EACH ROW
WHEN (NEW."id" IS DISTINCT FROM OLD."id"
  OR NEW."ledger_no" IS DISTINCT FROM OLD."ledger_no"
  OR NEW."event_id" IS DISTINCT FROM OLD."event_id"
  OR NEW."code" IS DISTINCT FROM OLD."code"
  OR NEW."message" IS DISTINCT FROM OLD."message"
  OR NEW."quarantined_at" IS DISTINCT FROM OLD."quarantined_at"
  OR (NEW."line" IS DISTINCT FROM OLD."line" AND NEW."line" IS DISTINCT FROM '')
  OR (OLD."state" <> 'OPEN' AND (NEW."line" IS NOT DISTINCT FROM OLD."line"
    OR NEW."state" IS DISTINCT FROM OLD."state"
    OR NEW."closed_at" IS DISTINCT FROM OLD."closed_at"
    OR NEW."closed_by" IS DISTINCT FROM OLD."closed_by"
    OR NEW."closed_reason" IS DISTINCT FROM OLD."closed_reason")))
EXECUTE FUNCTION "refuse_change"('quarantined_event', 'it may be closed once, its line erased with its record, and nothing else may change');

-- A condition of a trigger may not look into other tables.
CREATE FUNCTION "refuse_unnoted_erasure"() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM erasure e JOIN record r ON r.ledger_no = e.ledger_no AND r.idx = e.idx
        WHERE e.ledger_no = OLD.ledger_no AND r.event_id = OLD.event_id
    ) THEN
        RAISE EXCEPTION 'quarantined_event is append-only: no erasure of its record is noted'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- CreateTrigger
CREATE TRIGGER "quarantined_event_unnoted_erasure_refused" BEFORE UPDATE ON "quarantined_event" FOR EACH ROW
WHEN (NEW."line" IS DISTINCT FROM OLD."line") EXECUTE FUNCTION "refuse_unnoted_erasure"();

-- As before, and with it the lines in quarantine that have the same content: their digest is that of the event. An
-- event under the same id with other content is another one, and stays.
CREATE OR REPLACE FUNCTION "apply_erasure"("of_id" TEXT, "at_ms" BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    noted erasure%ROWTYPE;
    erased TEXT[];
    before record%ROWTYPE;
BEGIN
    SELECT * INTO noted FROM erasure WHERE id = of_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    erased := string_to_array(noted.sections, ',');
    IF cardinality(erased) = 0 OR NOT erased <@ ARRAY['event', 'actor', 'target', 'context', 'changes', 'details'] THEN
        RAISE EXCEPTION 'no such sections: %', erased USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO before FROM record WHERE ledger_no = noted.ledger_no AND idx = noted.idx FOR UPDATE;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    UPDATE quarantined_event SET
        line = '',
        closed_at = CASE WHEN state = 'OPEN' THEN at_ms ELSE closed_at END,
        closed_by = CASE WHEN state = 'OPEN' THEN noted.requested_by ELSE closed_by END,
        closed_reason = CASE WHEN state = 'OPEN' THEN 'erased with its record' ELSE closed_reason END,
        state = CASE WHEN state = 'OPEN' THEN 'DISCARDED' ELSE state END
    WHERE ledger_no = noted.ledger_no AND event_id = before.event_id
      AND left(line, 45) = encode(before.digest, 'base64') || chr(9);
    UPDATE record SET
        event = CASE WHEN 'event' = ANY (erased) THEN NULL ELSE event END,
        actor = CASE WHEN 'actor' = ANY (erased) THEN NULL ELSE actor END,
        target = CASE WHEN 'target' = ANY (erased) THEN NULL ELSE target END,
        context = CASE WHEN 'context' = ANY (erased) THEN NULL ELSE context END,
        changes = CASE WHEN 'changes' = ANY (erased) THEN NULL ELSE changes END,
        details = CASE WHEN 'details' = ANY (erased) THEN NULL ELSE details END,
        digest = decode(repeat('00', 32), 'hex')
    WHERE ledger_no = noted.ledger_no AND idx = noted.idx;
    UPDATE idempotency_key SET digest = decode(repeat('00', 32), 'hex')
    WHERE ledger_no = noted.ledger_no AND event_id = before.event_id;
    UPDATE erasure SET applied_at = at_ms WHERE id = of_id AND applied_at IS NULL;
    RETURN TRUE;
END;
$$;
