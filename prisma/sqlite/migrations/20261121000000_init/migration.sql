-- CreateTable
CREATE TABLE "ledger" (
    "no" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "name" TEXT,
    "origin" TEXT NOT NULL,
    "vkey" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "head" (
    "ledger_no" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "size" BIGINT NOT NULL,
    "root" BLOB NOT NULL,
    "frontier" BLOB NOT NULL,
    "prev" BLOB NOT NULL,
    "recorded_at" BIGINT NOT NULL,
    CONSTRAINT "head_ledger_no_fkey" FOREIGN KEY ("ledger_no") REFERENCES "ledger" ("no") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "record" (
    "ledger_no" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "event_id" TEXT NOT NULL,
    "digest" BLOB NOT NULL,
    "recorded_at" BIGINT NOT NULL,
    "entry" TEXT NOT NULL,
    "leaf_hash" BLOB NOT NULL,
    "event" BLOB,
    "actor" BLOB,
    "target" BLOB,
    "context" BLOB,
    "changes" BLOB,
    "details" BLOB,

    PRIMARY KEY ("ledger_no", "idx"),
    CONSTRAINT "record_ledger_no_fkey" FOREIGN KEY ("ledger_no") REFERENCES "ledger" ("no") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "tile" (
    "ledger_no" INTEGER NOT NULL,
    "level" INTEGER NOT NULL,
    "idx" BIGINT NOT NULL,
    "hashes" BLOB NOT NULL,

    PRIMARY KEY ("ledger_no", "level", "idx")
);

-- CreateTable
CREATE TABLE "checkpoint" (
    "ledger_no" INTEGER NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BLOB NOT NULL,
    "note" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,

    PRIMARY KEY ("ledger_no", "size"),
    CONSTRAINT "checkpoint_ledger_no_fkey" FOREIGN KEY ("ledger_no") REFERENCES "ledger" ("no") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "batch" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "ledger_no" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "available_at" BIGINT NOT NULL,
    "leased_by" TEXT,
    "last_error" TEXT,
    "queued_at" BIGINT NOT NULL,
    "event_count" INTEGER NOT NULL,
    "payload" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "quarantined_event" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "ledger_no" INTEGER NOT NULL,
    "event_id" TEXT,
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "quarantined_at" BIGINT NOT NULL,
    "closed_at" BIGINT,
    "closed_by" TEXT,
    "closed_reason" TEXT,
    CONSTRAINT "quarantined_event_ledger_no_fkey" FOREIGN KEY ("ledger_no") REFERENCES "ledger" ("no") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "token" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "ledgers" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT,
    "revoked_at" BIGINT
);

-- CreateIndex
CREATE UNIQUE INDEX "ledger_id_key" ON "ledger"("id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_origin_key" ON "ledger"("origin");

-- CreateIndex
CREATE UNIQUE INDEX "record_ledger_no_event_id_key" ON "record"("ledger_no", "event_id");

-- CreateIndex
CREATE INDEX "batch_ledger_no_id_idx" ON "batch"("ledger_no", "id");

-- CreateIndex
CREATE INDEX "quarantined_event_state_id_idx" ON "quarantined_event"("state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "token_secret_hash_key" ON "token"("secret_hash");
