-- CreateTable
CREATE TABLE "browser_session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secret_hash" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "browser_session_secret_hash_key" ON "browser_session"("secret_hash");

-- CreateIndex
CREATE INDEX "browser_session_token_hash_created_at_idx" ON "browser_session"("token_hash", "created_at");

-- CreateIndex
CREATE INDEX "browser_session_expires_at_idx" ON "browser_session"("expires_at");
