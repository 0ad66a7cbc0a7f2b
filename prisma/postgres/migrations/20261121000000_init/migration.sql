-- The same tables as on SQLite, and beside them what many processes on one database need: the queue's payloads, ids
-- that were accepted, and partitions. No foreign keys on the tables that every event goes through: each would look at
-- and lock the ledger's row once an event.

-- CreateTable
CREATE TABLE "ledger" (
    "no" SERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT,
    "origin" TEXT NOT NULL,
    "vkey" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "ledger_pkey" PRIMARY KEY ("no")
);

-- CreateTable
-- Rewritten by every append: room on its page keeps that row's versions there, and out of the index.
CREATE TABLE "head" (
    "ledger_no" INTEGER NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "frontier" BYTEA NOT NULL,
    "prev" BYTEA NOT NULL,
    "recorded_at" BIGINT NOT NULL,

    CONSTRAINT "head_pkey" PRIMARY KEY ("ledger_no")
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- CreateTable
-- A partition holds the records of one ledger from one index to another, so that what a ledger's retention lets go
-- of is whole partitions. See "add_record_partition".
CREATE TABLE "record" (
    "ledger_no" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    "digest" BYTEA NOT NULL,
    "recorded_at" BIGINT NOT NULL,
    "entry" TEXT NOT NULL,
    "leaf_hash" BYTEA NOT NULL,
    "event" BYTEA,
    "actor" BYTEA,
    "target" BYTEA,
    "context" BYTEA,
    "changes" BYTEA,
    "details" BYTEA,

    CONSTRAINT "record_pkey" PRIMARY KEY ("ledger_no", "idx")
) PARTITION BY RANGE ("ledger_no", "idx");

-- CreateTable
-- Ids of all events ever accepted, with the digest of what was sent under them. Unique over all partitions, for ever.
-- "not_before" is the ledger's size when the id came first: its record cannot have a lower index, so whoever looks for it
-- need not look into the partitions before that, however many the ledger has.
CREATE TABLE "idempotency_key" (
    "ledger_no" INTEGER NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    "digest" BYTEA NOT NULL,
    "not_before" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("ledger_no", "event_id")
);

-- CreateTable
CREATE TABLE "tile" (
    "ledger_no" INTEGER NOT NULL,
    "level" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "hashes" BYTEA NOT NULL,

    CONSTRAINT "tile_pkey" PRIMARY KEY ("ledger_no", "level", "idx")
);
-- Hashes do not compress; trying costs time.
ALTER TABLE "tile" ALTER COLUMN "hashes" SET STORAGE EXTERNAL;

-- CreateTable
CREATE TABLE "checkpoint" (
    "ledger_no" INTEGER NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("ledger_no", "size")
);

-- CreateTable
-- What a job of the queue carries: the exact lines of a batch. The job's own JSON could not hold every string, and
-- would be parsed on its way in and out. Compressed (Zstandard, RFC 8878): four fifths less to write twice, to send and
-- to throw away. A row is there exactly as long as its job waits.
CREATE TABLE "batch_payload" (
    "job_id" UUID NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "queued_at" BIGINT NOT NULL,
    "event_count" INTEGER NOT NULL,
    "characters" INTEGER NOT NULL,
    "payload" BYTEA NOT NULL,

    CONSTRAINT "batch_payload_pkey" PRIMARY KEY ("job_id")
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000,
    toast.autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE "batch_payload" ALTER COLUMN "payload" SET STORAGE EXTERNAL;

-- CreateTable
CREATE TABLE "quarantined_event" (
    "id" SERIAL NOT NULL,
    "ledger_no" INTEGER NOT NULL,
    "event_id" TEXT COLLATE "C",
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "quarantined_at" BIGINT NOT NULL,
    "closed_at" BIGINT,
    "closed_by" TEXT,
    "closed_reason" TEXT,

    CONSTRAINT "quarantined_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "token" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "ledgers" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT,
    "revoked_at" BIGINT,

    CONSTRAINT "token_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "ledger_id_key" ON "ledger"("id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_origin_key" ON "ledger"("origin");

-- CreateIndex
CREATE INDEX "batch_payload_ledger_no_idx" ON "batch_payload"("ledger_no");

-- CreateIndex
CREATE INDEX "quarantined_event_state_id_idx" ON "quarantined_event"("state", "id");

-- CreateIndex
CREATE INDEX "quarantined_event_ledger_no_event_id_idx" ON "quarantined_event"("ledger_no", "event_id");

-- CreateIndex
CREATE UNIQUE INDEX "token_secret_hash_key" ON "token"("secret_hash");

-- Makes the partition of one ledger's records from `chunk` * 2^20 on, unless it is there. The owner's right, so that
-- the application's role needs none to change tables. Attached and not created in place: that would lock out every
-- reader and writer of all ledgers.
CREATE FUNCTION "add_record_partition"("of_ledger_no" INTEGER, "chunk" BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    child TEXT := format('record_%s_%s', of_ledger_no, chunk);
BEGIN
    IF of_ledger_no <= 0 OR chunk < 0 THEN RAISE EXCEPTION 'no such partition: %', child; END IF;
    IF to_regclass(format('public.%I', child)) IS NOT NULL THEN RETURN FALSE; END IF;
    -- One at a time a ledger: the second one to come finds it made. It looks into the catalog itself: what
    -- to_regclass said before it remembers, also while it waits.
    PERFORM pg_advisory_xact_lock(1769235564, of_ledger_no);
    IF EXISTS (SELECT FROM pg_class WHERE relname = child AND relnamespace = 'public'::regnamespace) THEN
        RETURN FALSE;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM ledger WHERE no = of_ledger_no) THEN
        RAISE EXCEPTION 'there is no ledger number %', of_ledger_no;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.record INCLUDING STORAGE INCLUDING COMPRESSION)', child);
    EXECUTE format(
        'ALTER TABLE public.record ATTACH PARTITION public.%I FOR VALUES FROM (%s, %s) TO (%s, %s)',
        child, of_ledger_no, chunk * 1048576, of_ledger_no, (chunk + 1) * 1048576
    );
    -- A partition has one ledger only. "record" itself could have no such key: it would need the index in it.
    EXECUTE format('CREATE UNIQUE INDEX %I ON public.%I (event_id)', child || '_event_id_key', child);
    -- The other triggers of "record" came with the attachment; this kind does not.
    EXECUTE format(
        'CREATE TRIGGER record_truncate_refused BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT '
        'EXECUTE FUNCTION public.refuse_change(''record'', ''a record is never deleted'')',
        child
    );
    PERFORM public.grant_partition(child);
    RETURN TRUE;
END;
$$;

-- Lets the application's role, where there is one, insert into a new partition. A partition is written directly:
-- COPY into a table with row-level security is refused. It is read through "record" only.
CREATE FUNCTION "grant_partition"("child" TEXT) RETURNS VOID
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    grantee_name NAME;
BEGIN
    FOR grantee_name IN
        SELECT g.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = 'public.record'::regclass AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner AND g.grantee <> 0
    LOOP
        EXECUTE format('GRANT INSERT ON public.%I TO %s', child, grantee_name);
    END LOOP;
END;
$$;

REVOKE ALL ON FUNCTION "add_record_partition"(INTEGER, BIGINT), "grant_partition"(TEXT) FROM PUBLIC;
