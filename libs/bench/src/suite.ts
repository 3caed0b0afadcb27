/** A number or a word given on the command line, with what it is when not given. */
export interface NumberOption {
  readonly kind: 'number';
  readonly describe: string;
  readonly default: number;
  readonly min: number;
}

/** One of a few words. */
export interface ChoiceOption {
  readonly kind: 'choice';
  readonly describe: string;
  readonly default: string;
  readonly choices: readonly string[];
}

/** Some of a few words, given with commas between them, or `none`. */
export interface ListOption {
  readonly kind: 'list';
  readonly describe: string;
  readonly default: readonly string[];
  readonly choices: readonly string[];
}

/** The options of a suite, by flag name. */
export type Options = Readonly<Record<string, NumberOption | ChoiceOption | ListOption>>;

/** What parsing gives for each option. */
export type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends NumberOption ? number : O[Name] extends ListOption ? readonly string[] : string };

/** What a run gives: figures for the file, a table for the reader, sentences for what did not hold. */
export interface Outcome {
  readonly results: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** One remark a line, below the table. */
  readonly remarks: readonly string[];
  /** Any makes the command exit with 1. */
  readonly failures: readonly string[];
  /** Of all processes together, from the start of the first to the end. */
  readonly cpuSeconds: number;
  /** Of the largest process. */
  readonly peakRssBytes: number;
}

/** One command of the bench: real processes, real sockets, one machine. */
export interface Suite<O extends Options = Options> {
  readonly name: string;
  /** For help: what it measures. */
  readonly summary: string;
  readonly options: O;
  /** Runs to its end; `say` tells a waiting person how far it is. */
  run(values: Values<O>, say: (progress: string) => void): Promise<Outcome>;
}
