/** Who runs: the name of a broker process that tells one of its runs from the next. */

/** One run of a broker node. */
export interface NodeRef {
  /** The node; the same after a restart. 1 to 256 bytes of UTF-8. */
  readonly id: string;
  /** The run. Compares (`<`) greater than every earlier run of the same node. */
  readonly incarnation: string;
}
