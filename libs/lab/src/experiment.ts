import type { Json } from '@banyan/sansio';
import type { EChartsOption } from 'echarts';
import type { Options, Values } from './cli/options.ts';
import type { Progress } from './report/progress.ts';
import type { Table } from './report/table.ts';

/** What a run gives: figures for the file, tables for the reader, and the truths that did not hold. */
export interface Outcome {
  readonly parameters: Json;
  readonly results: Json;
  readonly tables: readonly Table[];
  /** One remark a line, below the tables. */
  readonly remarks: readonly string[];
  readonly plot?: EChartsOption;
  /** Sentences; any makes the command exit with 1. */
  readonly failures: readonly string[];
}

/** One command of the lab. It reads its options, runs to its end, and neither prints nor writes. */
export interface Experiment<O extends Options = Options> {
  readonly name: string;
  /** For help: what it finds out. */
  readonly summary: string;
  readonly options: O;
  /** Names of words that follow the experiment's name. */
  readonly operands: readonly string[];
  run(values: Values<O>, operands: readonly string[], progress: Progress): Outcome | Promise<Outcome>;
}
