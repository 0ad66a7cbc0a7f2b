-- CreateTable
CREATE TABLE "saved_view" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "ledger_no" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "parameters" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "saved_view_ledger_no_created_by_name_key" ON "saved_view"("ledger_no", "created_by", "name");

-- CreateIndex
CREATE INDEX "quarantined_event_ledger_no_state_id_idx" ON "quarantined_event"("ledger_no", "state", "id");
