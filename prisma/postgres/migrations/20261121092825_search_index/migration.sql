-- The search index: derived from the records, and made anew from them whenever it is lost. A segment covers neighbouring
-- records of one ledger and is kept as pages of bytes that nobody but the application reads.

-- CreateTable
CREATE TABLE "index_segment" (
    "id" BIGSERIAL NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "from_idx" BIGINT NOT NULL,
    "to_idx" BIGINT NOT NULL,
    "byte_count" BIGINT NOT NULL,

    CONSTRAINT "index_segment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
-- A page of up to 8,112 bytes stays in its row, one row to a block: read in half the time that it takes from beside the
-- table. It is compact already, so nothing is tried to compress it. Segments at a ledger's end are replaced by longer
-- ones: their room is to be used again soon, and not given back, which would lock out readers. The planner needs to know
-- little of this table, and its usual sample would be some hundred MiB.
CREATE TABLE "index_page" (
    "ledger_no" INTEGER NOT NULL,
    "segment_id" BIGINT NOT NULL,
    "page" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "index_page_pkey" PRIMARY KEY ("ledger_no", "segment_id", "page")
) WITH (
    toast_tuple_target = 8160, vacuum_truncate = false,
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE "index_page" ALTER COLUMN "bytes" SET STORAGE EXTERNAL, ALTER COLUMN "bytes" SET STATISTICS 0,
    ALTER COLUMN "ledger_no" SET STATISTICS 10, ALTER COLUMN "segment_id" SET STATISTICS 10,
    ALTER COLUMN "page" SET STATISTICS 10;

-- CreateIndex
CREATE UNIQUE INDEX "index_segment_ledger_no_from_idx_key" ON "index_segment"("ledger_no", "from_idx");

-- An index holds content: the wall stands before it as before the records.
ALTER TABLE "index_segment" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "index_segment"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

ALTER TABLE "index_page" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "index_page"
USING ((SELECT visible_ledgers()) IS NULL OR "ledger_no" = ANY ((SELECT visible_ledgers())::INTEGER[]));

-- In a database that is in use already, whoever records may use these from now on, too.
DO $$
DECLARE
    grantee_name TEXT;
BEGIN
    FOR grantee_name IN
        SELECT g.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = 'public.record'::regclass AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner AND g.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON public.index_segment, public.index_page TO %s', grantee_name);
        EXECUTE format('GRANT USAGE ON SEQUENCE public.index_segment_id_seq TO %s', grantee_name);
    END LOOP;
END;
$$;
