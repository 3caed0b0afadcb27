/** One page of the console. */
export interface View {
  readonly element: HTMLElement;
  /** What it follows. */
  topics(): readonly string[];
  /** Draws what the store holds now. */
  draw(): void;
}
