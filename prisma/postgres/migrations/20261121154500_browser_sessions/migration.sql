-- CreateTable
CREATE TABLE "browser_session" (
    "id" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT NOT NULL,

    CONSTRAINT "browser_session_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "browser_session_secret_hash_key" ON "browser_session"("secret_hash");

-- CreateIndex
CREATE INDEX "browser_session_token_hash_created_at_idx" ON "browser_session"("token_hash", "created_at");

-- CreateIndex
CREATE INDEX "browser_session_expires_at_idx" ON "browser_session"("expires_at");

-- As tokens: read before it is known for whom, and behind the wall where the connection sees some ledgers only.
ALTER TABLE "browser_session" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "ledger_wall" ON "browser_session"
USING (coalesce(current_setting('indelible.ledgers', true), '') IN ('', '*'));

-- In a database that is in use already, whoever records may use it from now on, too.
DO $$
DECLARE
    grantee_name TEXT;
BEGIN
    FOR grantee_name IN
        SELECT g.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.oid = 'public.record'::regclass AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner AND g.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.browser_session TO %s', grantee_name);
    END LOOP;
END;
$$;
