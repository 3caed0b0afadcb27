/** Someone who may ask for tokens. */
export interface SubjectRecord {
  /** The `sub` of its tokens. */
  readonly subject: string;
  /** See `hashSecret`. */
  readonly secretHash: string;
  /** Scopes that its tokens may carry. */
  readonly scopes: readonly string[];
}

/** Who may ask for tokens. Every method is one transaction; rejects with DatabaseError only. */
export interface SubjectStore {
  /** Keeps a subject; one of the same name is replaced. */
  put(subject: SubjectRecord): Promise<void>;
  find(subject: string): Promise<SubjectRecord | undefined>;
  /** False: there was none. */
  remove(subject: string): Promise<boolean>;
}
