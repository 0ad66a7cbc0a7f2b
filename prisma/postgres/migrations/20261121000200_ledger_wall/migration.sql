-- A second wall between ledgers, behind the one in the API: a connection sees only the ledgers that the setting
-- indelible.ledgers names: `*` for all, or ledger numbers with commas between. Where it is not set, none. FORCE makes
-- it hold for the tables' owner too; only a superuser and a role with BYPASSRLS walk past it. The sub-select is
-- evaluated once a statement, not once a row.

CREATE FUNCTION "visible_ledgers"() RETURNS INTEGER[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('indelible.ledgers', true) = '*' THEN NULL
    ELSE string_to_array(coalesce(current_setting('indelible.ledgers', true), ''), ',')::INTEGER[] END
$$;

ALTER TABLE "head" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "head"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "record" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "record"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "idempotency_key" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "idempotency_key"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "tile" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "tile"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "checkpoint" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "checkpoint"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "batch_payload" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "batch_payload"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "quarantined_event" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "quarantined_event"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

-- The next two are read before it is known for whom, so they are whole where the setting is not set. Where it names
-- ledgers, the others' names are behind the wall too, and tokens altogether.
ALTER TABLE "ledger" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "ledger"
USING (coalesce(current_setting('indelible.ledgers', true), '') IN ('', '*')
    OR "no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "token" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "token" USING (coalesce(current_setting('indelible.ledgers', true), '') IN ('', '*'));
