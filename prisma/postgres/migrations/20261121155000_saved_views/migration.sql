-- CreateTable
CREATE TABLE "saved_view" (
    "id" TEXT NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "parameters" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "saved_view_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "saved_view_ledger_no_created_by_name_key" ON "saved_view"("ledger_no", "created_by", "name");

-- CreateIndex
CREATE INDEX "quarantined_event_ledger_no_state_id_idx" ON "quarantined_event"("ledger_no", "state", "id");

-- Behind the same wall as the records.
ALTER TABLE "saved_view" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "saved_view"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

-- In a database that is in use already, whoever records may use it from now on, too.
DO $$
DECLARE
    grantee_name TEXT;
BEGIN
    FOR grantee_name IN
        SELECT g.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = 'public.record'::regclass AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner AND g.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.saved_view TO %s', grantee_name);
    END LOOP;
END;
$$;
