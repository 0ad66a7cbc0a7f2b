/** A file that is read in parts: a browser's `File`, or one that the desktop app reads. */
export interface EvidenceFile {
  readonly name: string;
  readonly size: number;
  /**
   * The bytes from `from` up to `to`, as far as the file goes. Reading rejects where the file cannot be read.
   */
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
}
