-- Quarantine may hold the line of an event that was recorded later: erasure of that record empties the line too,
-- open or closed. Nothing else may.
DROP TRIGGER "quarantined_event_update_refused";

-- CreateTrigger
CREATE TRIGGER "quarantined_event_update_refused" BEFORE UPDATE ON "quarantined_event"
WHEN NEW."id" IS NOT OLD."id"
  OR NEW."ledger_no" IS NOT OLD."ledger_no"
  OR NEW."event_id" IS NOT OLD."event_id"
  OR NEW."code" IS NOT OLD."code"
  OR NEW."message" IS NOT OLD."message"
  OR NEW."quarantined_at" IS NOT OLD."quarantined_at"
  OR (OLD."state" <> 'OPEN' AND (NEW."line" IS OLD."line"
    OR NEW."state" IS NOT OLD."state"
    OR NEW."closed_at" IS NOT OLD."closed_at"
    OR NEW."closed_by" IS NOT OLD."closed_by"
    OR NEW."closed_reason" IS NOT OLD."closed_reason"))
  OR (NEW."line" IS NOT OLD."line" AND (NEW."line" IS NOT '' OR NOT EXISTS (
    SELECT 1 FROM "record" JOIN "erasure" ON "erasure"."ledger_no" = "record"."ledger_no"
      AND "erasure"."idx" = "record"."idx"
    WHERE "record"."ledger_no" = OLD."ledger_no" AND "record"."event_id" = OLD."event_id")))
BEGIN
    SELECT RAISE(ABORT, 'quarantined_event is append-only: it may be closed once, its line erased with its record, and nothing else may change');
END;
