/** A view of a ledger that someone saved for all who read it. */
export interface SavedView {
  /** UUIDv7. */
  readonly id: string;
  readonly ledgerNo: number;
  readonly name: string;
  /** The view as parameters of the page's address. */
  readonly parameters: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Id of the token that saved it. */
  readonly createdBy: string;
}

/**
 * Saved views. They are no evidence: they can be replaced and deleted. Errors of all: STORAGE_UNAVAILABLE.
 */
export interface ViewStore {
  /**
   * Saves a view. One of the same ledger, name and token keeps its id and becomes this one. Durable when this
   * resolves. Concurrency: of two who save under one name at once one view is left.
   *
   * @returns the view as it is stored
   * @throws AppError VIEWS_FULL where the ledger has VIEWS_MAX already and this would be one more
   */
  save(view: SavedView): Promise<SavedView>;
  find(id: string): Promise<SavedView | null>;
  /** Deletes it, durably; `false` where it is not there. */
  delete(id: string): Promise<boolean>;
}

/** Most views of one ledger. */
export const VIEWS_MAX = 500;
